//! How many operations and jobs wait, run and were given up: now, and over time.

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

/// How operations or jobs ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    /// Done.
    pub succeeded: i64,
    /// Ended without success, with nothing left to do.
    pub failed: i64,
    /// Given up.
    pub dead: i64,
    /// Taken back.
    pub canceled: i64,
}

/// What became of operations or jobs over time, as far as today's rows know it: of what was retried since, its earlier end
/// is forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// What ended within the span.
    pub ended: Ended,
    /// The same of the span of the same length right before.
    pub ended_before: Ended,
    /// How many waited or ran at the beginning of the span.
    pub under_way_then: i64,
    /// How many had been given up by then.
    pub dead_then: i64,
}

/// Of operations.
///
/// # Errors
/// When the database can't be asked.
pub async fn operations_over_time(
    client: &impl GenericClient,
    span: (DateTime<Utc>, DateTime<Utc>),
) -> Result<History, CatalogError> {
    history(client, "admin_operations", span).await
}

/// Of jobs that were given up. Those that were done are kept for some days only, so that nothing is said of them.
///
/// # Errors
/// When the database can't be asked.
pub async fn dead_jobs_over_time(
    client: &impl GenericClient,
    span: (DateTime<Utc>, DateTime<Utc>),
) -> Result<History, CatalogError> {
    history(client, "admin_jobs where status = 'dead'", span).await
}

/// `rows` are ours, never a caller's.
async fn history(
    client: &impl GenericClient,
    rows: &str,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<History, CatalogError> {
    // The database knows no time that is much older.
    let oldest = DateTime::UNIX_EPOCH.min(from);
    let before = from.checked_sub_signed(until - from).map_or(oldest, |before| before.max(oldest));
    let sql = format!(
        "select status::text as status,
                count(*) filter (where finished_at >= $1 and finished_at < $2) as ended,
                count(*) filter (where finished_at >= $3 and finished_at < $1) as ended_before,
                count(*) filter (where created_at < $1 and (finished_at is null or finished_at >= $1)) as under_way_then,
                count(*) filter (where finished_at < $1) as ended_then
         from {rows} group by status"
    );
    let mut history = History::default();
    for row in query::rows(client, &sql, &[&from, &until, &before]).await? {
        history.under_way_then += row.try_get::<_, i64>("under_way_then")?;
        let status: &str = row.try_get("status")?;
        if status == "dead" {
            history.dead_then = row.try_get("ended_then")?;
        }
        for (ended, column) in [(&mut history.ended, "ended"), (&mut history.ended_before, "ended_before")] {
            let number: i64 = row.try_get(column)?;
            match status {
                "succeeded" => ended.succeeded = number,
                "failed" => ended.failed = number,
                "dead" => ended.dead = number,
                "canceled" => ended.canceled = number,
                // What waits or runs has no end.
                _ => {}
            }
        }
    }
    Ok(history)
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
