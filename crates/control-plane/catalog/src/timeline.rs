//! All that happened to one customer: audit rows, operations and backups, as one list.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::filter::Filter;
use crate::page::{Cursor, Page, PageRequest};
use crate::{CatalogError, GenericClient, query, row};

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A row of the audit log.
    Audit,
    /// Long work on the customer.
    Operation,
    /// A backup of their database.
    Backup,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Audit, Self::Operation, Self::Backup];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Operation => "operation",
            Self::Backup => "backup",
        }
    }

    /// The rows of this kind with the columns of an entry. `time` is the first one's name in the table.
    fn select(self) -> (&'static str, &'static str) {
        match self {
            Self::Audit => (
                "created_at",
                "select id, created_at as at, 'audit' as kind, action::text as action, admin_user_id as actor,
                        null::text as status, resource_type, resource_id, old_values, new_values, null::text as error
                 from admin_audit_logs",
            ),
            Self::Operation => (
                "created_at",
                "select id, created_at, 'operation', kind, requested_by, status::text, 'operation', id::text as resource_id,
                        null::jsonb, null::jsonb, error
                 from admin_operations",
            ),
            Self::Backup => (
                "started_at",
                "select id, started_at, 'backup', kind::text, null::text, status::text, 'backup', id::text as resource_id,
                        null::jsonb, jsonb_build_object('size_bytes', size_bytes), error
                 from admin_backups",
            ),
        }
    }
}

impl std::str::FromStr for EntryKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| "must be one of audit, operation, backup".to_owned())
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The audit row, operation or backup.
    pub id: Uuid,
    /// When it happened or began.
    pub at: DateTime<Utc>,
    /// Which of them.
    pub kind: EntryKind,
    /// What was done; the kind of the operation or backup.
    pub action: String,
    /// Who did it or asked for it, as the audit log has it.
    pub actor: Option<String>,
    /// The operator's name, if it is one.
    pub actor_name: Option<String>,
    /// What the person is called whose membership changed.
    pub person: Option<String>,
    /// Where the operation or backup stands.
    pub status: Option<String>,
    /// The kind of thing that changed.
    pub resource_type: Option<String>,
    /// Which one.
    pub resource_id: Option<String>,
    /// The values before.
    pub old_values: Option<Value>,
    /// The values after.
    pub new_values: Option<Value>,
    /// What went wrong.
    pub error: Option<String>,
}

fn entry(row: &Row) -> Result<Entry, CatalogError> {
    Ok(Entry {
        id: row.try_get("id")?,
        at: row.try_get("at")?,
        kind: row::named(row, "kind")?,
        action: row.try_get("action")?,
        actor: row.try_get("actor")?,
        actor_name: row.try_get("actor_name")?,
        person: row.try_get("person")?,
        status: row.try_get("status")?,
        resource_type: row.try_get("resource_type")?,
        resource_id: row.try_get("resource_id")?,
        old_values: row.try_get("old_values")?,
        new_values: row.try_get("new_values")?,
        error: row.try_get("error")?,
    })
}

const SORT: &str = "timeline";

/// A page of what happened to a customer, the newest first, of these kinds.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `cursor` when the cursor is of another list.
pub async fn list(
    client: &impl GenericClient,
    customer: CustomerId,
    kinds: &[EntryKind],
    page: &PageRequest,
) -> Result<Page<Entry>, CatalogError> {
    let cursor = page.cursor_of(SORT)?;
    let customer = customer.uuid();
    let (time, id) = (cursor.map(Cursor::time).transpose()?, cursor.map(|cursor| cursor.id));
    let limit = page.rows_to_read();
    // The same parameters for each kind; each has an index in this order, and reads one page at most.
    let mut conditions = Filter::new("true");
    let (customer, limit) = (conditions.parameter(&customer), conditions.parameter(&limit));
    let after = match (&time, &id) {
        (Some(time), Some(id)) => Some((conditions.parameter(time), conditions.parameter(id))),
        _ => None,
    };
    let parts: Vec<_> = kinds
        .iter()
        .map(|kind| {
            let (time, select) = kind.select();
            let after = after.as_ref().map_or_else(String::new, |(last_time, last_id)| {
                format!(" and ({time}, id) < ({last_time}, {last_id})")
            });
            format!(
                "({select} where customer_id = {customer}{after} order by {time} desc, id desc limit {limit})"
            )
        })
        .collect();
    let sql = format!(
        "select entry.*, operator.name as actor_name, coalesce(person.name, person.email) as person
         from ({}) as entry (id, at, kind, action, actor, status, resource_type, resource_id, old_values, new_values, error)
         left join admin_operators operator on operator.id::text = entry.actor
         left join admin_clerk_users person on entry.resource_type = 'membership' and person.clerk_user_id = entry.resource_id
         order by entry.at desc, entry.id desc limit {limit}",
        parts.join(" union all ")
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    Ok(Page::of(row::all(&rows, entry)?, page, |entry| Cursor::at(SORT, entry.at, entry.id)))
}
