//! How many operations and jobs wait, run and were given up.

use chrono::{DateTime, Utc};

use crate::{CatalogError, GenericClient, query};

/// How many there are of each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkCounts {
    /// Not taken up yet.
    pub queued: i64,
    /// Taken up.
    pub running: i64,
    /// Ended without success, with nothing left to do.
    pub failed: i64,
    /// Given up; waits for somebody.
    pub dead: i64,
    /// Since when the oldest that is due waits.
    pub oldest_waiting_at: Option<DateTime<Utc>>,
}

/// Of operations.
///
/// # Errors
/// When the database can't be asked.
pub async fn operations(client: &impl GenericClient) -> Result<WorkCounts, CatalogError> {
    counts(
        client,
        "select status::text, count(*), min(run_after) filter (where status = 'queued' and run_after <= now())
         from admin_operations where status in ('queued', 'running', 'failed', 'dead') group by status",
    )
    .await
}

/// Of jobs; none of them fails otherwise than by being given up.
///
/// # Errors
/// When the database can't be asked.
pub async fn jobs(client: &impl GenericClient) -> Result<WorkCounts, CatalogError> {
    counts(
        client,
        "select status::text, count(*), min(run_at) filter (where status = 'queued' and run_at <= now())
         from admin_jobs where status in ('queued', 'running', 'dead') group by status",
    )
    .await
}

async fn counts(client: &impl GenericClient, sql: &str) -> Result<WorkCounts, CatalogError> {
    let mut counts = WorkCounts::default();
    for row in query::rows(client, sql, &[]).await? {
        let number: i64 = row.try_get(1)?;
        match row.try_get(0)? {
            "queued" => {
                counts.queued = number;
                counts.oldest_waiting_at = row.try_get(2)?;
            }
            "running" => counts.running = number,
            "failed" => counts.failed = number,
            "dead" => counts.dead = number,
            other => return Err(CatalogError::Unreadable(format!("status {other:?}"))),
        }
    }
    Ok(counts)
}
