//! Data keys as people see them: whose, since when, and which master key opens each. Never a key itself.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use uuid::Uuid;

use crate::{CatalogError, Cursor, GenericClient, Page, PageRequest, query, row};

/// The oldest come first: they are what somebody may want to rotate.
const SORT: &str = "created_at";

/// A version of a data key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKey {
    /// Whose; `None` is the platform.
    pub customer_id: Option<CustomerId>,
    /// What the customer is called in addresses.
    pub customer_slug: Option<String>,
    /// What people call the customer.
    pub company_name: Option<String>,
    /// Which of theirs, from 1.
    pub version: i32,
    /// The master key that opens it.
    pub master_key_id: String,
    /// Since when it is there.
    pub created_at: DateTime<Utc>,
    /// Since when a later version seals; `None` while this one does.
    pub superseded_at: Option<DateTime<Utc>>,
}

/// A page of all data keys, the oldest first; of one customer only, if one is named.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `cursor` when the cursor is of another list.
pub async fn list(
    client: &impl GenericClient,
    customer: Option<CustomerId>,
    page: &PageRequest,
) -> Result<Page<DataKey>, CatalogError> {
    let cursor = page.cursor_of(SORT)?;
    let (time, id) = match cursor {
        Some(cursor) => (Some(cursor.time()?), Some(cursor.id)),
        None => (None, None),
    };
    // The platform's own stand under the smallest of all ids. Two versions of one key are never made at one moment: the
    // later one is made when the earlier one is there.
    let sql = "select key.customer_id, customer.company_domain, customer.company_name, key.version, key.master_key_id,
                   key.created_at, key.superseded_at
               from admin_data_keys key left join admin_customers customer on customer.id = key.customer_id
               where ($1::uuid is null or key.customer_id = $1)
                 and ($2::timestamptz is null or (key.created_at,
                     coalesce(key.customer_id, '00000000-0000-0000-0000-000000000000')) > ($2, $3))
               order by key.created_at, coalesce(key.customer_id, '00000000-0000-0000-0000-000000000000') limit $4";
    let customer = customer.map(CustomerId::uuid);
    let rows = query::rows(client, sql, &[&customer, &time, &id, &page.rows_to_read()]).await?;
    let found = row::all(&rows, |row| {
        Ok(DataKey {
            customer_id: row.try_get::<_, Option<Uuid>>("customer_id")?.map(CustomerId),
            customer_slug: row.try_get("company_domain")?,
            company_name: row.try_get("company_name")?,
            version: row.try_get("version")?,
            master_key_id: row.try_get("master_key_id")?,
            created_at: row.try_get("created_at")?,
            superseded_at: row.try_get("superseded_at")?,
        })
    })?;
    Ok(Page::of(found, page, |last| {
        Cursor::at(SORT, last.created_at, last.customer_id.map_or(Uuid::nil(), CustomerId::uuid))
    }))
}
