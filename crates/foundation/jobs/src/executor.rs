//! Takes a job and runs it: one at a time per slot, with a lease that is kept alive, and an ending that is written
//! down whatever happens.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use telemetry::SPANS;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::backoff::{Backoff, chance};
use crate::job::{Job, JobContext, JobError, JobOutcome};
use crate::store::{ClaimedJob, Ending, JobStore, Lease, Selection};

/// How often an ending is tried to be written down before the lease is left to run out.
const ENDING_PAUSE: Duration = Duration::from_millis(250);

/// What every way of finding a job (Redis, the scan) hands it to.
pub(crate) struct Executor {
    pub(crate) store: Arc<dyn JobStore>,
    pub(crate) jobs: BTreeMap<&'static str, Arc<dyn Job>>,
    pub(crate) kinds: Vec<&'static str>,
    pub(crate) lease: Lease,
    pub(crate) backoff: Backoff,
    /// One permit for each job that may run at once.
    pub(crate) slots: Arc<Semaphore>,
    /// The place for a job that has ended with a worker before: one at a time, so that the one that kills workers
    /// doesn't take the innocent ones down with it again and again.
    pub(crate) quarantine: Arc<Semaphore>,
    /// Told when a slot becomes free.
    pub(crate) freed: Notify,
    /// The worker was asked to stop: nothing more is taken.
    pub(crate) stopping: CancellationToken,
    /// The grace period is over: what still runs is ended.
    pub(crate) grace_over: CancellationToken,
    pub(crate) running: TaskTracker,
}

impl Executor {
    /// Takes the job that Redis told of, as soon as there is a slot.
    pub(crate) async fn take_offered(self: &Arc<Self>, selection: Selection) {
        let permit = tokio::select! {
            permit = Arc::clone(&self.slots).acquire_owned() => permit,
            () = self.stopping.cancelled() => return,
        };
        if let Ok(permit) = permit {
            drop(self.spawn(selection, permit));
        }
    }

    /// Takes jobs as long as there are some and slots for them.
    pub(crate) async fn take_waiting(self: &Arc<Self>, selection: Selection) {
        let places = if selection == Selection::Suspect { &self.quarantine } else { &self.slots };
        while !self.stopping.is_cancelled() {
            let Ok(permit) = Arc::clone(places).try_acquire_owned() else { return };
            if !self.spawn(selection, permit).await {
                return;
            }
        }
    }

    /// Claims and runs in a task of its own, so that nobody who stops waiting can leave a claimed job without a
    /// runner. Answers whether there was a job.
    fn spawn(
        self: &Arc<Self>,
        selection: Selection,
        permit: OwnedSemaphorePermit,
    ) -> impl Future<Output = bool> + use<> {
        let executor = Arc::clone(self);
        let (claimed, answer) = tokio::sync::oneshot::channel();
        self.running.spawn(async move {
            let job = match executor.store.claim(selection, &executor.kinds, &executor.lease).await {
                Ok(job) => job,
                Err(error) => {
                    tracing::warn!(%error, "a job could not be taken");
                    None
                }
            };
            // Nobody may be waiting for the answer; that is fine.
            let _ = claimed.send(job.is_some());
            if let Some(job) = job {
                executor.run(job).await;
                drop(permit);
                executor.freed.notify_one();
            }
        });
        async move { answer.await.unwrap_or(false) }
    }

    async fn run(self: &Arc<Self>, claimed: ClaimedJob) {
        let Some(job) = self.jobs.get(claimed.kind.as_str()).map(Arc::clone) else { return };
        let context = JobContext {
            id: claimed.id,
            attempt: claimed.attempt,
            max_attempts: claimed.max_attempts,
            stopping: self.stopping.clone(),
        };
        let payload = claimed.payload.clone();
        // A task of its own turns a panic into an error that we can count.
        let mut running: JoinHandle<_> = {
            let span =
                tracing::trace_span!(target: SPANS, "job", job.kind = %claimed.kind, job.id = %claimed.id);
            tokio::spawn(async move { job.run(payload, &context).await }.instrument(span))
        };
        let result = tokio::select! {
            result = &mut running => result,
            () = self.keep_lease(&claimed) => {
                tracing::error!(job = %claimed.id, kind = claimed.kind, "the lease was lost: the job is stopped here");
                running.abort();
                let _ = running.await;
                return;
            }
            () = self.grace_over.cancelled() => {
                running.abort();
                running.await
            }
        };
        let ending = self.ending(&claimed, result);
        self.write_ending(&claimed, &ending).await;
    }

    /// Returns when the lease is lost, or may be.
    async fn keep_lease(&self, claimed: &ClaimedJob) {
        let mut alive = Instant::now();
        loop {
            sleep(self.lease.length / 3).await;
            let asked = Instant::now();
            match timeout(self.lease.length / 3, self.store.extend(claimed.id, &self.lease)).await {
                Ok(Ok(true)) => alive = asked,
                Ok(Ok(false)) => return,
                Ok(Err(_)) | Err(_) if alive.elapsed() + self.lease.length / 3 < self.lease.length => {}
                Ok(Err(_)) | Err(_) => return,
            }
        }
    }

    fn ending(
        &self,
        claimed: &ClaimedJob,
        result: Result<Result<JobOutcome, JobError>, JoinError>,
    ) -> Ending {
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(error) if error.is_cancelled() => Err(JobError::Interrupted),
            Err(error) => Err(JobError::Retry(format!("the job panicked: {}", panic_message(error)))),
        };
        match outcome {
            Ok(JobOutcome::Done) => Ending::Succeeded,
            Ok(JobOutcome::Later(pause)) => Ending::Again { pause },
            Err(JobError::Interrupted) if self.stopping.is_cancelled() => {
                Ending::Again { pause: Duration::ZERO }
            }
            Err(JobError::Interrupted) => Ending::Again { pause: self.backoff.first },
            Err(JobError::Permanent(error)) => Ending::Dead { error },
            Err(JobError::Retry(error)) if claimed.attempt >= claimed.max_attempts => Ending::Dead { error },
            Err(JobError::Retry(error)) => {
                let failures = u32::try_from(claimed.attempt).unwrap_or(1);
                Ending::Retry { pause: self.backoff.pause(failures, chance()), error }
            }
        }
    }

    /// Tries until it is written or the lease may have run out; then the scan takes the job back.
    async fn write_ending(&self, claimed: &ClaimedJob, ending: &Ending) {
        match ending {
            Ending::Dead { error } => {
                tracing::error!(job = %claimed.id, kind = claimed.kind, attempt = claimed.attempt, error, "job is dead");
            }
            Ending::Retry { error, pause } => tracing::warn!(
                job = %claimed.id, kind = claimed.kind, attempt = claimed.attempt, error, ?pause, "job failed, will retry"
            ),
            Ending::Succeeded | Ending::Again { .. } => {
                tracing::debug!(job = %claimed.id, kind = claimed.kind, ?ending, "job ended");
            }
        }
        let deadline = Instant::now() + self.lease.length;
        loop {
            match self.store.end(claimed.id, &self.lease, ending).await {
                Ok(true) => return,
                Ok(false) => {
                    tracing::warn!(job = %claimed.id, kind = claimed.kind, "the lease was lost before the ending was written");
                    return;
                }
                Err(error) if Instant::now() < deadline => {
                    tracing::warn!(job = %claimed.id, kind = claimed.kind, %error, "a job's ending is not written yet");
                    sleep(ENDING_PAUSE).await;
                }
                Err(error) => {
                    tracing::error!(job = %claimed.id, kind = claimed.kind, %error, "a job's ending could not be written");
                    return;
                }
            }
        }
    }
}

fn panic_message(error: JoinError) -> String {
    let Ok(panic) = error.try_into_panic() else { return "without a message".to_owned() };
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}
