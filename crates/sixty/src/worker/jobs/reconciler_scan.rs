//! Looks for what a crash or a lost message left behind.

use std::time::Duration;

use async_trait::async_trait;
use catalog::{Catalog, api_usage};
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use provisioning::Engine;
use serde_json::Value;

/// How many months of usage have their partition ahead of time.
const MONTHS_AHEAD: i32 = 3;

/// Takes up operations whose worker died, and keeps the partitions of `admin_api_usage` ahead of time.
pub(crate) struct ReconcilerScan {
    engine: Engine,
    catalog: Catalog,
}

impl ReconcilerScan {
    pub(crate) fn new(engine: Engine, catalog: Catalog) -> Self {
        Self { engine, catalog }
    }
}

#[async_trait]
impl Job for ReconcilerScan {
    fn kind(&self) -> &'static str {
        "reconciler_scan"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(Duration::from_secs(30)))
    }

    async fn run(&self, _payload: Value, _context: &JobContext) -> Result<JobOutcome, JobError> {
        self.engine.nudge();
        let client = self.catalog.client().await.map_err(JobError::retry)?;
        api_usage::ensure_partitions(&client, MONTHS_AHEAD).await.map_err(JobError::retry)?;
        Ok(JobOutcome::Done)
    }
}
