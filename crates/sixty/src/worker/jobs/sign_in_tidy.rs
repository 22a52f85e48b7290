//! Removes what is left of sign-ins: guesses of which a day is over, sessions that ended a month ago, challenges that nobody
//! answered.

use std::time::Duration;

use async_trait::async_trait;
use catalog::{Catalog, CatalogError, operator_passkeys, operator_sessions, sign_in_guesses};
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use serde_json::Value;

/// None of it is worth anything any more, removed or not; this job keeps the tables small.
pub(crate) struct SignInTidy {
    catalog: Catalog,
}

impl SignInTidy {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self { catalog }
    }

    async fn tidy(&self) -> Result<(u64, u64), CatalogError> {
        let client = self.catalog.client().await?;
        operator_passkeys::remove_old_challenges(&client).await?;
        Ok((sign_in_guesses::remove_old(&client).await?, operator_sessions::remove_old(&client).await?))
    }
}

#[async_trait]
impl Job for SignInTidy {
    fn kind(&self) -> &'static str {
        "sign_in_tidy"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(Duration::from_secs(3600)))
    }

    async fn run(&self, _payload: Value, _context: &JobContext) -> Result<JobOutcome, JobError> {
        let (guesses, sessions) = self.tidy().await.map_err(JobError::retry)?;
        tracing::debug!(guesses, sessions, "old sign-ins are gone");
        Ok(JobOutcome::Done)
    }
}
