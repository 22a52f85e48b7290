//! `admin_idempotency_keys`: requests of the operator API that were begun under a key of the caller's.
//!
//! All times are the database's, so that servers whose clocks differ agree on who holds a key.

use std::time::Duration;

use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query};

/// A request that wants to be done once.
#[derive(Debug, Clone)]
pub struct NewRequest<'a> {
    /// The row.
    pub id: Uuid,
    /// Lower-case hex SHA-256 of operator, method, path and key: what is done once.
    pub scope_hash: String,
    /// Who asks.
    pub operator: &'a str,
    /// How.
    pub method: &'a str,
    /// Where.
    pub path: &'a str,
    /// The caller's key.
    pub key: &'a str,
    /// Lower-case hex SHA-256 of what is asked.
    pub fingerprint: String,
}

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAnswer {
    /// The status.
    pub status: u16,
    /// An object of texts.
    pub headers: Value,
    /// The body, sealed.
    pub body_sealed: String,
    /// The permissions that were asked for; `None` when that wasn't kept.
    pub asked_permissions: Option<Vec<String>>,
    /// Whether a session was.
    pub asked_session: bool,
}

/// What was found under a caller's key.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// Nothing: the request is the caller's to do.
    Won,
    /// A request that asked for something else.
    Reused,
    /// The same request, which is being done.
    Running,
    /// The same request. The server that did it is gone, or couldn't tell what became of it.
    Unknown,
    /// The same request, and its answer; the row's id, to which the seal is bound.
    Done(Uuid, StoredAnswer),
}

/// Takes a caller's key for a request, for as long as the lease, or tells what is there. A key whose day is over is
/// free again.
///
/// # Errors
/// When the database can't be asked.
pub async fn claim(
    client: &impl GenericClient,
    new: &NewRequest<'_>,
    lease: Duration,
) -> Result<Claim, CatalogError> {
    // One who finds the key taken, and then no row, met one who gave it back in between.
    for _ in 0..3 {
        let won = query::optional(
            client,
            "insert into admin_idempotency_keys as held
                 (id, scope_hash, operator, method, path, idempotency_key, fingerprint, lease_expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 second')
             on conflict (scope_hash) do update
             set id = excluded.id, fingerprint = excluded.fingerprint, lease_expires_at = excluded.lease_expires_at,
                 expires_at = excluded.expires_at, response_status = null, response_headers = '{}',
                 response_body_sealed = null
             where held.expires_at <= now() and held.lease_expires_at <= now()
             returning id",
            &[
                &new.id,
                &new.scope_hash,
                &new.operator,
                &new.method,
                &new.path,
                &new.key,
                &new.fingerprint,
                &lease.as_secs_f64(),
            ],
        )
        .await?;
        if won.is_some() {
            return Ok(Claim::Won);
        }
        let found = query::optional(
            client,
            "select id, fingerprint, lease_expires_at > now() as is_held, response_status, response_headers,
                    response_body_sealed, asked_permissions, asked_session
             from admin_idempotency_keys where scope_hash = $1",
            &[&new.scope_hash],
        )
        .await?;
        if let Some(row) = found {
            return read(&row, &new.fingerprint);
        }
    }
    Ok(Claim::Running)
}

fn read(row: &Row, fingerprint: &str) -> Result<Claim, CatalogError> {
    if row.try_get::<_, &str>("fingerprint")? != fingerprint {
        return Ok(Claim::Reused);
    }
    let status: Option<i32> = row.try_get("response_status")?;
    let body: Option<String> = row.try_get("response_body_sealed")?;
    if let (Some(status), Some(body_sealed)) = (status, body) {
        let status =
            u16::try_from(status).map_err(|_| CatalogError::Unreadable(format!("status {status}")))?;
        let answer = StoredAnswer {
            status,
            headers: row.try_get("response_headers")?,
            body_sealed,
            asked_permissions: row.try_get("asked_permissions")?,
            asked_session: row.try_get("asked_session")?,
        };
        return Ok(Claim::Done(row.try_get("id")?, answer));
    }
    Ok(if row.try_get("is_held")? { Claim::Running } else { Claim::Unknown })
}

/// Says that the request is still being done.
///
/// # Errors
/// When the database can't be asked.
pub async fn renew(client: &impl GenericClient, id: Uuid, lease: Duration) -> Result<(), CatalogError> {
    let sql = "update admin_idempotency_keys set lease_expires_at = now() + $2 * interval '1 second'
               where id = $1 and response_status is null";
    query::execute(client, sql, &[&id, &lease.as_secs_f64()]).await?;
    Ok(())
}

/// Keeps the answer. Doing it again changes nothing.
///
/// # Errors
/// When the database can't be asked.
pub async fn keep(client: &impl GenericClient, id: Uuid, answer: &StoredAnswer) -> Result<(), CatalogError> {
    query::execute(
        client,
        "update admin_idempotency_keys
         set response_status = $2, response_headers = $3, response_body_sealed = $4, asked_permissions = $5,
             asked_session = $6, lease_expires_at = now()
         where id = $1 and response_status is null",
        &[
            &id,
            &i32::from(answer.status),
            &answer.headers,
            &answer.body_sealed,
            &answer.asked_permissions,
            &answer.asked_session,
        ],
    )
    .await?;
    Ok(())
}

/// Gives the key back: nothing was done.
///
/// # Errors
/// When the database can't be asked.
pub async fn free(client: &impl GenericClient, id: Uuid) -> Result<(), CatalogError> {
    let sql = "delete from admin_idempotency_keys where id = $1 and response_status is null";
    query::execute(client, sql, &[&id]).await?;
    Ok(())
}

/// Ends the lease: what became of the request isn't known, and it won't be found out.
///
/// # Errors
/// When the database can't be asked.
pub async fn leave_unknown(client: &impl GenericClient, id: Uuid) -> Result<(), CatalogError> {
    let sql = "update admin_idempotency_keys set lease_expires_at = now() where id = $1 and response_status is null";
    query::execute(client, sql, &[&id]).await?;
    Ok(())
}

/// Removes keys whose day is over, at most so many; how many there were.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove_expired(client: &impl GenericClient, limit: u32) -> Result<u64, CatalogError> {
    query::execute(
        client,
        "delete from admin_idempotency_keys where id in (
             select id from admin_idempotency_keys where expires_at <= now() and lease_expires_at <= now()
             order by expires_at limit $1 for update skip locked
         )",
        &[&i64::from(limit)],
    )
    .await
}
