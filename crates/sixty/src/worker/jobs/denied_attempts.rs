//! Writes refusals of customers' callers into the audit log.

use std::time::Duration;

use async_trait::async_trait;
use chrono::Utc;
use customers::{ControlPlane, denied};
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use serde_json::Value;

use super::retry;

/// Usage counts every refusal; this tells of them where people look for who tried what.
pub(crate) struct DeniedAttempts {
    control_plane: ControlPlane,
}

impl DeniedAttempts {
    pub(crate) fn new(control_plane: ControlPlane) -> Self {
        Self { control_plane }
    }
}

#[async_trait]
impl Job for DeniedAttempts {
    fn kind(&self) -> &'static str {
        "denied_attempts"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(Duration::from_secs(300)))
    }

    async fn run(&self, _payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        // In batches, until none is left.
        while !context.stopping.is_cancelled() {
            let today = Utc::now().date_naive();
            if denied::record_denied(&self.control_plane, today).await.map_err(retry)? == 0 {
                return Ok(JobOutcome::Done);
            }
        }
        Err(JobError::Interrupted)
    }
}
