//! `admin_key_rotations`: rotations of master keys and data keys, how far they are and what stands in their way.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_key_rotations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRotation {
    /// The rotation.
    pub id: Uuid,
    /// What is rotated, and to what.
    pub target: RotationTarget,
    /// What the customer is called whose data key it is: the name, and the short name.
    pub customer_name: Option<String>,
    /// See there.
    pub customer_slug: Option<String>,
    /// `running`, `succeeded` or `failed`.
    pub status: String,
    /// How many data keys, or secrets, are to be changed.
    pub total: i64,
    /// How many were.
    pub done: i64,
    /// How many don't open.
    pub failed: i64,
    /// What stands in the way.
    pub error: Option<String>,
    /// Who asked for it.
    pub requested_by: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What is rotated, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotationTarget {
    /// All data keys are to be wrapped with this master key.
    MasterKey {
        /// The key before.
        from: Option<String>,
        /// The key.
        to: String,
    },
    /// All secrets of a customer (`None`: the platform) are to be sealed with this version of their data key.
    DataKey {
        /// Whose.
        customer_id: Option<CustomerId>,
        /// The version.
        to_version: i32,
    },
}

/// What is told of rotations, each with the customer whose data key it is about. `rotations` is the table, or what a
/// statement has returned of it.
fn select(rotations: &str) -> String {
    format!(
        "select rotation.id, rotation.from_key_id, rotation.to_key_id, rotation.customer_id, rotation.to_version,
                rotation.status::text as status, rotation.total, rotation.done, rotation.failed, rotation.error,
                rotation.requested_by, rotation.created_at, rotation.finished_at, customer.company_name, customer.company_domain
         from {rotations} rotation left join admin_customers customer on customer.id = rotation.customer_id"
    )
}

fn rotation(row: &Row) -> Result<KeyRotation, CatalogError> {
    let target = match row.try_get::<_, Option<String>>("to_key_id")? {
        Some(to) => RotationTarget::MasterKey { from: row.try_get("from_key_id")?, to },
        None => RotationTarget::DataKey {
            customer_id: row.try_get::<_, Option<Uuid>>("customer_id")?.map(CustomerId),
            to_version: row.try_get::<_, Option<i32>>("to_version")?.unwrap_or(1),
        },
    };
    Ok(KeyRotation {
        id: row.try_get("id")?,
        target,
        customer_name: row.try_get("company_name")?,
        customer_slug: row.try_get("company_domain")?,
        status: row.try_get("status")?,
        total: row.try_get("total")?,
        done: row.try_get("done")?,
        failed: row.try_get("failed")?,
        error: row.try_get("error")?,
        requested_by: row.try_get("requested_by")?,
        created_at: row.try_get("created_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}

/// Notes that a rotation was asked for.
///
/// # Errors
/// [`CatalogError::Conflict`] when one of the same is running.
pub async fn insert(
    client: &impl GenericClient,
    target: &RotationTarget,
    total: i64,
    requested_by: Option<&str>,
) -> Result<KeyRotation, CatalogError> {
    let (kind, from, to, customer, version) = match target {
        RotationTarget::MasterKey { from, to } => {
            ("master_key", from.as_deref(), Some(to.as_str()), None, None)
        }
        RotationTarget::DataKey { customer_id, to_version } => {
            ("data_key", None, None, customer_id.map(CustomerId::uuid), Some(*to_version))
        }
    };
    let sql = format!(
        "with inserted as (
             insert into admin_key_rotations
                 (id, kind, from_key_id, to_key_id, customer_id, to_version, total, requested_by)
             values ($1, $2::text::admin_key_rotation_kind, $3, $4, $5, $6, $7, $8) returning *
         ) {}",
        select("inserted")
    );
    let id = Uuid::now_v7();
    rotation(
        &query::one(client, &sql, &[&id, &kind, &from, &to, &customer, &version, &total, &requested_by])
            .await?,
    )
}

/// One rotation.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(client: &impl GenericClient, id: Uuid) -> Result<Option<KeyRotation>, CatalogError> {
    let sql = format!("{} where rotation.id = $1", select("admin_key_rotations"));
    query::optional(client, &sql, &[&id]).await?.as_ref().map(rotation).transpose()
}

/// The newest rotations.
///
/// # Errors
/// When the database can't be asked.
pub async fn newest(client: &impl GenericClient, limit: i64) -> Result<Vec<KeyRotation>, CatalogError> {
    let sql = format!("{} order by rotation.id desc limit $1", select("admin_key_rotations"));
    row::all(&query::rows(client, &sql, &[&limit]).await?, rotation)
}

/// Notes how far a rotation is. Nothing happens to one that has ended.
///
/// # Errors
/// When the database can't be asked.
pub async fn progress(
    client: &impl GenericClient,
    id: Uuid,
    (remaining, failed): (i64, i64),
    error: Option<&str>,
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "update admin_key_rotations
         set total = greatest(total, $2), done = greatest(total, $2) - $2, failed = $3, error = $4
         where id = $1 and status = 'running'",
        &[&id, &remaining, &failed, &error],
    )
    .await?;
    Ok(())
}

/// Ends a rotation: in success, or because some of what it was about doesn't open.
///
/// # Errors
/// When the database can't be asked.
pub async fn finish(
    client: &impl GenericClient,
    id: Uuid,
    failed: i64,
    error: Option<&str>,
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "update admin_key_rotations
         set status = case when $2::bigint = 0 then 'succeeded' else 'failed' end::admin_key_rotation_status,
             total = greatest(total, $2), done = greatest(total, $2) - $2, failed = $2, error = $3,
             finished_at = now()
         where id = $1 and status = 'running'",
        &[&id, &failed, &error],
    )
    .await?;
    Ok(())
}

/// Notes why a rotation can't go on now. Nothing happens to one that has ended.
///
/// # Errors
/// When the database can't be asked.
pub async fn stands_still(client: &impl GenericClient, id: Uuid, error: &str) -> Result<(), CatalogError> {
    let sql = "update admin_key_rotations set error = $2 where id = $1 and status = 'running'";
    query::execute(client, sql, &[&id, &error]).await?;
    Ok(())
}
