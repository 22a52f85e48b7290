//! Tells customers that operators no longer act in their place.

use std::time::Duration;

use async_trait::async_trait;
use catalog::Catalog;
use identity::impersonation::{CustomerLog, tell_ends};
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use serde_json::Value;

/// Whoever ends an impersonation of their own tells the customer at once; this tells of all other ends.
pub(crate) struct ImpersonationEnds {
    catalog: Catalog,
    log: Box<dyn CustomerLog>,
}

impl ImpersonationEnds {
    pub(crate) fn new(catalog: Catalog, log: Box<dyn CustomerLog>) -> Self {
        Self { catalog, log }
    }
}

#[async_trait]
impl Job for ImpersonationEnds {
    fn kind(&self) -> &'static str {
        "impersonation_ends"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(Duration::from_secs(60)))
    }

    async fn run(&self, _payload: Value, _context: &JobContext) -> Result<JobOutcome, JobError> {
        tell_ends(&self.catalog, &*self.log).await.map_err(JobError::retry)?;
        Ok(JobOutcome::Done)
    }
}
