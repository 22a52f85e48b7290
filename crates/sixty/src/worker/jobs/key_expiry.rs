//! Marks API keys whose time has run out.

use std::time::Duration;

use async_trait::async_trait;
use customers::{ControlPlane, api_keys};
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use serde_json::Value;

use super::retry;

/// An expired key is refused by its date from the first moment; this job makes its status and the audit log say so.
pub(crate) struct KeyExpiry {
    control_plane: ControlPlane,
}

impl KeyExpiry {
    pub(crate) fn new(control_plane: ControlPlane) -> Self {
        Self { control_plane }
    }
}

#[async_trait]
impl Job for KeyExpiry {
    fn kind(&self) -> &'static str {
        "key_expiry"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(Duration::from_secs(60)))
    }

    async fn run(&self, _payload: Value, _context: &JobContext) -> Result<JobOutcome, JobError> {
        let expired = api_keys::expire_due(&self.control_plane).await.map_err(retry)?;
        if expired > 0 {
            tracing::info!(expired, "API keys have expired");
        }
        Ok(JobOutcome::Done)
    }
}
