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

/// A comparison without what it found one by one.
#[derive(Debug, Clone)]
pub struct ReconciliationSummary {
    /// The comparison.
    pub id: Uuid,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
    /// How many organizations were compared.
    pub organizations: i32,
    /// How many memberships were compared.
    pub memberships: i32,
    /// How many differences were found.
    pub differences: i32,
    /// Why it didn't come to its end, or left something as it is.
    pub error: Option<String>,
}

/// The newest ones.
///
/// # Errors
/// When the database can't be asked.
pub async fn list(
    client: &impl GenericClient,
    limit: i64,
) -> Result<Vec<ReconciliationSummary>, CatalogError> {
    let sql = "select id, started_at, finished_at, organizations, memberships, jsonb_array_length(drift) as differences, error
               from admin_clerk_reconciliations order by started_at desc limit $1";
    row::all(&query::rows(client, sql, &[&limit]).await?, |row| {
        Ok(ReconciliationSummary {
            id: row.try_get("id")?,
            started_at: row.try_get("started_at")?,
            finished_at: row.try_get("finished_at")?,
            organizations: row.try_get("organizations")?,
            memberships: row.try_get("memberships")?,
            differences: row.try_get("differences")?,
            error: row.try_get("error")?,
        })
    })
}

/// At most `limit` differences of a comparison, in the order in which they were found, after so many others. `None` when there is no
/// such comparison, or no longer.
///
/// # Errors
/// When the database can't be asked.
pub async fn differences(
    client: &impl GenericClient,
    id: Uuid,
    after: i64,
    limit: i64,
) -> Result<Option<Vec<Value>>, CatalogError> {
    let sql = "select (select coalesce(jsonb_agg(found.value order by found.number), '[]')
                       from jsonb_array_elements(drift) with ordinality found (value, number)
                       where found.number > $2 and found.number <= $2 + $3)
               from admin_clerk_reconciliations where id = $1";
    let Some(row) = query::optional(client, sql, &[&id, &after, &limit]).await? else { return Ok(None) };
    match row.try_get(0)? {
        Value::Array(found) => Ok(Some(found)),
        other => Err(CatalogError::Unreadable(format!("differences {other}"))),
    }
}
