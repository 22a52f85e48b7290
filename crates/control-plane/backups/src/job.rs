//! The worker's jobs that make backups.

use async_trait::async_trait;
use catalog::audit::Actor;
use chrono::{DateTime, Utc};
use domain::CustomerId;
use jobs::{Job, JobContext, JobError, JobOutcome, NewJob, Schedule};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{BackupError, Backups};

impl From<BackupError> for JobError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Interrupted => Self::Interrupted,
            error if error.is_temporary() => Self::retry(error),
            error => Self::permanent(error),
        }
    }
}

/// Backs everything up, once a night.
pub struct NightlyBackup {
    backups: Backups,
    schedule: Schedule,
}

#[derive(Debug, Deserialize)]
struct Period {
    period_start: DateTime<Utc>,
}

impl NightlyBackup {
    /// The job's kind.
    pub const KIND: &'static str = "nightly_backup";

    /// Backups at this time of day, UTC.
    #[must_use]
    pub fn new(backups: Backups, hour: u32, minute: u32) -> Self {
        Self { backups, schedule: Schedule::Daily { hour, minute } }
    }
}

#[async_trait]
impl Job for NightlyBackup {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(self.schedule)
    }

    async fn run(&self, payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        let period: Period = serde_json::from_value(payload).map_err(JobError::permanent)?;
        let night = self.backups.nightly(period.period_start.date_naive(), &context.stopping).await?;
        tracing::info!(
            made = night.made,
            had = night.had,
            failed = night.failed.len(),
            "nightly backups ended"
        );
        match night.failed.first() {
            None => Ok(JobOutcome::Done),
            // The next try makes only what is missing.
            Some((_, first)) => {
                let all = night.made + night.had + night.failed.len();
                Err(JobError::retry(format!(
                    "{} of {all} databases have no backup: {first}",
                    night.failed.len()
                )))
            }
        }
    }
}

/// Backs one database up because somebody asked for it.
pub struct BackUpDatabase {
    backups: Backups,
}

/// Which database, and who asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Request {
    customer_id: Option<CustomerId>,
    requested_by: Option<String>,
}

impl BackUpDatabase {
    /// The job's kind.
    pub const KIND: &'static str = "backup_database";

    /// The job, for a worker.
    #[must_use]
    pub fn new(backups: Backups) -> Self {
        Self { backups }
    }

    /// What to enqueue to have a customer's database backed up (without a customer: the admin database). Asking again
    /// while one waits or runs changes nothing.
    #[must_use]
    pub fn request(customer: Option<CustomerId>, requested_by: Option<String>) -> NewJob {
        let of = customer.map_or_else(|| "admin".to_owned(), |customer| customer.to_string());
        let payload = serde_json::json!(Request { customer_id: customer, requested_by });
        NewJob::new(Self::KIND, payload).unique(format!("{}:{of}", Self::KIND))
    }
}

#[async_trait]
impl Job for BackUpDatabase {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    async fn run(&self, payload: Value, _context: &JobContext) -> Result<JobOutcome, JobError> {
        let request: Request = serde_json::from_value(payload).map_err(JobError::permanent)?;
        let actor = Actor::on_behalf_of(request.requested_by);
        self.backups.back_up(request.customer_id, &actor).await?;
        Ok(JobOutcome::Done)
    }
}
