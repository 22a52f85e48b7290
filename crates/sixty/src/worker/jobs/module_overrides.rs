//! Takes back what was decided about customers' modules for a time that is over.

use std::time::Duration;

use async_trait::async_trait;
use customers::{ControlPlane, modules};
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use serde_json::Value;

use super::retry;

/// The gateway decides by the time from the first moment; this job makes the rows and the audit log say so, begins counts
/// anew, and lets modules that follow a plan follow one that was changed.
pub(crate) struct ModuleOverrides {
    control_plane: ControlPlane,
}

impl ModuleOverrides {
    pub(crate) fn new(control_plane: ControlPlane) -> Self {
        Self { control_plane }
    }
}

#[async_trait]
impl Job for ModuleOverrides {
    fn kind(&self) -> &'static str {
        "module_overrides"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(Duration::from_secs(60)))
    }

    async fn run(&self, _payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        // In batches, until none is left.
        while !context.stopping.is_cancelled() {
            let changed = modules::expire_module_overrides(&self.control_plane).await.map_err(retry)?;
            if changed == 0 {
                break;
            }
            tracing::info!(changed, "customers' modules follow their plans or began to count anew");
        }
        Ok(JobOutcome::Done)
    }
}
