//! Keeps usage in order: counts yesterday anew, and retires months that are old enough.

use async_trait::async_trait;
use catalog::{Catalog, api_usage};
use chrono::{Days, Utc};
use jobs::{Job, JobContext, JobError, JobOutcome, Schedule};
use serde_json::Value;

/// Counts the roll-ups of yesterday anew, and says if they were wrong; drops the requests of months that lie further back
/// than they are kept. Their roll-ups stay.
pub(crate) struct UsageNights {
    catalog: Catalog,
    keep_months: i32,
}

impl UsageNights {
    /// `keep_months` whole months are kept beside the present one; at least one.
    pub(crate) fn new(catalog: Catalog, keep_months: i32) -> Self {
        Self { catalog, keep_months }
    }
}

#[async_trait]
impl Job for UsageNights {
    fn kind(&self) -> &'static str {
        "usage_nights"
    }

    fn schedule(&self) -> Option<Schedule> {
        // Late enough that servers whose clocks differ have come to the end of the day.
        Some(Schedule::Daily { hour: 0, minute: 30 })
    }

    async fn run(&self, _payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        let client = self.catalog.client().await.map_err(JobError::retry)?;
        let today = Utc::now().date_naive();
        let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
        let rebuilt = api_usage::rebuild_day(&client, yesterday).await.map_err(JobError::retry)?;
        if rebuilt.groups_changed > 0 {
            tracing::error!(
                day = %yesterday, rows = rebuilt.groups_changed, said = rebuilt.requests_before,
                are = rebuilt.requests_after,
                "the usage roll-ups of a day were wrong and are mended: were requests changed by hand?"
            );
        }
        while !context.stopping.is_cancelled() {
            let retired =
                api_usage::retire_oldest_month(&client, self.keep_months).await.map_err(JobError::retry)?;
            let Some(month) = retired else { return Ok(JobOutcome::Done) };
            tracing::info!(%month, "the requests of a month are retired; their roll-ups stay");
        }
        Err(JobError::Interrupted)
    }
}
