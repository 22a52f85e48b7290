//! `admin_jobs`: background jobs, who runs them until when, and what became of them.
//!
//! Here is what everybody may do: ask for a job, list, retry. The worker's side is `Catalog` as a [`jobs::JobStore`].

mod store;

use ::jobs::NewJob;
use chrono::{DateTime, Utc};
use domain::{JobId, JobStatus};
use serde_json::Value;
use tokio_postgres::Row;

use crate::filter::Filter;
use crate::{CatalogError, GenericClient, query, row};

/// The channel on which workers are told that a job is due.
pub const CHANNEL: &str = "admin_jobs";

/// A row of `admin_jobs`.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// The job.
    pub id: JobId,
    /// What does it.
    pub kind: String,
    /// What it is about.
    pub payload: Value,
    /// Where it stands.
    pub status: JobStatus,
    /// How often it was tried.
    pub attempts: i32,
    /// After how many failed tries it is given up.
    pub max_attempts: i32,
    /// How many workers died while they ran it.
    pub crashes: i32,
    /// After how many it is given up.
    pub max_crashes: i32,
    /// When it may next run.
    pub run_at: DateTime<Utc>,
    /// The last thing that went wrong.
    pub last_error: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was last begun.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended for good.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Which jobs to list.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    /// Only in these states; in all when there are none.
    pub statuses: Vec<JobStatus>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only those asked for before this one: the last id of the page before.
    pub before: Option<JobId>,
}

const COLUMNS: &str = "id, kind, payload, status::text, attempts, max_attempts, crashes, max_crashes, run_at, \
     last_error, created_at, updated_at, started_at, finished_at";

fn job(row: &Row) -> Result<JobRow, CatalogError> {
    Ok(JobRow {
        id: JobId(row.try_get("id")?),
        kind: row.try_get("kind")?,
        payload: row.try_get("payload")?,
        status: row::named(row, "status")?,
        attempts: row.try_get("attempts")?,
        max_attempts: row.try_get("max_attempts")?,
        crashes: row.try_get("crashes")?,
        max_crashes: row.try_get("max_crashes")?,
        run_at: row.try_get("run_at")?,
        last_error: row.try_get("last_error")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}

/// Asks for a job, in the transaction of whatever it is about: both are there, or neither. `None` when one with the
/// same unique key waits or runs already.
///
/// # Errors
/// When the database can't be asked.
pub async fn enqueue(client: &impl GenericClient, new: &NewJob) -> Result<Option<JobId>, CatalogError> {
    let row = query::optional(
        client,
        "insert into admin_jobs (id, kind, payload, run_at, unique_key, max_attempts, max_crashes)
         values ($1, $2, $3, coalesce($4, now()), $5, $6, $7)
         on conflict (unique_key) where status in ('queued', 'running') do nothing returning id",
        &[
            &JobId::generate().uuid(),
            &new.kind,
            &new.payload,
            &new.run_at,
            &new.unique_key,
            &new.max_attempts,
            &new.max_crashes,
        ],
    )
    .await?;
    row.map(|row| Ok(JobId(row.try_get(0)?))).transpose()
}

/// One job.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(client: &impl GenericClient, id: JobId) -> Result<Option<JobRow>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_jobs where id = $1");
    query::optional(client, &sql, &[&id.uuid()]).await?.as_ref().map(job).transpose()
}

/// Jobs, the newest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn list(
    client: &impl GenericClient,
    filter: &JobFilter,
    limit: i64,
) -> Result<Vec<JobRow>, CatalogError> {
    let before = filter.before.map(JobId::uuid);
    let statuses: Vec<_> = filter.statuses.iter().map(|status| status.as_str()).collect();
    let mut conditions = Filter::new("true");
    if !statuses.is_empty() {
        conditions.and("status = any(?::text[]::admin_job_status[])", &statuses);
    }
    conditions.and_if("kind = ?", &filter.kind);
    conditions.and_if("id < ?", &before);
    let limit = conditions.parameter(&limit);
    let sql =
        format!("select {COLUMNS} from admin_jobs where {} order by id desc limit {limit}", conditions.sql());
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    row::all(&rows, job)
}

/// Queues a dead job again, with its tries and crashes forgotten. `None` when it isn't dead.
///
/// # Errors
/// [`CatalogError::Conflict`] (`admin_jobs_unique_key`) when another job with its unique key waits or runs.
pub async fn retry(client: &impl GenericClient, id: JobId) -> Result<Option<JobRow>, CatalogError> {
    let sql = format!(
        "update admin_jobs set status = 'queued', attempts = 0, crashes = 0, run_at = now(), offered_at = null,
                started_at = null, finished_at = null
         where id = $1 and status = 'dead' returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&id.uuid()]).await?.as_ref().map(job).transpose()
}

/// Takes a job off that waits or was given up: it doesn't run. `None` when it runs, is done, or was taken off before.
///
/// # Errors
/// When the database can't be asked.
pub async fn cancel(client: &impl GenericClient, id: JobId) -> Result<Option<JobRow>, CatalogError> {
    let sql = format!(
        "update admin_jobs set status = 'canceled', finished_at = now()
         where id = $1 and status in ('queued', 'dead') returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&id.uuid()]).await?.as_ref().map(job).transpose()
}
