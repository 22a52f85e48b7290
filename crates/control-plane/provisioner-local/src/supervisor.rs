//! Sees to it that the instances that should run do run.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::InstanceId;
use provisioning::{InstanceSpec, Provisioner as _};
use tokio::task::{JoinError, JoinSet};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::LocalProvisioner;

/// How often the processes are looked at.
const TICK: Duration = Duration::from_millis(500);
/// How often the list is asked for while all is well.
const REFRESH: Duration = Duration::from_secs(5);
/// How long starts that are under way may take when we should stop.
const LAST_STARTS: Duration = Duration::from_secs(10);
/// How many instances start at once: two cores are full with four.
const STARTING_AT_ONCE: usize = 4;
/// The first pause after a failed start; doubled after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// An instance that has run for so long starts with a clean slate.
const PROVEN_AFTER: Duration = Duration::from_secs(60);

/// What is remembered of an instance that had to be started.
#[derive(Debug, Clone, Copy)]
struct Attempts {
    count: u32,
    last: Instant,
}

impl Attempts {
    /// At once the first time, then with pauses that double.
    fn may_try_at(&self) -> Instant {
        let doublings = self.count.saturating_sub(1).min(16);
        self.last + FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
    }
}

/// Starts every instance of `instances` that doesn't run, and again whenever one has ended, until `stop` is cancelled.
/// Then it returns and leaves the instances running.
///
/// `instances` is asked before anything is started: an instance that is stopped on purpose must be off the list before
/// it is stopped. When it can't answer, nothing is started and nothing is lost.
pub async fn supervise<F, A, E>(provisioner: Arc<LocalProvisioner>, instances: F, stop: CancellationToken)
where
    F: Fn() -> A + Send,
    A: Future<Output = Result<Vec<InstanceSpec>, E>> + Send,
    E: Display,
{
    let mut supervisor = Supervisor::default();
    let mut wanted: Vec<InstanceSpec> = Vec::new();
    let mut asked: Option<Instant> = None;
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = supervisor.starting.join_next() => supervisor.note_end(ended),
            _ = ticks.tick() => {}
        }
        let is_fresh = asked.is_some_and(|asked| asked.elapsed() < REFRESH);
        if is_fresh && wanted.iter().all(|spec| !supervisor.is_due(&provisioner, spec)) {
            continue;
        }
        let answer = tokio::select! {
            () = stop.cancelled() => break,
            answer = instances() => answer,
        };
        match answer {
            Ok(list) => (wanted, asked) = (list, Some(Instant::now())),
            Err(error) => {
                tracing::warn!(%error, "the list of instances can't be had: nothing is restarted meanwhile");
                continue;
            }
        }
        supervisor.attempts.retain(|instance, _| wanted.iter().any(|spec| spec.instance == *instance));
        for spec in &wanted {
            if supervisor.is_due(&provisioner, spec) {
                supervisor.start(&provisioner, spec.clone());
            }
        }
    }
    // Half a start would leave a server that nobody waits for.
    let last_starts = async { while supervisor.starting.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST_STARTS, last_starts).await;
}

/// What is going on.
#[derive(Default)]
struct Supervisor {
    attempts: HashMap<InstanceId, Attempts>,
    starting: JoinSet<InstanceId>,
    in_flight: Vec<InstanceId>,
}

impl Supervisor {
    /// Whether the instance should be started now.
    fn is_due(&mut self, provisioner: &LocalProvisioner, spec: &InstanceSpec) -> bool {
        if self.in_flight.contains(&spec.instance) || self.starting.len() >= STARTING_AT_ONCE {
            return false;
        }
        let attempts = self.attempts.get(&spec.instance).copied();
        if provisioner.is_running(spec) {
            if attempts.is_some_and(|attempts| attempts.last.elapsed() > PROVEN_AFTER) {
                self.attempts.remove(&spec.instance);
            }
            return false;
        }
        attempts.is_none_or(|attempts| attempts.may_try_at() <= Instant::now())
    }

    fn start(&mut self, provisioner: &Arc<LocalProvisioner>, spec: InstanceSpec) {
        let now = Instant::now();
        let attempts = self.attempts.entry(spec.instance).or_insert(Attempts { count: 0, last: now });
        (attempts.count, attempts.last) = (attempts.count.saturating_add(1), now);
        self.in_flight.push(spec.instance);
        self.starting.spawn(start(Arc::clone(provisioner), spec, attempts.count));
    }

    fn note_end(&mut self, ended: Result<InstanceId, JoinError>) {
        match ended {
            Ok(instance) => self.in_flight.retain(|other| *other != instance),
            // A panic. Which one it was is not known; a start that still runs holds the instance's lock.
            Err(_) => self.in_flight.clear(),
        }
    }
}

async fn start(provisioner: Arc<LocalProvisioner>, spec: InstanceSpec, attempt: u32) -> InstanceId {
    let begun = Instant::now();
    match provisioner.start(&spec).await {
        Ok(()) => tracing::info!(
            instance = %spec.instance, customer = %spec.customer, port = spec.port, attempt,
            milliseconds = begun.elapsed().as_millis(), "an instance that didn't run was started"
        ),
        Err(error) => tracing::error!(
            instance = %spec.instance, customer = %spec.customer, port = spec.port, attempt, %error,
            "an instance can't be started"
        ),
    }
    spec.instance
}

impl LocalProvisioner {
    /// Whether a process runs on the instance. Looks at the process table and asks nobody.
    #[must_use]
    pub fn is_running(&self, spec: &InstanceSpec) -> bool {
        self.postmaster(&self.layout.instance(spec.instance)).running().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end_at_the_longest() {
        let last = Instant::now();
        let pause = |count| Attempts { count, last }.may_try_at() - last;
        assert_eq!(pause(1), FIRST_PAUSE);
        assert_eq!(pause(3), FIRST_PAUSE * 4);
        assert_eq!(pause(40), LONGEST_PAUSE);
    }
}
