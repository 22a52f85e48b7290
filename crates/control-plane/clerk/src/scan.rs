//! The safety net: finds what no job is left for, and removes what is over.

use std::time::Duration;

use ::jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use async_trait::async_trait;
use catalog::clerk::{memberships, messages, organizations};
use catalog::jobs;
use chrono::{TimeDelta, Utc};
use customers::UseCaseError;
use serde_json::Value;

use crate::people;
use crate::process::{self, Followers, ProcessMessage};

/// How often.
const EVERY: Duration = Duration::from_secs(60);
/// For how long a message waits before it is looked at again.
const STALE: TimeDelta = TimeDelta::minutes(5);
/// For how long messages are kept of which nothing is left to do.
const KEPT: TimeDelta = TimeDelta::days(30);
/// How much is taken up at once.
const AT_ONCE: i64 = 200;

/// Takes up again what waits: messages whose job is gone, organizations whose sign-up was taken back, people whom a customer's
/// database doesn't know.
pub struct ClerkScan(Followers);

impl ClerkScan {
    /// The job, for a worker; beside the one that does what messages say.
    #[must_use]
    pub fn beside(process: &ProcessMessage) -> Self {
        Self(process.followers())
    }

    async fn scan(&self) -> Result<(), UseCaseError> {
        let now = Utc::now();
        let client = self.0.catalog.client().await?;
        for message in messages::waiting_since(&client, now - STALE, AT_ONCE).await? {
            jobs::enqueue(&client, &process::job(&message)).await?;
        }
        for organization in memberships::organizations_to_sync(&client, AT_ONCE).await? {
            people::request(&client, &organization).await?;
        }
        let removed = messages::remove_before(&client, now - KEPT).await?;
        tracing::debug!(removed, "old messages of Clerk are gone");
        let abandoned = organizations::without_customer(&client, AT_ONCE).await?;
        drop(client);
        // One whose message is being done in this moment is signed up once all the same: the organization is unique. How old it
        // is isn't asked: that is said by Clerk's clock, and ours may be another.
        for organization in &abandoned {
            self.0.follow_organization(&organization.clerk_org_id).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Job for ClerkScan {
    fn kind(&self) -> &'static str {
        "clerk_scan"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(EVERY))
    }

    async fn run(&self, _payload: Value, _context: &JobContext) -> Result<JobOutcome, JobError> {
        self.scan().await.map_err(JobError::retry)?;
        Ok(JobOutcome::Done)
    }
}
