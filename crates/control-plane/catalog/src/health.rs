//! What the admin database shows of how the platform fares: signs of life, what waits, what was given up.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use crate::{CatalogError, GenericClient, query};

/// How background work fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkHealth {
    /// When a worker last queued something by itself, which each does at least twice a minute.
    pub worker_seen_at: Option<DateTime<Utc>>,
    /// Since when the job waits that is due the longest.
    pub job_due_since: Option<DateTime<Utc>>,
    /// Jobs that were given up.
    pub dead_jobs: i64,
    /// Operations that were given up.
    pub dead_operations: i64,
}

/// How backups fare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupHealth {
    /// When the last one was whole.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// Databases whose last backup of the last two days failed.
    pub failing: i64,
    /// Since when there is anything to back up.
    pub since: Option<DateTime<Utc>>,
}

/// How a periodic job fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobHealth {
    /// When it last came to its end.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// What is wrong with it now.
    pub error: Option<String>,
}

/// How telling the audit log to others fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamHealth {
    /// How many are told.
    pub active: i64,
    /// The names of those that can't be told.
    pub failing: Vec<String>,
}

/// How messages of the identity provider fare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageHealth {
    /// When the last one came.
    pub received_at: Option<DateTime<Utc>>,
    /// Since when the one waits that waits the longest.
    pub waiting_since: Option<DateTime<Utc>>,
    /// How many could not be done.
    pub failed: i64,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Background work.
    pub work: WorkHealth,
    /// Backups.
    pub backups: BackupHealth,
    /// The anchors of the audit log.
    pub anchors: JobHealth,
    /// The audit log's streams.
    pub streams: StreamHealth,
    /// The identity provider's messages.
    pub messages: MessageHealth,
}

/// Everything in one round trip; each part reads a few rows of an index.
///
/// # Errors
/// When the database can't be asked.
pub async fn read(client: &impl GenericClient) -> Result<Health, CatalogError> {
    let row = query::one(client, SQL, &[]).await?;
    Ok(Health {
        work: WorkHealth {
            worker_seen_at: row.try_get("worker_seen_at")?,
            job_due_since: row.try_get("job_due_since")?,
            dead_jobs: row.try_get("dead_jobs")?,
            dead_operations: row.try_get("dead_operations")?,
        },
        backups: BackupHealth {
            succeeded_at: row.try_get("backup_succeeded_at")?,
            failing: row.try_get("backups_failing")?,
            since: row.try_get("since")?,
        },
        anchors: anchors(&row)?,
        streams: StreamHealth {
            active: row.try_get("streams_active")?,
            failing: row.try_get("streams_failing")?,
        },
        messages: MessageHealth {
            received_at: row.try_get("message_received_at")?,
            waiting_since: row.try_get("message_waiting_since")?,
            failed: row.try_get("messages_failed")?,
        },
    })
}

fn anchors(row: &Row) -> Result<JobHealth, CatalogError> {
    Ok(JobHealth { succeeded_at: row.try_get("anchored_at")?, error: row.try_get("anchor_error")? })
}

const SQL: &str = "
select
    (select max(updated_at) from admin_job_schedules) as worker_seen_at,
    (select min(run_at) from admin_jobs where status = 'queued' and run_at <= now()) as job_due_since,
    (select count(*) from admin_jobs where status = 'dead') as dead_jobs,
    (select count(*) from admin_operations where status = 'dead') as dead_operations,
    (select max(finished_at) from admin_backups
     where status = 'succeeded' and started_at > now() - interval '30 days') as backup_succeeded_at,
    (select count(*) from (
        select distinct on (database_name) status from admin_backups
        where started_at > now() - interval '2 days' and status <> 'running' order by database_name, started_at desc
     ) newest where status = 'failed') as backups_failing,
    (select min(created_at) from admin_customers where deleted_at is null and lifecycle = 'ready') as since,
    (select max(finished_at) from (
        select finished_at from admin_jobs where kind = 'audit_anchors' and status = 'succeeded'
        order by id desc limit 5) latest) as anchored_at,
    (select case when status <> 'succeeded' then last_error end from admin_jobs where kind = 'audit_anchors'
     order by id desc limit 1) as anchor_error,
    (select count(*) from admin_audit_streams where is_active) as streams_active,
    array(select name from admin_audit_streams where is_active and failed_attempts > 0 order by name) as streams_failing,
    (select max(created_at) from admin_clerk_messages) as message_received_at,
    (select min(created_at) from admin_clerk_messages where status = 'waiting') as message_waiting_since,
    (select count(*) from admin_clerk_messages where status = 'failed') as messages_failed";
