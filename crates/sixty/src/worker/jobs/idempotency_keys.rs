//! Removes idempotency keys of the operator API that are a day old.

use std::time::Duration;

use async_trait::async_trait;
use customers::{ControlPlane, idempotency};
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use serde_json::Value;

use super::retry;

/// A key is free again when its day is over, removed or not; this job keeps the table small.
pub(crate) struct IdempotencyKeys {
    control_plane: ControlPlane,
}

impl IdempotencyKeys {
    pub(crate) fn new(control_plane: ControlPlane) -> Self {
        Self { control_plane }
    }
}

#[async_trait]
impl Job for IdempotencyKeys {
    fn kind(&self) -> &'static str {
        "idempotency_keys"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(Duration::from_secs(600)))
    }

    async fn run(&self, _payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        // In batches, until none is left.
        while !context.stopping.is_cancelled() {
            let removed = idempotency::remove_expired(&self.control_plane).await.map_err(retry)?;
            if removed == 0 {
                break;
            }
            tracing::debug!(removed, "idempotency keys are gone");
        }
        Ok(JobOutcome::Done)
    }
}
