//! Keeps how far the chains of the audit log have come outside the database, signed.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use audit::anchors::{self, AnchorJournal, AnchoredHead, BucketJournal, JournalError};
use catalog::Catalog;
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use object_storage::ObjectLock;
use serde_json::Value;
use tokio::sync::Mutex;

/// Where the anchors are added.
pub(crate) enum Journal {
    /// To a file.
    Folder(Arc<std::sync::Mutex<AnchorJournal>>),
    /// To a bucket. `true`: how it keeps them was looked at.
    Bucket(Box<Mutex<(BucketJournal, bool)>>),
}

impl Journal {
    async fn add(&self, heads: Vec<AnchoredHead>) -> Result<usize, JobError> {
        match self {
            Self::Folder(journal) => {
                let journal = Arc::clone(journal);
                let write = move || journal.lock().unwrap_or_else(PoisonError::into_inner).add(heads);
                tokio::task::spawn_blocking(write).await.map_err(JobError::retry)?.map_err(JobError::retry)
            }
            Self::Bucket(journal) => {
                let mut journal = journal.lock().await;
                let (journal, is_looked_at) = &mut *journal;
                if !*is_looked_at {
                    look_at(journal).await.map_err(JobError::retry)?;
                    *is_looked_at = true;
                }
                journal.add(heads).await.map_err(JobError::retry)
            }
        }
    }
}

/// Says once how much the bucket's anchors are worth.
async fn look_at(journal: &BucketJournal) -> Result<(), JournalError> {
    match journal.object_lock().await? {
        ObjectLock::None => tracing::warn!(
            "the bucket of the audit log's anchors has no object lock for new objects: who may write there may take anchors away"
        ),
        kept @ ObjectLock::Kept { .. } => tracing::info!("the audit log's anchors are kept by {kept}"),
    }
    Ok(())
}

/// Anchors the chains that have grown.
pub(crate) struct AuditAnchors {
    catalog: Catalog,
    journal: Journal,
    every: Duration,
}

impl AuditAnchors {
    pub(crate) fn new(catalog: Catalog, journal: Journal, every: Duration) -> Self {
        Self { catalog, journal, every }
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
        let chains = self.journal.add(heads).await?;
        if chains > 0 {
            tracing::debug!(chains, "chains of the audit log are anchored");
        }
        Ok(JobOutcome::Done)
    }
}
