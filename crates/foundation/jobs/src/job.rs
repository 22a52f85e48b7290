//! What a job is: one type that implements [`Job`], in one file.

use std::fmt::Display;
use std::time::Duration;

use async_trait::async_trait;
use domain::JobId;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::Schedule;

/// A kind of background work.
///
/// A job runs at least once, so it has to be fine when it runs twice: after a crash it starts again from the
/// beginning, with the same payload.
#[async_trait]
pub trait Job: Send + Sync + 'static {
    /// The kind's name, kept in `admin_jobs.kind`: small letters, digits and `_`.
    fn kind(&self) -> &'static str;

    /// When the worker queues the job by itself. `None`: only when somebody asks for it.
    fn schedule(&self) -> Option<Schedule> {
        None
    }

    /// Whether it waits for none of the others: those that say so share slots, and a queue in Redis, of their own.
    fn runs_apart(&self) -> bool {
        false
    }

    /// Does the work. A panic counts as [`JobError::Retry`].
    async fn run(&self, payload: Value, context: &JobContext) -> Result<JobOutcome, JobError>;
}

/// What a run of a job may know of itself.
#[derive(Debug, Clone)]
pub struct JobContext {
    /// The job's row.
    pub id: JobId,
    /// Which try this is, from 1.
    pub attempt: i32,
    /// After how many tries the job is given up.
    pub max_attempts: i32,
    /// Cancelled when the worker is asked to stop. A long job ends at its next safe point with
    /// [`JobError::Interrupted`]; one that doesn't look is ended after the worker's grace period.
    pub stopping: CancellationToken,
}

/// How a run of a job ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobOutcome {
    /// The work is done.
    Done,
    /// There is nothing to do yet: the job runs again after this pause, and the try isn't counted.
    Later(Duration),
}

/// How a run of a job ended badly. The text is kept in `admin_jobs.last_error` and shown to operators: nothing
/// secret belongs into it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Trying again can help: the job runs again after a growing pause, until its tries are used up.
    #[error("{0}")]
    Retry(String),
    /// Trying again can't help: the job is dead at once.
    #[error("{0}")]
    Permanent(String),
    /// The job ended early because the worker stops. It runs again soon, and the try isn't counted.
    #[error("interrupted because the worker stops")]
    Interrupted,
}

impl JobError {
    /// Trying again can help.
    pub fn retry(reason: impl Display) -> Self {
        Self::Retry(reason.to_string())
    }

    /// Trying again can't help.
    pub fn permanent(reason: impl Display) -> Self {
        Self::Permanent(reason.to_string())
    }
}
