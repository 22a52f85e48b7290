//! How old the data keys are that seal now, and when they were rotated last. Never a key, not even wrapped.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::filter::Filter;
use crate::key_rotations::{KeyRotation, rotation};
use crate::page::{Cursor, Page, PageRequest};
use crate::{CatalogError, GenericClient, query, row};

/// The data key that seals somebody's secrets now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKeyAge {
    /// Whose; `None` is the platform.
    pub customer_id: Option<CustomerId>,
    /// Which of theirs, from 1.
    pub version: i32,
    /// Since when it seals.
    pub created_at: DateTime<Utc>,
    /// The master key that wraps it.
    pub master_key_id: String,
    /// How many versions before it are still there, because something is or was sealed with them.
    pub older_versions: i64,
    /// The last rotation of their data key.
    pub last_rotation: Option<KeyRotation>,
}

const SORT: &str = "data_key_age";

/// The platform's key has no customer; in the order it has the smallest of all ids.
const OWNER: &str = "coalesce(customer_id, '00000000-0000-0000-0000-000000000000')";

fn age(row: &Row) -> Result<DataKeyAge, CatalogError> {
    Ok(DataKeyAge {
        customer_id: row.try_get::<_, Option<Uuid>>("customer_id")?.map(CustomerId),
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        master_key_id: row.try_get("master_key_id")?,
        older_versions: row.try_get("older_versions")?,
        last_rotation: None,
    })
}

/// A page of them, the oldest first; only this customer's when one is given.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `cursor` when the cursor is of another list.
pub async fn list(
    client: &impl GenericClient,
    customer: Option<CustomerId>,
    page: &PageRequest,
) -> Result<Page<DataKeyAge>, CatalogError> {
    let cursor = page.cursor_of(SORT)?;
    let after = cursor.map(|cursor| Ok::<_, CatalogError>((cursor.time()?, cursor.id))).transpose()?;
    let (after_time, after_id) = after.unzip();
    let customer = customer.map(CustomerId::uuid);
    let limit = page.rows_to_read();
    let mut conditions = Filter::new("superseded_at is null");
    conditions.and_if("customer_id = ?", &customer);
    if let (Some(time), Some(id)) = (&after_time, &after_id) {
        let (time, id) = (conditions.parameter(time), conditions.parameter(id));
        conditions.and_plain(&format!("(created_at, {OWNER}) > ({time}, {id})"));
    }
    let limit = conditions.parameter(&limit);
    let sql = format!(
        "select customer_id, version, created_at, master_key_id,
                (select count(*) from admin_data_keys older
                 where (older.customer_id = key.customer_id or (older.customer_id is null and key.customer_id is null))
                   and older.version < key.version) as older_versions
         from admin_data_keys key where {} order by created_at, {OWNER} limit {limit}",
        conditions.sql()
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    let owner = |key: &DataKeyAge| key.customer_id.map_or(Uuid::nil(), CustomerId::uuid);
    let mut found = Page::of(row::all(&rows, age)?, page, |key| Cursor::at(SORT, key.created_at, owner(key)));
    add_rotations(client, &mut found.data).await?;
    Ok(found)
}

/// One question for the whole page.
async fn add_rotations(client: &impl GenericClient, keys: &mut [DataKeyAge]) -> Result<(), CatalogError> {
    let customers: Vec<_> = keys.iter().filter_map(|key| key.customer_id.map(CustomerId::uuid)).collect();
    let has_platform = keys.iter().any(|key| key.customer_id.is_none());
    let sql = format!(
        "select distinct on (customer_id) {} from admin_key_rotations
         where kind = 'data_key' and (customer_id = any($1) or ($2 and customer_id is null))
         order by customer_id, id desc",
        crate::key_rotations::COLUMNS
    );
    for row in query::rows(client, &sql, &[&customers, &has_platform]).await? {
        let customer = row.try_get::<_, Option<Uuid>>("customer_id")?.map(CustomerId);
        let last = rotation(&row)?;
        if let Some(key) = keys.iter_mut().find(|key| key.customer_id == customer) {
            key.last_rotation = Some(last);
        }
    }
    Ok(())
}
