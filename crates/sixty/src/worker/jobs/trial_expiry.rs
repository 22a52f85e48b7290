//! Ends trials, and subscriptions that aren't renewed, whose time has run out.

use std::time::Duration;

use async_trait::async_trait;
use customers::{ControlPlane, subscription};
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use serde_json::Value;

use super::retry;

/// A customer whose trial or subscription has ended is `expired`, and served again as soon as they subscribe.
pub(crate) struct TrialExpiry {
    control_plane: ControlPlane,
}

impl TrialExpiry {
    pub(crate) fn new(control_plane: ControlPlane) -> Self {
        Self { control_plane }
    }
}

#[async_trait]
impl Job for TrialExpiry {
    fn kind(&self) -> &'static str {
        "trial_expiry"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(Duration::from_secs(60)))
    }

    async fn run(&self, _payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        // In batches, until none is left.
        while !context.stopping.is_cancelled() {
            let expired = subscription::expire(&self.control_plane).await.map_err(retry)?;
            if expired == 0 {
                break;
            }
            tracing::info!(expired, "trials or subscriptions have ended");
        }
        Ok(JobOutcome::Done)
    }
}
