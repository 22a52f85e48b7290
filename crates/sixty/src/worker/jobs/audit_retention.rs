//! Removes audit rows that were kept long enough.

use std::time::Duration;

use async_trait::async_trait;
use catalog::{Catalog, audit};
use chrono::{TimeDelta, Utc};
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use serde_json::Value;

/// Removes rows from the beginnings of their chains; what is left verifies as before.
pub(crate) struct AuditRetention {
    catalog: Catalog,
    keep: TimeDelta,
}

impl AuditRetention {
    pub(crate) fn new(catalog: Catalog, keep_days: u32) -> Self {
        Self { catalog, keep: TimeDelta::days(i64::from(keep_days)) }
    }
}

#[async_trait]
impl Job for AuditRetention {
    fn kind(&self) -> &'static str {
        "audit_retention"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(Duration::from_secs(3600)))
    }

    async fn run(&self, _payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        let cutoff = Utc::now() - self.keep;
        // In batches, until none is left.
        while !context.stopping.is_cancelled() {
            let client = self.catalog.client().await.map_err(JobError::retry)?;
            let removed = audit::remove_before(&client, cutoff).await.map_err(JobError::retry)?;
            if removed == 0 {
                return Ok(JobOutcome::Done);
            }
            tracing::info!(removed, before = %cutoff, "audit rows were kept long enough and are gone");
        }
        Err(JobError::Interrupted)
    }
}
