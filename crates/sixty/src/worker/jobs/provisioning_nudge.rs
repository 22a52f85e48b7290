//! Wakes the engine because an operation is due.

use async_trait::async_trait;
use jobs::{Job, JobContext, JobError, JobOutcome};
use provisioning::{Engine, NUDGE_KIND};
use serde_json::Value;

/// The fast way from an operation's row to a worker, by Redis. The engine also listens to the database and looks by
/// itself; all three ways run the same code.
pub(crate) struct ProvisioningNudge {
    engine: Engine,
}

impl ProvisioningNudge {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine }
    }
}

#[async_trait]
impl Job for ProvisioningNudge {
    fn kind(&self) -> &'static str {
        NUDGE_KIND
    }

    async fn run(&self, _payload: Value, _context: &JobContext) -> Result<JobOutcome, JobError> {
        self.engine.nudge();
        Ok(JobOutcome::Done)
    }
}
