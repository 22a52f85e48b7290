//! `admin_clerk_reconciliations`: comparisons with Clerk, and what they found.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// How many are kept.
const KEPT: i64 = 200;

/// A row of `admin_clerk_reconciliations`.
#[derive(Debug, Clone)]
pub struct Reconciliation {
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How many organizations were compared.
    pub organizations: i32,
    /// How many memberships were compared.
    pub memberships: i32,
    /// What was different: an array of objects.
    pub drift: Value,
    /// Why it didn't come to its end, or left something as it is.
    pub error: Option<String>,
}

/// Writes one down, and forgets those of long ago.
///
/// # Errors
/// When the database can't be asked.
pub async fn insert(client: &impl GenericClient, new: &Reconciliation) -> Result<Uuid, CatalogError> {
    let sql = "insert into admin_clerk_reconciliations
                   (started_at, finished_at, organizations, memberships, drift, error)
               values ($1, $2, $3, $4, $5, left($6, 2000)) returning id";
    let row = query::one(
        client,
        sql,
        &[&new.started_at, &new.finished_at, &new.organizations, &new.memberships, &new.drift, &new.error],
    )
    .await?;
    let sql = "delete from admin_clerk_reconciliations where id in (
                   select id from admin_clerk_reconciliations order by started_at desc offset $1)";
    query::execute(client, sql, &[&KEPT]).await?;
    Ok(row.try_get(0)?)
}

/// The newest ones.
///
/// # Errors
/// When the database can't be asked.
pub async fn list(client: &impl GenericClient, limit: i64) -> Result<Vec<Reconciliation>, CatalogError> {
    let sql = "select started_at, finished_at, organizations, memberships, drift, error
               from admin_clerk_reconciliations order by started_at desc limit $1";
    row::all(&query::rows(client, sql, &[&limit]).await?, |row| {
        Ok(Reconciliation {
            started_at: row.try_get("started_at")?,
            finished_at: row.try_get("finished_at")?,
            organizations: row.try_get("organizations")?,
            memberships: row.try_get("memberships")?,
            drift: row.try_get("drift")?,
            error: row.try_get("error")?,
        })
    })
}
