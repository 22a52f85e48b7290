//! `admin_audit_logs`: who changed what, with the values before and after. Written in the transaction of the change.

mod masking;
mod retention;
mod words;

use std::net::IpAddr;

use chrono::{DateTime, Utc};
pub use domain::operator::Actor;
use domain::{AuditAction, CustomerId};
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use masking::{masked, masked_text};
pub use retention::remove_before;
pub use words::search;

use crate::filter::{Filter, containing};
use crate::page::{Cursor, Page, PageRequest, TimeRange};
use crate::{CatalogError, GenericClient, query, row};

/// What was done. Nothing secret belongs into the values.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// To whom; stays when the customer goes.
    pub customer_id: Option<CustomerId>,
    /// What.
    pub action: AuditAction,
    /// The kind of thing that changed, such as `api_key`.
    pub resource_type: &'static str,
    /// Which one.
    pub resource_id: Option<String>,
    /// The values before.
    pub old_values: Option<Value>,
    /// The values after.
    pub new_values: Option<Value>,
}

/// Writes an audit row; its id. What looks like a secret is masked: in the values, the thing's id and the program's name.
///
/// # Errors
/// When the database can't be asked.
pub async fn insert(
    client: &impl GenericClient,
    actor: &Actor,
    entry: &AuditEntry,
) -> Result<Uuid, CatalogError> {
    let row = query::one(
        client,
        "insert into admin_audit_logs (customer_id, admin_user_id, action, resource_type, resource_id, old_values,
             new_values, ip_address, user_agent)
         values ($1, $2, $3::text::audit_action, $4, $5, $6, $7, $8, $9) returning id",
        &[
            &entry.customer_id.map(CustomerId::uuid),
            &actor.admin_user_id,
            &entry.action.as_str(),
            &entry.resource_type,
            &entry.resource_id.as_deref().map(masked_text),
            &entry.old_values.clone().map(masked),
            &entry.new_values.clone().map(masked),
            &actor.ip_address,
            &actor.user_agent.as_deref().map(masked_text),
        ],
    )
    .await?;
    Ok(row.try_get(0)?)
}

/// A row of `admin_audit_logs`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditRecord {
    /// The row.
    pub id: Uuid,
    /// To whom.
    pub customer_id: Option<CustomerId>,
    /// Who did it.
    pub admin_user_id: Option<String>,
    /// What.
    pub action: AuditAction,
    /// The kind of thing that changed.
    pub resource_type: Option<String>,
    /// Which one.
    pub resource_id: Option<String>,
    /// The values before.
    pub old_values: Option<Value>,
    /// The values after.
    pub new_values: Option<Value>,
    /// Where the request came from.
    pub ip_address: Option<IpAddr>,
    /// The program that sent it.
    pub user_agent: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

pub(crate) fn record(row: &Row) -> Result<AuditRecord, CatalogError> {
    Ok(AuditRecord {
        id: row.try_get("id")?,
        customer_id: row.try_get::<_, Option<Uuid>>("customer_id")?.map(CustomerId),
        admin_user_id: row.try_get("admin_user_id")?,
        action: row::named(row, "action")?,
        resource_type: row.try_get("resource_type")?,
        resource_id: row.try_get("resource_id")?,
        old_values: row.try_get("old_values")?,
        new_values: row.try_get("new_values")?,
        ip_address: row.try_get("ip_address")?,
        user_agent: row.try_get("user_agent")?,
        created_at: row.try_get("created_at")?,
    })
}

/// Which audit rows.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// What was done to this customer.
    pub customer: Option<CustomerId>,
    /// What was done so.
    pub action: Option<AuditAction>,
    /// What was done to things of this kind.
    pub resource_type: Option<String>,
    /// What was done to this thing.
    pub resource_id: Option<String>,
    /// What this operator did.
    pub admin_user_id: Option<String>,
    /// What was done in this time.
    pub created: TimeRange,
    /// What has each of these somewhere in its action, its thing or its values. There is no index of them: see [`search`].
    pub words: Vec<String>,
}

const COLUMNS: &str = "id, customer_id, admin_user_id, action::text as action, resource_type, resource_id, old_values, \
     new_values, ip_address, user_agent, created_at";

/// One audit row.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(client: &impl GenericClient, id: Uuid) -> Result<Option<AuditRecord>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_audit_logs where id = $1");
    query::optional(client, &sql, &[&id]).await?.as_ref().map(record).transpose()
}

const SORT: &str = "-created_at";

/// A page of audit rows, the newest first.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `cursor` when the cursor is of another list.
pub async fn list(
    client: &impl GenericClient,
    filter: &AuditFilter,
    page: &PageRequest,
) -> Result<Page<AuditRecord>, CatalogError> {
    let cursor = page.cursor_of(SORT)?;
    let (customer, action) = (filter.customer.map(CustomerId::uuid), filter.action.map(AuditAction::as_str));
    let (cursor_time, cursor_id) = (cursor.map(Cursor::time).transpose()?, cursor.map(|cursor| cursor.id));
    let words: Vec<_> = filter.words.iter().map(|word| containing(word)).collect();
    let limit = page.rows_to_read();
    let mut conditions = Filter::new("true");
    conditions.and_if("customer_id = ?", &customer);
    conditions.and_if("action = ?::text::audit_action", &action);
    conditions.and_if("resource_type = ?", &filter.resource_type);
    conditions.and_if("resource_id = ?", &filter.resource_id);
    conditions.and_if("admin_user_id = ?", &filter.admin_user_id);
    conditions.and_if("created_at >= ?", &filter.created.from);
    conditions.and_if("created_at < ?", &filter.created.until);
    if !words.is_empty() {
        conditions.and(words::HAS_WORDS, &words);
    }
    conditions.and_keyset("created_at", "<", &cursor_time, &cursor_id);
    let limit = conditions.parameter(&limit);
    let sql = format!(
        "select {COLUMNS} from admin_audit_logs where {} order by created_at desc, id desc limit {limit}",
        conditions.sql()
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    Ok(Page::of(row::all(&rows, record)?, page, |entry| Cursor::at(SORT, entry.created_at, entry.id)))
}
