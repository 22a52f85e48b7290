//! `admin_clerk_messages`: every message of a webhook, as it came.

use chrono::{DateTime, Utc};
use domain::clerk::MessageStatus;
use serde_json::Value;
use tokio_postgres::Row;

use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_clerk_messages`.
#[derive(Debug, Clone)]
pub struct Message {
    /// The sender's id: the same whenever it is sent again.
    pub id: String,
    /// What happened: `organization.created`.
    pub event_type: String,
    /// When, by the sender's clock.
    pub occurred_at: DateTime<Utc>,
    /// What became of it.
    pub status: MessageStatus,
    /// What it waits for, or why nothing was done about it.
    pub detail: Option<String>,
    /// How often it was looked at.
    pub attempts: i32,
    /// When it was done.
    pub processed_at: Option<DateTime<Utc>>,
    /// When it came.
    pub created_at: DateTime<Utc>,
}

/// A message to be written down.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    /// The sender's id.
    pub id: &'a str,
    /// What happened.
    pub event_type: &'a str,
    /// Everything that was said.
    pub payload: &'a Value,
    /// When it happened, by the sender's clock.
    pub occurred_at: DateTime<Utc>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending<'a> {
    /// What became of it.
    pub status: MessageStatus,
    /// Why.
    pub detail: Option<&'a str>,
    /// The user or organization that it waits for.
    pub waits_for: Option<&'a str>,
}

const COLUMNS: &str =
    "id, event_type, occurred_at, status::text as status, detail, attempts, processed_at, created_at";

fn message(row: &Row) -> Result<Message, CatalogError> {
    Ok(Message {
        id: row.try_get("id")?,
        event_type: row.try_get("event_type")?,
        occurred_at: row.try_get("occurred_at")?,
        status: row::named(row, "status")?,
        detail: row.try_get("detail")?,
        attempts: row.try_get("attempts")?,
        processed_at: row.try_get("processed_at")?,
        created_at: row.try_get("created_at")?,
    })
}

/// Writes a message down. Whether it is new.
///
/// # Errors
/// When the database can't be asked.
pub async fn insert(client: &impl GenericClient, new: &NewMessage<'_>) -> Result<bool, CatalogError> {
    let sql =
        "insert into admin_clerk_messages (id, event_type, payload, occurred_at) values ($1, $2, $3, $4)
               on conflict (id) do nothing";
    let inserted =
        query::execute(client, sql, &[&new.id, &new.event_type, &new.payload, &new.occurred_at]).await?;
    Ok(inserted == 1)
}

/// A message with all that it said.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(client: &impl GenericClient, id: &str) -> Result<Option<(Message, Value)>, CatalogError> {
    let sql = format!("select {COLUMNS}, payload from admin_clerk_messages where id = $1");
    let found = query::optional(client, &sql, &[&id]).await?;
    found.map(|row| Ok((message(&row)?, row.try_get("payload")?))).transpose()
}

/// The same, held until the transaction ends: of two workers who look at it, one waits.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock(client: &impl GenericClient, id: &str) -> Result<Option<(Message, Value)>, CatalogError> {
    let sql = format!("select {COLUMNS}, payload from admin_clerk_messages where id = $1 for update");
    let found = query::optional(client, &sql, &[&id]).await?;
    found.map(|row| Ok((message(&row)?, row.try_get("payload")?))).transpose()
}

/// Writes down what became of a message.
///
/// # Errors
/// When the database can't be asked.
pub async fn end(client: &impl GenericClient, id: &str, ending: &Ending<'_>) -> Result<(), CatalogError> {
    let sql = "update admin_clerk_messages
               set status = $2::text::clerk_message_status, detail = left($3, 1000), waits_for = $4,
                   attempts = attempts + 1,
                   processed_at = case when $2 = 'waiting' then null else now() end
               where id = $1";
    let status = ending.status.as_str();
    query::execute(client, sql, &[&id, &status, &ending.detail, &ending.waits_for]).await.map(drop)
}

/// Makes a message wait anew, whatever became of it. `None` when there is no such message.
///
/// # Errors
/// When the database can't be asked.
pub async fn replay(client: &impl GenericClient, id: &str) -> Result<Option<Message>, CatalogError> {
    let sql = format!(
        "update admin_clerk_messages
         set status = 'waiting', detail = null, waits_for = null, processed_at = null
         where id = $1 returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&id]).await?.as_ref().map(message).transpose()
}

/// The messages that wait for this user or organization.
///
/// # Errors
/// When the database can't be asked.
pub async fn waiting_for(client: &impl GenericClient, id: &str) -> Result<Vec<String>, CatalogError> {
    let sql =
        "select id from admin_clerk_messages where waits_for = $1 and status = 'waiting' order by created_at";
    row::all(&query::rows(client, sql, &[&id]).await?, |row| Ok(row.try_get(0)?))
}

/// The messages that wait since then, the oldest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn waiting_since(
    client: &impl GenericClient,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<String>, CatalogError> {
    let sql = "select id from admin_clerk_messages where status = 'waiting' and updated_at < $1
               order by created_at limit $2";
    row::all(&query::rows(client, sql, &[&since, &limit]).await?, |row| Ok(row.try_get(0)?))
}

/// Removes what was done or needed nothing, and is older than this. How many that were.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove_before(client: &impl GenericClient, before: DateTime<Utc>) -> Result<u64, CatalogError> {
    let sql = "delete from admin_clerk_messages where created_at < $1 and status in ('processed', 'ignored')";
    query::execute(client, sql, &[&before]).await
}

/// Messages, the newest first; only those before this one, when it is given.
///
/// # Errors
/// When the database can't be asked.
pub async fn list(
    client: &impl GenericClient,
    status: Option<MessageStatus>,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<Message>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_clerk_messages
         where ($1::text is null or status = $1::text::clerk_message_status)
               and ($2::text is null or (created_at, id) < (
                   select known.created_at, known.id from admin_clerk_messages known where known.id = $2))
         order by created_at desc, id desc limit $3"
    );
    let status = status.map(MessageStatus::as_str);
    row::all(&query::rows(client, &sql, &[&status, &before, &limit]).await?, message)
}

/// How many messages stand so.
///
/// # Errors
/// When the database can't be asked.
pub async fn count_by_status(client: &impl GenericClient) -> Result<Vec<(MessageStatus, i64)>, CatalogError> {
    let sql =
        "select status::text as status, count(*) as messages from admin_clerk_messages group by 1 order by 1";
    row::all(&query::rows(client, sql, &[]).await?, |row| {
        Ok((row::named(row, "status")?, row.try_get("messages")?))
    })
}
