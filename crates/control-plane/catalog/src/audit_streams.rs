//! `admin_audit_streams`: to whom the audit log is told, and how far each was told every chain.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// A stream to be.
#[derive(Debug)]
pub struct NewStream<'a> {
    /// Its id: what its secrets are sealed for.
    pub id: Uuid,
    /// What people call it.
    pub name: &'a str,
    /// Where it goes.
    pub endpoint: &'a str,
    /// What signs each delivery, sealed.
    pub signing_secret_sealed: Option<&'a str>,
    /// What goes into the Authorization header, sealed.
    pub authorization_sealed: Option<&'a str>,
    /// The authority of the endpoint's certificate, PEM.
    pub ca_certificate: Option<&'a str>,
}

/// A stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// The stream.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// Where it goes.
    pub endpoint: String,
    /// What signs each delivery, sealed.
    pub signing_secret_sealed: Option<String>,
    /// What goes into the Authorization header, sealed.
    pub authorization_sealed: Option<String>,
    /// The authority of the endpoint's certificate, PEM.
    pub ca_certificate: Option<String>,
    /// Whether it is delivered.
    pub is_active: bool,
    /// How often in a row it failed.
    pub failed_attempts: i32,
    /// When it is tried again, if it failed.
    pub next_attempt_at: DateTime<Utc>,
    /// Why it failed last; `None` when it didn't.
    pub last_error: Option<String>,
    /// When something was last delivered.
    pub last_delivered_at: Option<DateTime<Utc>>,
    /// How many rows were delivered.
    pub delivered_rows: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// How far a stream is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// How many rows weren't delivered yet.
    pub rows: i64,
    /// When the oldest of them was written.
    pub oldest: Option<DateTime<Utc>>,
}

const COLUMNS: &str =
    "id, name, endpoint, signing_secret_sealed, authorization_sealed, ca_certificate, is_active,
    failed_attempts, next_attempt_at, last_error, last_delivered_at, delivered_rows, created_at";

fn stream(row: &Row) -> Result<Stream, CatalogError> {
    Ok(Stream {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        endpoint: row.try_get("endpoint")?,
        signing_secret_sealed: row.try_get("signing_secret_sealed")?,
        authorization_sealed: row.try_get("authorization_sealed")?,
        ca_certificate: row.try_get("ca_certificate")?,
        is_active: row.try_get("is_active")?,
        failed_attempts: row.try_get("failed_attempts")?,
        next_attempt_at: row.try_get("next_attempt_at")?,
        last_error: row.try_get("last_error")?,
        last_delivered_at: row.try_get("last_delivered_at")?,
        delivered_rows: row.try_get("delivered_rows")?,
        created_at: row.try_get("created_at")?,
    })
}

/// Makes a stream; `None` when the name is taken.
///
/// # Errors
/// When the database can't be asked.
pub async fn insert(
    client: &impl GenericClient,
    new: &NewStream<'_>,
) -> Result<Option<Stream>, CatalogError> {
    let sql = format!(
        "insert into admin_audit_streams (id, name, endpoint, signing_secret_sealed, authorization_sealed, ca_certificate)
         values ($1, $2, $3, $4, $5, $6) on conflict (name) do nothing returning {COLUMNS}"
    );
    let NewStream { id, name, endpoint, signing_secret_sealed, authorization_sealed, ca_certificate } = new;
    let parameters: query::Parameters<'_> =
        &[id, name, endpoint, signing_secret_sealed, authorization_sealed, ca_certificate];
    query::optional(client, &sql, parameters).await?.as_ref().map(stream).transpose()
}

/// Has a new stream begin with what is written from now on.
///
/// # Errors
/// When the database can't be asked.
pub async fn begin_now(client: &impl GenericClient, id: Uuid) -> Result<(), CatalogError> {
    let sql = "insert into admin_audit_stream_cursors (stream_id, chain_id, sequence)
               select $1, chain_id, sequence from admin_audit_heads";
    query::execute(client, sql, &[&id]).await.map(drop)
}

/// All streams by name.
///
/// # Errors
/// When the database can't be asked.
pub async fn list(client: &impl GenericClient) -> Result<Vec<Stream>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_audit_streams order by name");
    row::all(&query::rows(client, &sql, &[]).await?, stream)
}

/// A stream.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(client: &impl GenericClient, id: Uuid) -> Result<Option<Stream>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_audit_streams where id = $1");
    query::optional(client, &sql, &[&id]).await?.as_ref().map(stream).transpose()
}

/// The same, held until the transaction ends.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock(client: &impl GenericClient, id: Uuid) -> Result<Option<Stream>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_audit_streams where id = $1 for update");
    query::optional(client, &sql, &[&id]).await?.as_ref().map(stream).transpose()
}

/// What an operator may change of a stream.
#[derive(Debug)]
pub struct StreamChange<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Whether it is delivered.
    pub is_active: bool,
    /// What goes into the Authorization header, sealed.
    pub authorization_sealed: Option<&'a str>,
    /// The authority of the endpoint's certificate, PEM.
    pub ca_certificate: Option<&'a str>,
}

/// Changes a stream, and has it tried at once; `None` when the name is another's.
///
/// # Errors
/// When the database can't be asked.
pub async fn update(
    client: &impl GenericClient,
    id: Uuid,
    change: &StreamChange<'_>,
) -> Result<Option<Stream>, CatalogError> {
    let StreamChange { name, is_active, authorization_sealed, ca_certificate } = change;
    let sql = format!(
        "update admin_audit_streams set name = $2, is_active = $3, authorization_sealed = $4, ca_certificate = $5,
             authorization_set_at =
                 case when authorization_sealed is distinct from $4 then now() else authorization_set_at end,
             next_attempt_at = now(), failed_attempts = 0, last_error = null
         where id = $1 and not exists (select from admin_audit_streams where name = $2 and id <> $1) returning {COLUMNS}"
    );
    let parameters: query::Parameters<'_> = &[&id, name, is_active, authorization_sealed, ca_certificate];
    query::optional(client, &sql, parameters).await?.as_ref().map(stream).transpose()
}

/// Forgets a stream and how far it was.
///
/// # Errors
/// When the database can't be asked.
pub async fn delete(client: &impl GenericClient, id: Uuid) -> Result<bool, CatalogError> {
    Ok(query::execute(client, "delete from admin_audit_streams where id = $1", &[&id]).await? == 1)
}

/// Each chain with where the stream goes on: behind what it was told, and behind what retention removed.
const BEHIND: &str = "select head.chain_id, head.sequence,
                             greatest(coalesce(cursor.sequence, 0), head.removed_sequence) as told
                      from admin_audit_heads head
                      left join admin_audit_stream_cursors cursor
                          on cursor.stream_id = $1 and cursor.chain_id = head.chain_id";

/// How far a stream is behind.
///
/// # Errors
/// When the database can't be asked.
pub async fn lag(client: &impl GenericClient, id: Uuid) -> Result<Lag, CatalogError> {
    let sql = format!(
        "select coalesce(sum(behind.sequence - behind.told), 0)::bigint as rows, min(next.created_at) as oldest
         from ({BEHIND}) behind
         join admin_audit_logs next on next.chain_id = behind.chain_id and next.chain_sequence = behind.told + 1
         where behind.sequence > behind.told"
    );
    let row = query::one(client, &sql, &[&id]).await?;
    Ok(Lag { rows: row.try_get("rows")?, oldest: row.try_get("oldest")? })
}

/// A row of the log as streams tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamedRow {
    /// Its chain.
    pub chain_id: Uuid,
    /// Its place in it.
    pub chain_sequence: i64,
    /// Its hash, hex.
    pub row_hash: String,
    /// What it says.
    pub record: super::audit::AuditRecord,
}

/// The next rows of a stream: of each chain in order, and of all chains side by side.
///
/// # Errors
/// When the database can't be asked.
pub async fn next_rows(
    client: &impl GenericClient,
    id: Uuid,
    limit: i64,
) -> Result<Vec<StreamedRow>, CatalogError> {
    // What is committed of a chain has no gap, and so has none what is read of it here: the smaller places come first.
    let sql = format!(
        "select log.id, log.customer_id, log.admin_user_id, log.action::text as action, log.resource_type,
                log.resource_id, log.old_values, log.new_values, log.ip_address, log.user_agent, log.created_at,
                log.chain_id, log.chain_sequence, encode(log.row_hash, 'hex') as row_hash
         from ({BEHIND}) behind
         cross join lateral (
             select * from admin_audit_logs log
             where log.chain_id = behind.chain_id and log.chain_sequence > behind.told
             order by log.chain_sequence limit $2
         ) log
         where behind.sequence > behind.told
         order by log.chain_sequence - behind.told, log.chain_id limit $2"
    );
    let rows = query::rows(client, &sql, &[&id, &limit]).await?;
    row::all(&rows, |row| {
        Ok(StreamedRow {
            chain_id: row.try_get("chain_id")?,
            chain_sequence: row.try_get("chain_sequence")?,
            row_hash: row.try_get("row_hash")?,
            record: super::audit::record(row)?,
        })
    })
}

/// Takes the next stream that is due, for a while; `None` when none is.
///
/// # Errors
/// When the database can't be asked.
pub async fn lease(
    client: &impl GenericClient,
    worker: &str,
    span: TimeDelta,
) -> Result<Option<Stream>, CatalogError> {
    let sql = format!(
        "update admin_audit_streams set leased_by = $1, leased_until = now() + make_interval(secs => $2)
         where id = (
             select id from admin_audit_streams stream
             where is_active and next_attempt_at <= now() and (leased_until is null or leased_until < now())
               and exists (
                   select from ({}) behind where behind.sequence > behind.told
               )
             order by next_attempt_at limit 1 for update skip locked
         ) returning {COLUMNS}",
        BEHIND.replace("$1", "stream.id")
    );
    let seconds = span.as_seconds_f64();
    query::optional(client, &sql, &[&worker, &seconds]).await?.as_ref().map(stream).transpose()
}

/// Notes what was delivered, and keeps the stream for another while. `false`: another worker has it by now, or it is paused
/// or gone. What it was told is noted all the same, as long as it is there.
///
/// # Errors
/// When the database can't be asked.
pub async fn delivered(
    client: &impl GenericClient,
    id: Uuid,
    worker: &str,
    span: TimeDelta,
    rows: &[StreamedRow],
) -> Result<bool, CatalogError> {
    let mut told: BTreeMap<Uuid, i64> = BTreeMap::new();
    for row in rows {
        let place = told.entry(row.chain_id).or_default();
        *place = (*place).max(row.chain_sequence);
    }
    let (chains, places): (Vec<Uuid>, Vec<i64>) = told.into_iter().unzip();
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    // One statement, so that it is written wholly or not at all.
    let sql = "with noted as (
                   insert into admin_audit_stream_cursors as cursor (stream_id, chain_id, sequence)
                   select $1, told.* from unnest($2::uuid[], $3::bigint[]) told
                   where exists (select from admin_audit_streams where id = $1)
                   on conflict (stream_id, chain_id) do update
                       set sequence = greatest(cursor.sequence, excluded.sequence)
               )
               update admin_audit_streams
               set delivered_rows = delivered_rows + $4, last_delivered_at = now(), failed_attempts = 0, last_error = null,
                   leased_until = case when leased_by = $5 then now() + make_interval(secs => $6) else leased_until end
               where id = $1 returning is_active and leased_by = $5 as is_ours";
    let seconds = span.as_seconds_f64();
    let row = query::optional(client, sql, &[&id, &chains, &places, &count, &worker, &seconds]).await?;
    Ok(row.map(|row| row.try_get::<_, Option<bool>>(0)).transpose()?.flatten().unwrap_or_default())
}

/// Gives a stream back that has nothing more to tell.
///
/// # Errors
/// When the database can't be asked.
pub async fn release(client: &impl GenericClient, id: Uuid, worker: &str) -> Result<(), CatalogError> {
    let sql = "update admin_audit_streams set leased_by = null, leased_until = null where id = $1 and leased_by = $2";
    query::execute(client, sql, &[&id, &worker]).await.map(drop)
}

/// Gives a stream back that couldn't be told, and has it tried again after a pause.
///
/// # Errors
/// When the database can't be asked.
pub async fn failed(
    client: &impl GenericClient,
    id: Uuid,
    worker: &str,
    pause: TimeDelta,
    error: &str,
) -> Result<(), CatalogError> {
    let sql = "update admin_audit_streams
               set leased_by = null, leased_until = null, failed_attempts = failed_attempts + 1, last_error = $3,
                   next_attempt_at = now() + make_interval(secs => $4)
               where id = $1 and leased_by = $2";
    query::execute(client, sql, &[&id, &worker, &error, &pause.as_seconds_f64()]).await.map(drop)
}
