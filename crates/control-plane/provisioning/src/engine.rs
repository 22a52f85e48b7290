//! The engine: takes up operations, runs their steps under a lease, and writes down what became of each.
//!
//! A notification is the fast way in, the scan the safety net; both call [`Engine::work_off`].

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant};

use catalog::operations::{self, Operation, OperationIntent};
use catalog::{Catalog, CatalogError};
use domain::{OperationId, OperationKind, OperationStatus, StepStatus};
use secrets::KeyRing;
use telemetry::SPANS;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::backend::{BackendError, Observed, Provisioner};
use crate::error::StepError;
use crate::plan::{Intent, Plan, Step, plan};
use crate::restore::Restorer;

/// The kind of the job that wakes an engine: written with every operation, in the same transaction.
pub const NUDGE_KIND: &str = "provisioning_nudge";

/// How the engine works.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Names this worker in leases: host, process and a random part.
    pub worker: String,
    /// The host that is written into the catalog for instances of this backend.
    pub host: String,
    /// The ports that instances may have; the lowest free one is taken.
    pub ports: RangeInclusive<u16>,
    /// How many operations run at once. Making an instance is bound by the disk and the processor: two a core is
    /// as fast as it gets.
    pub concurrency: usize,
    /// How long an operation is ours without a sign of life. A crashed worker's operation waits this long.
    pub lease: Duration,
    /// How often the catalog is asked for due operations when no notification comes.
    pub scan_every: Duration,
}

impl EngineConfig {
    /// Sensible values for a worker of this name.
    #[must_use]
    pub fn new(worker: String, ports: RangeInclusive<u16>) -> Self {
        Self {
            worker,
            host: "localhost".to_owned(),
            ports,
            concurrency: 4,
            lease: Duration::from_secs(10),
            scan_every: Duration::from_secs(2),
        }
    }
}

/// Brings operations to their end. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Parts>,
}

pub(crate) struct Parts {
    pub(crate) catalog: Catalog,
    pub(crate) provisioner: Arc<dyn Provisioner>,
    pub(crate) restorer: Arc<dyn Restorer>,
    pub(crate) keys: KeyRing,
    pub(crate) config: EngineConfig,
    /// Wakes the engine before its next scan.
    nudge: Notify,
}

/// How one attempt at an operation ended.
enum Attempt {
    /// The operation is finished, and its last transaction says so.
    Finished,
    /// This worker is stopping, or another one has the operation now.
    Interrupted,
    /// The backend can't tell what is there.
    Unclear,
    /// A step failed.
    Failed { step: Step, error: StepError },
    /// Somebody asked for it to be taken back.
    Canceled,
    /// Every attempt so far ended with the death of its worker.
    WorkerKiller,
}

impl Engine {
    /// An engine that isn't running yet.
    pub fn new(
        catalog: Catalog,
        provisioner: Arc<dyn Provisioner>,
        restorer: Arc<dyn Restorer>,
        keys: impl Into<KeyRing>,
        config: EngineConfig,
    ) -> Self {
        Self {
            inner: Arc::new(Parts {
                catalog,
                provisioner,
                restorer,
                keys: keys.into(),
                config,
                nudge: Notify::new(),
            }),
        }
    }

    /// Wakes the engine: an operation may be due. Fine when none is.
    pub fn nudge(&self) {
        self.inner.nudge.notify_one();
    }

    /// Works until told to stop; then finishes the step at hand of each operation and gives the rest back.
    pub async fn run(&self, stop: CancellationToken) {
        let tracker = TaskTracker::new();
        let permits = Arc::new(Semaphore::new(self.inner.config.concurrency));
        while !stop.is_cancelled() {
            // Listening begins before the first look, so that nothing falls between the two.
            let mut listener = match self.inner.catalog.listen(&[operations::CHANNEL]).await {
                Ok(listener) => Some(listener),
                Err(error) => {
                    tracing::warn!(%error, "the admin database can't be listened to; looking every few seconds instead");
                    None
                }
            };
            loop {
                self.work_off(&permits, &tracker, &stop).await;
                let scan = tokio::time::sleep(self.inner.config.scan_every);
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = scan => if listener.is_none() { break },
                    () = self.inner.nudge.notified() => {}
                    lost = wait_for_due(listener.as_mut()) => if lost { break },
                }
            }
        }
        tracker.close();
        tracker.wait().await;
    }

    /// Takes up every operation that is due, as many at once as there are permits.
    async fn work_off(&self, permits: &Arc<Semaphore>, tracker: &TaskTracker, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let permit = tokio::select! {
                permit = permits.clone().acquire_owned() => permit,
                () = stop.cancelled() => return,
            };
            let Ok(permit) = permit else { return };
            match self.claim().await {
                Ok(Some(operation)) => {
                    let (engine, stop) = (self.clone(), stop.clone());
                    tracker.spawn(async move {
                        engine.carry_on(operation, &stop).await;
                        drop(permit);
                    });
                }
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "due operations can't be read");
                    return;
                }
            }
        }
    }

    async fn claim(&self) -> Result<Option<Operation>, CatalogError> {
        let client = self.inner.catalog.client().await?;
        // A name of its own for every claim: an attempt whose lease ran out must not pass for the one after it.
        let owner = format!("{}/{}", self.inner.config.worker, Uuid::now_v7().simple());
        operations::claim(&client, &owner, self.inner.config.lease).await
    }

    /// One attempt at an operation that we hold the lease of, and the decision what comes next.
    async fn carry_on(&self, operation: Operation, stop: &CancellationToken) {
        let id = operation.id;
        let lease_lost = CancellationToken::new();
        let owner = operation.lease_holder().to_owned();
        let heartbeat = tokio::spawn(self.clone().keep_lease(id, owner, lease_lost.clone()));
        let attempt = if operation.attempts > operation.max_attempts {
            // Failed attempts are settled before it comes to this: the worker was killed during each of them.
            Attempt::WorkerKiller
        } else {
            self.attempt(&operation, stop, &lease_lost).await
        };
        heartbeat.abort();
        if let Err(error) = self.settle(&operation, attempt).await {
            // The lease runs out by itself, and the operation is taken up again: nothing is lost but time.
            tracing::warn!(%error, operation = %id, "the outcome of an attempt can't be written down");
        }
    }

    /// Extends the lease until it is lost: because another has it, or because nobody could be told in time.
    async fn keep_lease(self, id: OperationId, owner: String, lost: CancellationToken) {
        let lease = self.inner.config.lease;
        let mut held_until = Instant::now() + lease;
        loop {
            tokio::time::sleep(lease / 3).await;
            let asked = Instant::now();
            match self.extend(id, &owner).await {
                Ok(true) => held_until = asked + lease,
                Err(_) if Instant::now() < held_until => {}
                Ok(false) | Err(_) => {
                    lost.cancel();
                    return;
                }
            }
        }
    }

    async fn extend(&self, id: OperationId, owner: &str) -> Result<bool, CatalogError> {
        let client = self.inner.catalog.client().await?;
        operations::extend_lease(&client, id, owner, self.inner.config.lease).await
    }

    /// Whether the attempt still holds its lease.
    pub(crate) async fn still_holds(&self, operation: &Operation) -> Result<bool, CatalogError> {
        self.extend(operation.id, operation.lease_holder()).await
    }

    async fn attempt(
        &self,
        operation: &Operation,
        stop: &CancellationToken,
        lease_lost: &CancellationToken,
    ) -> Attempt {
        // Before anything is looked at: what can't be seen must not keep a sign-up from being taken back.
        match self.is_canceled(operation).await {
            Ok(true) => return Attempt::Canceled,
            Ok(false) => {}
            Err(error) => return Attempt::Failed { step: Step::Place, error: error.into() },
        }
        match self.plan_for(operation).await {
            Ok(Plan::Wait) => Attempt::Unclear,
            Ok(Plan::Steps(steps)) => self.run_steps(operation, &steps, stop, lease_lost).await,
            Err(error) => Attempt::Failed { step: Step::Place, error },
        }
    }

    async fn plan_for(&self, operation: &Operation) -> Result<Plan, StepError> {
        let intent = match (operation.intent, operation.kind) {
            (OperationIntent::Absent, _) => Intent::Absent,
            (OperationIntent::Present, kind) => {
                Intent::Present { from_backup: kind == OperationKind::CustomerRestore }
            }
        };
        let spec = self.spec(operation).await?;
        let observed = match &spec {
            Some(spec) => self.inner.provisioner.observe(spec).await,
            None => Observed::Absent,
        };
        let plan = plan(intent, spec.is_some(), observed);
        if let Plan::Steps(steps) = &plan {
            let names: Vec<_> = steps.iter().map(|step| step.name()).collect();
            let client = self.inner.catalog.client().await?;
            operations::plan_steps(&client, operation.id, &names).await?;
        }
        Ok(plan)
    }

    async fn run_steps(
        &self,
        operation: &Operation,
        steps: &[Step],
        stop: &CancellationToken,
        lease_lost: &CancellationToken,
    ) -> Attempt {
        for step in steps {
            if lease_lost.is_cancelled() || stop.is_cancelled() {
                return Attempt::Interrupted;
            }
            match self.is_canceled(operation).await {
                Ok(true) => return Attempt::Canceled,
                Ok(false) => {}
                Err(error) => return Attempt::Failed { step: *step, error: error.into() },
            }
            if let Err(error) = self.run_step(operation, *step).await {
                return Attempt::Failed { step: *step, error };
            }
        }
        Attempt::Finished
    }

    async fn is_canceled(&self, operation: &Operation) -> Result<bool, CatalogError> {
        if operation.intent == OperationIntent::Absent {
            return Ok(false);
        }
        let client = self.inner.catalog.client().await?;
        operations::is_cancel_requested(&client, operation.id).await
    }

    async fn run_step(&self, operation: &Operation, step: Step) -> Result<(), StepError> {
        self.record(operation.id, step, StepStatus::Running, None).await?;
        let span = tracing::trace_span!(
            target: SPANS,
            "operation step",
            operation.id = %operation.id,
            operation.step = step.name(),
            sixty.customer = operation.customer_slug,
        );
        let outcome = self.execute(operation, step).instrument(span).await;
        match &outcome {
            Ok(detail) => self.record(operation.id, step, StepStatus::Succeeded, detail.as_deref()).await?,
            // The failure itself matters more than a failure to write it down.
            Err(StepError::LeaseLost) => {}
            Err(error) => {
                let _ = self.record(operation.id, step, StepStatus::Failed, Some(&error.to_string())).await;
            }
        }
        outcome.map(drop)
    }

    async fn record(
        &self,
        id: OperationId,
        step: Step,
        status: StepStatus,
        detail: Option<&str>,
    ) -> Result<(), CatalogError> {
        let client = self.inner.catalog.client().await?;
        operations::record_step(&client, id, step.name(), status, detail).await
    }

    /// Decides what comes after an attempt: try again, turn round, or give up where an operator can see it.
    async fn settle(&self, operation: &Operation, attempt: Attempt) -> Result<(), CatalogError> {
        let worker = operation.lease_holder();
        let client = self.inner.catalog.client().await?;
        match attempt {
            Attempt::Finished => {}
            Attempt::Interrupted => {
                operations::postpone(&client, operation.id, worker, Duration::ZERO, None).await?;
            }
            Attempt::Unclear => {
                let reason = "the backend can't tell what is there; nothing is done until it can";
                operations::postpone(&client, operation.id, worker, Duration::from_secs(2), Some(reason))
                    .await?;
            }
            Attempt::Canceled => {
                operations::turn_back(&client, operation.id, worker, None).await?;
                operations::release(&client, operation.id, worker, Duration::ZERO, None).await?;
            }
            Attempt::WorkerKiller => {
                let message = "its worker died during every attempt";
                self.after_failure(&client, operation, message, true).await?;
            }
            Attempt::Failed { error: StepError::LeaseLost, .. } => {}
            Attempt::Failed { step, error } => {
                let message = format!("{}: {error}", step.name());
                tracing::warn!(operation = %operation.id, customer = operation.customer_slug, error = message, "a step failed");
                let hopeless = matches!(error, StepError::Backend(BackendError::Permanent(_)));
                self.after_failure(&client, operation, &message, hopeless).await?;
            }
        }
        Ok(())
    }

    async fn after_failure(
        &self,
        client: &impl catalog::GenericClient,
        operation: &Operation,
        message: &str,
        hopeless: bool,
    ) -> Result<(), CatalogError> {
        let worker = operation.lease_holder();
        let exhausted = operation.attempts >= operation.max_attempts;
        match operation.intent {
            OperationIntent::Present if hopeless || exhausted => {
                operations::turn_back(client, operation.id, worker, Some(message)).await?;
                operations::release(client, operation.id, worker, Duration::ZERO, Some(message)).await?;
            }
            OperationIntent::Absent if exhausted => {
                operations::finish(client, operation.id, worker, OperationStatus::Dead, Some(message))
                    .await?;
            }
            OperationIntent::Present | OperationIntent::Absent => {
                operations::release(
                    client,
                    operation.id,
                    worker,
                    back_off(operation.attempts),
                    Some(message),
                )
                .await?;
            }
        }
        Ok(())
    }

    /// The status with which a taken-back operation ends.
    pub(crate) fn taken_back_status(operation: &Operation) -> OperationStatus {
        match operation.kind {
            OperationKind::CustomerDelete => OperationStatus::Succeeded,
            _ if operation.cancel_requested_at.is_some() => OperationStatus::Canceled,
            _ => OperationStatus::Failed,
        }
    }
}

/// Waits for a notification of a queued operation; `true` when the connection was lost. Without a listener, waits
/// for ever: the scan does the work.
async fn wait_for_due(listener: Option<&mut catalog::Listener>) -> bool {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        match listener.next().await {
            Ok(notification) if notification.payload.ends_with(" queued") => return false,
            Ok(_) => {}
            Err(_) => return true,
        }
    }
}

/// 0.2 s, 0.4 s, 0.8 s and so on, at most 30 s.
fn back_off(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.clamp(1, 9) - 1).unwrap_or(0);
    Duration::from_millis(200 * 2_u64.pow(doublings)).min(Duration::from_secs(30))
}
