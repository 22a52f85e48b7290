//! Where jobs are kept. The rows are the truth; [`JobStore`] is all that the worker needs of them.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::JobId;
use futures_util::stream::BoxStream;
use serde_json::Value;

/// What is needed to ask for a job.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Which [`Job`](crate::Job) does it.
    pub kind: &'static str,
    /// What it is about. Nothing secret: operators see it.
    pub payload: Value,
    /// When it may first run. `None`: at once.
    pub run_at: Option<DateTime<Utc>>,
    /// While a job with this key waits or runs, asking for another one changes nothing.
    pub unique_key: Option<String>,
    /// After how many failed tries it is given up.
    pub max_attempts: i32,
    /// After how many killed workers it is given up.
    pub max_crashes: i32,
}

impl NewJob {
    /// A job that may run at once.
    #[must_use]
    pub fn new(kind: &'static str, payload: Value) -> Self {
        Self { kind, payload, run_at: None, unique_key: None, max_attempts: 10, max_crashes: 3 }
    }

    /// The same, at most once at a time.
    #[must_use]
    pub fn unique(mut self, key: impl Into<String>) -> Self {
        self.unique_key = Some(key.into());
        self
    }
}

/// A job that this worker has taken and nobody else will take before the lease has run out.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    /// The job's row.
    pub id: JobId,
    /// Which [`Job`](crate::Job) does it.
    pub kind: String,
    /// What it is about.
    pub payload: Value,
    /// Which try this is, from 1.
    pub attempt: i32,
    /// After how many failed tries it is given up.
    pub max_attempts: i32,
}

/// Which job to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// This one, if it is due.
    One(JobId),
    /// The one that has been due longest.
    AnyDue,
    /// The one that has been due longest and was put into Redis at least this long ago: Redis has forgotten it.
    Forgotten(Duration),
    /// The one that has been due longest among those that have ended with a worker before.
    Suspect,
}

/// Who takes a job, and for how long without a sign of life.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The worker's name, different for every process.
    pub owner: String,
    /// How long the job stays taken after the last sign of life.
    pub length: Duration,
}

/// How a run ended, for the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The work is done.
    Succeeded,
    /// It failed, and is tried again after the pause.
    Retry {
        /// The pause.
        pause: Duration,
        /// What went wrong.
        error: String,
    },
    /// It failed for good.
    Dead {
        /// What went wrong.
        error: String,
    },
    /// It runs again after the pause, and this try isn't counted.
    Again {
        /// The pause.
        pause: Duration,
    },
}

/// What was found of workers that died.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reaped {
    /// Jobs that will be tried again.
    pub requeued: Vec<JobId>,
    /// Jobs that killed one worker too many.
    pub parked: Vec<JobId>,
}

/// The store can't be asked now.
#[derive(Debug, thiserror::Error)]
#[error("jobs can't be read or written: {0}")]
pub struct StoreError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where jobs are kept. Each method is one statement or one transaction, and none of them is open while a job runs.
#[async_trait]
pub trait JobStore: Send + Sync + 'static {
    /// Tells when there may be something new to do. The stream ends when the connection is lost; a lost message
    /// does no harm, because the worker also looks by itself.
    async fn news(&self) -> Result<BoxStream<'static, ()>, StoreError>;

    /// Jobs of these kinds that are due and were never put into Redis, at most `limit`: marks them as put there.
    /// Jobs that have killed a worker are left out.
    async fn offer(&self, kinds: &[&'static str], limit: i64) -> Result<Vec<JobId>, StoreError>;

    /// Takes a job of these kinds, if there is one.
    async fn claim(
        &self,
        selection: Selection,
        kinds: &[&'static str],
        lease: &Lease,
    ) -> Result<Option<ClaimedJob>, StoreError>;

    /// Extends the lease. `false` when it was lost.
    async fn extend(&self, id: JobId, lease: &Lease) -> Result<bool, StoreError>;

    /// Writes down how the run ended. `false` when the lease was lost: then nothing was written.
    async fn end(&self, id: JobId, lease: &Lease, ending: &Ending) -> Result<bool, StoreError>;

    /// Takes jobs back whose lease has run out.
    async fn reap(&self) -> Result<Reaped, StoreError>;

    /// Queues a periodic job, unless its period has had it. `false` when the last one still waits or runs: ask
    /// again later.
    async fn queue_period(&self, job: &NewJob, period_start: DateTime<Utc>) -> Result<bool, StoreError>;

    /// Forgets jobs that ended long ago; answers how many. Canceled ones are kept as dead ones are.
    async fn prune(&self, keep_succeeded: Duration, keep_dead: Duration) -> Result<u64, StoreError>;
}
