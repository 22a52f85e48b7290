//! `admin_master_keys`: which master keys were ever used, and which one wraps new data keys. The keys themselves are
//! elsewhere.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio_postgres::Row;

use crate::{CatalogError, GenericClient, query, row};

/// A master key, and what it wraps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MasterKeyRow {
    /// Its id.
    pub id: String,
    /// The kind of who holds it.
    pub provider: String,
    /// `active`, `previous` or `retired`.
    pub state: String,
    /// Since when it wraps, or did.
    pub activated_at: DateTime<Utc>,
    /// Since when nothing may be wrapped with it.
    pub retired_at: Option<DateTime<Utc>>,
    /// How many data keys it wraps now.
    pub data_keys: i64,
}

fn master_key(row: &Row) -> Result<MasterKeyRow, CatalogError> {
    Ok(MasterKeyRow {
        id: row.try_get("id")?,
        provider: row.try_get("provider")?,
        state: row.try_get("state")?,
        activated_at: row.try_get("activated_at")?,
        retired_at: row.try_get("retired_at")?,
        data_keys: row.try_get("data_keys")?,
    })
}

/// The id of the key that wraps new data keys; `None` before the first.
///
/// # Errors
/// When the database can't be asked.
pub async fn active(client: &impl GenericClient) -> Result<Option<String>, CatalogError> {
    let row = query::optional(client, "select id from admin_master_keys where state = 'active'", &[]).await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// Makes a key the first one, unless there is an active one already; answers which one is.
///
/// # Errors
/// When the database can't be asked.
pub async fn begin_with(
    client: &impl GenericClient,
    id: &str,
    provider: &str,
) -> Result<String, CatalogError> {
    query::execute(
        client,
        "insert into admin_master_keys (id, provider, state) values ($1, $2, 'active') on conflict do nothing",
        &[&id, &provider],
    )
    .await?;
    active(client).await?.ok_or_else(|| {
        CatalogError::Unreadable(format!("master key {id:?} was used before and can't begin anew"))
    })
}

/// Makes a key the one that wraps new data keys; answers which one was. In a transaction: the caller also notes the
/// rotation.
///
/// # Errors
/// When the database can't be asked.
pub async fn activate(
    client: &impl GenericClient,
    id: &str,
    provider: &str,
) -> Result<Option<String>, CatalogError> {
    let before = query::optional(
        client,
        "update admin_master_keys set state = 'previous' where state = 'active' returning id",
        &[],
    )
    .await?;
    query::execute(
        client,
        "insert into admin_master_keys (id, provider, state) values ($1, $2, 'active')
         on conflict (id) do update set state = 'active', provider = excluded.provider, activated_at = now(),
             retired_at = null",
        &[&id, &provider],
    )
    .await?;
    before.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// All keys that were ever used, the active one first.
///
/// # Errors
/// When the database can't be asked.
pub async fn all(client: &impl GenericClient) -> Result<Vec<MasterKeyRow>, CatalogError> {
    let sql = "select master_key.id, provider, state::text as state, activated_at, retired_at,
                      coalesce(used.data_keys, 0) as data_keys
               from admin_master_keys master_key
               left join (select master_key_id, count(*) as data_keys from admin_data_keys group by 1) used
                   on used.master_key_id = master_key.id
               order by master_key.state, activated_at desc, master_key.id";
    row::all(&query::rows(client, sql, &[]).await?, master_key)
}

/// Locks a key's row and reads it, for retiring it in the same transaction.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock(client: &impl GenericClient, id: &str) -> Result<Option<MasterKeyRow>, CatalogError> {
    if query::optional(client, "select id from admin_master_keys where id = $1 for update", &[&id])
        .await?
        .is_none()
    {
        return Ok(None);
    }
    // After the lock, in a statement of its own: what was committed while we waited for it is counted.
    let sql = "select id, provider, state::text as state, activated_at, retired_at,
                      (select count(*) from admin_data_keys where master_key_id = $1) as data_keys
               from admin_master_keys where id = $1";
    Ok(Some(master_key(&query::one(client, sql, &[&id]).await?)?))
}

/// Retires a key that was locked before.
///
/// # Errors
/// When the database can't be asked.
pub async fn retire(client: &impl GenericClient, id: &str) -> Result<(), CatalogError> {
    query::execute(
        client,
        "update admin_master_keys set state = 'retired', retired_at = now() where id = $1 and state = 'previous'",
        &[&id],
    )
    .await?;
    Ok(())
}
