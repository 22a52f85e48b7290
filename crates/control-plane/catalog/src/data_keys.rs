//! `admin_data_keys`: wrapped data keys, with which all secrets are sealed: a customer's under their id, the platform's
//! own under none. The newest version seals; older ones are there for as long as something is sealed with them.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_data_keys`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDataKey {
    /// Whose; `None` is the platform.
    pub customer_id: Option<CustomerId>,
    /// Which of theirs, from 1.
    pub version: i32,
    /// The key, wrapped by a master key.
    pub wrapped_key: String,
}

const COLUMNS: &str = "customer_id, version, wrapped_key";

fn stored(row: &Row) -> Result<StoredDataKey, CatalogError> {
    Ok(StoredDataKey {
        customer_id: row.try_get::<_, Option<Uuid>>("customer_id")?.map(CustomerId),
        version: row.try_get("version")?,
        wrapped_key: row.try_get("wrapped_key")?,
    })
}

/// Stores a customer's first wrapped data key.
///
/// # Errors
/// [`CatalogError::Conflict`] when the customer has one.
pub async fn insert(
    client: &impl GenericClient,
    customer: CustomerId,
    wrapped_key: &str,
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "insert into admin_data_keys (customer_id, wrapped_key) values ($1, $2)",
        &[&customer.uuid(), &wrapped_key],
    )
    .await?;
    Ok(())
}

/// Stores a version, unless it is there already: whoever is second reads what the first one wrote. From then on it is the
/// one that seals.
///
/// # Errors
/// When the database can't be asked.
pub async fn insert_version(client: &impl GenericClient, key: &StoredDataKey) -> Result<(), CatalogError> {
    let customer = key.customer_id.map(CustomerId::uuid);
    query::execute(
        client,
        "insert into admin_data_keys (customer_id, version, wrapped_key) values ($1, $2, $3)
         on conflict (customer_id, version) do nothing",
        &[&customer, &key.version, &key.wrapped_key],
    )
    .await?;
    query::execute(
        client,
        "update admin_data_keys set superseded_at = now()
         where customer_id is not distinct from $1 and version < $2 and superseded_at is null",
        &[&customer, &key.version],
    )
    .await?;
    Ok(())
}

/// The version that seals now.
///
/// # Errors
/// When the database can't be asked.
pub async fn newest(
    client: &impl GenericClient,
    customer: Option<CustomerId>,
) -> Result<Option<StoredDataKey>, CatalogError> {
    // Two statements, because `is not distinct from` can't use the index.
    let row = match customer {
        Some(customer) => {
            let sql = "select customer_id, version, wrapped_key from admin_data_keys where customer_id = $1
                       order by version desc limit 1";
            query::optional(client, sql, &[&customer.uuid()]).await?
        }
        None => {
            let sql =
                "select customer_id, version, wrapped_key from admin_data_keys where customer_id is null
                       order by version desc limit 1";
            query::optional(client, sql, &[]).await?
        }
    };
    row.as_ref().map(stored).transpose()
}

/// One version.
///
/// # Errors
/// When the database can't be asked.
pub async fn version(
    client: &impl GenericClient,
    customer: Option<CustomerId>,
    version: i32,
) -> Result<Option<StoredDataKey>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_data_keys
         where (customer_id = $1 or ($1::uuid is null and customer_id is null)) and version = $2"
    );
    let row = query::optional(client, &sql, &[&customer.map(CustomerId::uuid), &version]).await?;
    row.as_ref().map(stored).transpose()
}

/// Destroys a customer's data keys: nothing sealed with them can ever be opened again.
///
/// # Errors
/// When the database can't be asked.
pub async fn delete(client: &impl GenericClient, customer: CustomerId) -> Result<(), CatalogError> {
    query::execute(client, "delete from admin_data_keys where customer_id = $1", &[&customer.uuid()]).await?;
    Ok(())
}

/// Data keys that another master key than this one wraps, in order, those after the given one.
///
/// # Errors
/// When the database can't be asked.
pub async fn not_wrapped_by(
    client: &impl GenericClient,
    master_key_id: &str,
    after: Option<&StoredDataKey>,
    limit: i64,
) -> Result<Vec<StoredDataKey>, CatalogError> {
    // The platform's come first, as the smallest of all ids.
    let (customer, version) = after.map_or((None, 0), |key| (Some(key.customer_id), key.version));
    let customer = customer.map(|customer| customer.map_or(Uuid::nil(), CustomerId::uuid));
    let sql = format!(
        "select {COLUMNS} from admin_data_keys
         where master_key_id <> $1
           and ($2::uuid is null
                or (coalesce(customer_id, '00000000-0000-0000-0000-000000000000'), version) > ($2, $3))
         order by coalesce(customer_id, '00000000-0000-0000-0000-000000000000'), version limit $4"
    );
    row::all(&query::rows(client, &sql, &[&master_key_id, &customer, &version, &limit]).await?, stored)
}

/// How many data keys another master key than this one wraps.
///
/// # Errors
/// When the database can't be asked.
pub async fn count_not_wrapped_by(
    client: &impl GenericClient,
    master_key_id: &str,
) -> Result<i64, CatalogError> {
    let sql = "select count(*) from admin_data_keys where master_key_id <> $1";
    Ok(query::one(client, sql, &[&master_key_id]).await?.try_get(0)?)
}

/// Replaces what wraps a data key, if it is still what was read. `false`: somebody else was faster, or the customer is
/// gone.
///
/// # Errors
/// [`CatalogError::Invalid`] when the new master key is retired.
pub async fn rewrap(
    client: &impl GenericClient,
    old: &StoredDataKey,
    wrapped_key: &str,
) -> Result<bool, CatalogError> {
    let changed = query::execute(
        client,
        "update admin_data_keys set wrapped_key = $4
         where (customer_id = $1 or ($1::uuid is null and customer_id is null)) and version = $2 and wrapped_key = $3",
        &[&old.customer_id.map(CustomerId::uuid), &old.version, &old.wrapped_key, &wrapped_key],
    )
    .await?;
    Ok(changed == 1)
}

/// Versions that don't seal any more since before the given time.
///
/// # Errors
/// When the database can't be asked.
pub async fn superseded_before(
    client: &impl GenericClient,
    before: DateTime<Utc>,
) -> Result<Vec<StoredDataKey>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_data_keys where superseded_at < $1 limit 1000");
    row::all(&query::rows(client, &sql, &[&before]).await?, stored)
}

/// Destroys one version.
///
/// # Errors
/// When the database can't be asked.
pub async fn delete_version(client: &impl GenericClient, key: &StoredDataKey) -> Result<(), CatalogError> {
    query::execute(
        client,
        "delete from admin_data_keys
         where (customer_id = $1 or ($1::uuid is null and customer_id is null)) and version = $2
           and superseded_at is not null",
        &[&key.customer_id.map(CustomerId::uuid), &key.version],
    )
    .await?;
    Ok(())
}
