//! Keeps how far the chains of the audit log have come outside the database, signed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use audit::anchors::{self, AnchorJournal};
use catalog::Catalog;
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use serde_json::Value;

/// Anchors the chains that have grown.
pub(crate) struct AuditAnchors {
    catalog: Catalog,
    journal: Arc<Mutex<AnchorJournal>>,
    every: Duration,
}

impl AuditAnchors {
    pub(crate) fn new(catalog: Catalog, journal: AnchorJournal, every: Duration) -> Self {
        Self { catalog, journal: Arc::new(Mutex::new(journal)), every }
    }
}

#[async_trait]
impl Job for AuditAnchors {
    fn kind(&self) -> &'static str {
        "audit_anchors"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(self.every))
    }

    async fn run(&self, _payload: Value, _context: &JobContext) -> Result<JobOutcome, JobError> {
        let client = self.catalog.client().await.map_err(JobError::retry)?;
        let heads = anchors::heads(&client).await.map_err(JobError::retry)?;
        drop(client);
        let journal = Arc::clone(&self.journal);
        let write = move || journal.lock().unwrap_or_else(PoisonError::into_inner).add(heads);
        let written = tokio::task::spawn_blocking(write).await.map_err(JobError::retry)?;
        let chains = written.map_err(JobError::retry)?;
        if chains > 0 {
            tracing::debug!(chains, "chains of the audit log are anchored");
        }
        Ok(JobOutcome::Done)
    }
}
