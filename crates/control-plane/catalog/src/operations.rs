//! `admin_operations` and `admin_operation_steps`: long work on customers, its lease, and what became of it.
//!
//! What is stored: the intent (what should be true in the end), who works on it until when, how often it was
//! tried. What is not stored: what is there. That is observed, each time.

mod lease;
mod steps;

use chrono::{DateTime, Utc};
use domain::{CustomerId, OperationId, OperationKind, OperationStatus};
use serde_json::Value;
use tokio_postgres::Row;

use crate::filter::Filter;
use crate::{CatalogError, GenericClient, query};

pub use lease::{claim, extend_lease, finish, postpone, release, turn_back};
pub use steps::{OperationStep, end_steps, plan_steps, record_step, steps};

/// The channel on which changes are told: `<operation id> <status or "step">`.
pub const CHANNEL: &str = "admin_operations";

/// What should be true when an operation is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationIntent {
    /// The customer and their database are there.
    Present,
    /// Neither is.
    Absent,
}

impl OperationIntent {
    fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Absent => "absent",
        }
    }
}

/// A row of `admin_operations`.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The operation.
    pub id: OperationId,
    /// What it is for.
    pub kind: OperationKind,
    /// The customer it works on.
    pub customer_id: CustomerId,
    /// The customer's short name, which stays readable after the customer is gone.
    pub customer_slug: String,
    /// Where it stands.
    pub status: OperationStatus,
    /// What should be true in the end. A sign-up that can't be done is turned into `Absent`.
    pub intent: OperationIntent,
    /// What the kind needs besides, such as the backup to restore. Nothing secret.
    pub parameters: Value,
    /// How often it was taken up for the present intent.
    pub attempts: i32,
    /// How often it may be.
    pub max_attempts: i32,
    /// When somebody asked for it to be taken back.
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// The last thing that went wrong, in a sentence.
    pub error: Option<String>,
    /// Who works on it now: a name that is new with every claim, so that nobody mistakes another's lease for theirs.
    pub lease_owner: Option<String>,
    /// Who asked for it.
    pub requested_by: Option<String>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When a worker first took it up, since it was asked for or retried.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What is needed to ask for an operation.
#[derive(Debug, Clone)]
pub struct NewOperation {
    /// What it is for.
    pub kind: OperationKind,
    /// The customer it works on.
    pub customer_id: CustomerId,
    /// The customer's short name.
    pub customer_slug: String,
    /// What should be true in the end.
    pub intent: OperationIntent,
    /// What the kind needs besides. Nothing secret.
    pub parameters: Value,
    /// Who asks.
    pub requested_by: Option<String>,
}

/// Which operations to list.
#[derive(Debug, Clone, Default)]
pub struct OperationFilter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only of customers of this short name: also of those whose sign-up was taken back, who have no row.
    pub customer_slug: Option<String>,
    /// Only in these states; in all when there are none.
    pub statuses: Vec<OperationStatus>,
    /// Only those asked for before this one: the last id of the page before.
    pub before: Option<OperationId>,
}

const COLUMNS: &str = "id, kind, customer_id, customer_slug, status::text, intent::text, parameters, attempts, \
     max_attempts, cancel_requested_at, error, lease_owner, requested_by, created_at, updated_at, started_at, finished_at";

fn operation(row: &Row) -> Result<Operation, CatalogError> {
    Ok(Operation {
        id: OperationId(row.try_get("id")?),
        kind: parse(row, "kind")?,
        customer_id: CustomerId(row.try_get("customer_id")?),
        customer_slug: row.try_get("customer_slug")?,
        status: parse(row, "status")?,
        intent: match row.try_get("intent")? {
            "present" => OperationIntent::Present,
            _ => OperationIntent::Absent,
        },
        parameters: row.try_get("parameters")?,
        attempts: row.try_get("attempts")?,
        max_attempts: row.try_get("max_attempts")?,
        cancel_requested_at: row.try_get("cancel_requested_at")?,
        error: row.try_get("error")?,
        lease_owner: row.try_get("lease_owner")?,
        requested_by: row.try_get("requested_by")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}

fn parse<T: std::str::FromStr<Err = String>>(row: &Row, column: &str) -> Result<T, CatalogError> {
    let text: &str = row.try_get(column)?;
    text.parse().map_err(|message| CatalogError::Unreadable(format!("{column}: {message}")))
}

/// Asks for an operation, in the transaction that makes the rows it works on.
///
/// # Errors
/// [`CatalogError::Conflict`] (`admin_operations_one_at_a_time`) while another one works on the customer.
pub async fn insert(client: &impl GenericClient, new: &NewOperation) -> Result<Operation, CatalogError> {
    let row = query::one(
        client,
        &format!(
            "insert into admin_operations (kind, customer_id, customer_slug, intent, parameters, requested_by)
             values ($1, $2, $3, $4::text::admin_operation_intent, $5, $6) returning {COLUMNS}"
        ),
        &[
            &new.kind.as_str(),
            &new.customer_id.uuid(),
            &new.customer_slug,
            &new.intent.as_str(),
            &new.parameters,
            &new.requested_by,
        ],
    )
    .await?;
    operation(&row)
}

/// One operation.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(client: &impl GenericClient, id: OperationId) -> Result<Option<Operation>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_operations where id = $1");
    query::optional(client, &sql, &[&id.uuid()]).await?.as_ref().map(operation).transpose()
}

/// Operations, the newest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn list(
    client: &impl GenericClient,
    filter: &OperationFilter,
    limit: i64,
) -> Result<Vec<Operation>, CatalogError> {
    let customer = filter.customer_id.map(CustomerId::uuid);
    let before = filter.before.map(OperationId::uuid);
    let statuses: Vec<_> = filter.statuses.iter().map(|status| status.as_str()).collect();
    let mut conditions = Filter::new("true");
    conditions.and_if("customer_id = ?", &customer);
    conditions.and_if("customer_slug = ?", &filter.customer_slug);
    if !statuses.is_empty() {
        conditions.and("status = any(?::text[]::admin_operation_status[])", &statuses);
    }
    conditions.and_if("id < ?", &before);
    let limit = conditions.parameter(&limit);
    let sql = format!(
        "select {COLUMNS} from admin_operations where {} order by id desc limit {limit}",
        conditions.sql()
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    rows.iter().map(operation).collect()
}

/// Asks for the operation to be taken back. `None` when it has ended or is past that.
///
/// # Errors
/// When the database can't be asked.
pub async fn request_cancel(
    client: &impl GenericClient,
    id: OperationId,
) -> Result<Option<Operation>, CatalogError> {
    let sql = format!(
        "update admin_operations set cancel_requested_at = coalesce(cancel_requested_at, now()), run_after = now()
         where id = $1 and status in ('queued', 'running') and intent = 'present' returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&id.uuid()]).await?.as_ref().map(operation).transpose()
}

impl Operation {
    /// Whether what it made is being removed, though that isn't what was asked for; also when that died, and waits for somebody.
    #[must_use]
    pub fn is_being_undone(&self) -> bool {
        let is_to_be_removed =
            self.kind != OperationKind::CustomerDelete && self.intent == OperationIntent::Absent;
        is_to_be_removed && (!self.status.is_finished() || self.status == OperationStatus::Dead)
    }

    /// The name under which its lease is held; empty when nobody holds it, and then no lease matches.
    #[must_use]
    pub fn lease_holder(&self) -> &str {
        self.lease_owner.as_deref().unwrap_or_default()
    }
}

/// Whether somebody asked for the operation to be taken back.
///
/// # Errors
/// When the database can't be asked.
pub async fn is_cancel_requested(client: &impl GenericClient, id: OperationId) -> Result<bool, CatalogError> {
    let row = query::optional(
        client,
        "select cancel_requested_at is not null from admin_operations where id = $1",
        &[&id.uuid()],
    )
    .await?;
    row.map_or(Ok(false), |row| Ok(row.try_get(0)?))
}

/// Queues a dead operation again. `None` when it isn't dead.
///
/// # Errors
/// When the database can't be asked.
pub async fn retry(client: &impl GenericClient, id: OperationId) -> Result<Option<Operation>, CatalogError> {
    let sql = format!(
        "update admin_operations set status = 'queued', attempts = 0, run_after = now(), started_at = null, finished_at = null
         where id = $1 and status = 'dead' returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&id.uuid()]).await?.as_ref().map(operation).transpose()
}
