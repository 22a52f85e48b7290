//! `admin_operator_tokens`: what operators let programs do in their name.

use chrono::{DateTime, Utc};
use domain::{Right, Role};
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::filter::Filter;
use crate::operators::roles;
use crate::page::{Cursor, Page, PageRequest};
use crate::{CatalogError, GenericClient, query, row};

/// A token to be.
#[derive(Debug)]
pub struct NewToken<'a> {
    /// Whose.
    pub operator_id: Uuid,
    /// What it is for.
    pub name: &'a str,
    /// Lower-case hex SHA-256.
    pub token_hash: &'a str,
    /// Its beginning.
    pub token_prefix: &'a str,
    /// What it may do, as long as its operator may.
    pub permissions: &'a [Right],
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// A token as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TokenRow {
    /// The token.
    pub id: Uuid,
    /// Whose.
    pub operator_id: Uuid,
    /// What it is for.
    pub name: String,
    /// Its beginning.
    pub token_prefix: String,
    /// What it may do, as long as its operator may.
    pub permissions: Vec<Right>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Since when it is worth nothing.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A token that may be used.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveToken {
    /// The token.
    pub id: Uuid,
    /// Whose.
    pub operator_id: Uuid,
    /// What it may do, as long as its operator may.
    pub permissions: Vec<Right>,
    /// What its operator may do now.
    pub roles: Vec<Role>,
}

const COLUMNS: &str =
    "id, operator_id, name, token_prefix, permissions, expires_at, last_used_at, revoked_at, created_at";

fn token(row: &Row) -> Result<TokenRow, CatalogError> {
    Ok(TokenRow {
        id: row.try_get("id")?,
        operator_id: row.try_get("operator_id")?,
        name: row.try_get("name")?,
        token_prefix: row.try_get("token_prefix")?,
        permissions: permissions(row)?,
        expires_at: row.try_get("expires_at")?,
        last_used_at: row.try_get("last_used_at")?,
        revoked_at: row.try_get("revoked_at")?,
        created_at: row.try_get("created_at")?,
    })
}

/// A permission that this version doesn't know gives nothing.
fn permissions(row: &Row) -> Result<Vec<Right>, CatalogError> {
    let names: Vec<String> = row.try_get("permissions")?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Makes a token.
///
/// # Errors
/// When the database can't be asked.
pub async fn insert(client: &impl GenericClient, new: &NewToken<'_>) -> Result<TokenRow, CatalogError> {
    let sql = format!(
        "insert into admin_operator_tokens (operator_id, name, token_hash, token_prefix, permissions, expires_at)
         values ($1, $2, $3, $4, $5, $6) returning {COLUMNS}"
    );
    let permissions: Vec<_> = new.permissions.iter().map(|right| right.as_str()).collect();
    let row = query::one(
        client,
        &sql,
        &[&new.operator_id, &new.name, &new.token_hash, &new.token_prefix, &permissions, &new.expires_at],
    )
    .await?;
    token(&row)
}

/// The token of a hash, unless it has ended or its operator is disabled.
///
/// # Errors
/// When the database can't be asked.
pub async fn live(client: &impl GenericClient, token_hash: &str) -> Result<Option<LiveToken>, CatalogError> {
    let sql = format!("{LIVE} and token_hash = $1");
    query::optional(client, &sql, &[&token_hash]).await?.as_ref().map(live_token).transpose()
}

/// Whose token this is or was, and its id: also when it has ended.
///
/// # Errors
/// When the database can't be asked.
pub async fn holder(
    client: &impl GenericClient,
    token_hash: &str,
) -> Result<Option<(Uuid, Uuid)>, CatalogError> {
    let sql = "select operator_id, id from admin_operator_tokens where token_hash = $1";
    let found = query::optional(client, sql, &[&token_hash]).await?;
    found.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// The same token later, by its id.
///
/// # Errors
/// When the database can't be asked.
pub async fn still_live(client: &impl GenericClient, id: Uuid) -> Result<Option<LiveToken>, CatalogError> {
    let sql = format!("{LIVE} and token.id = $1");
    query::optional(client, &sql, &[&id]).await?.as_ref().map(live_token).transpose()
}

const LIVE: &str = "select token.id, operator_id, permissions, roles
     from admin_operator_tokens token join admin_operators operator on operator.id = operator_id
     where revoked_at is null and expires_at > now() and disabled_at is null";

fn live_token(row: &Row) -> Result<LiveToken, CatalogError> {
    Ok(LiveToken {
        id: row.try_get("id")?,
        operator_id: row.try_get("operator_id")?,
        permissions: permissions(row)?,
        roles: roles(row)?,
    })
}

/// Notes that a token is used, once a minute.
///
/// # Errors
/// When the database can't be asked.
pub async fn touch(client: &impl GenericClient, id: Uuid) -> Result<(), CatalogError> {
    let sql = "update admin_operator_tokens set last_used_at = now()
               where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')";
    query::execute(client, sql, &[&id]).await?;
    Ok(())
}

const SORT: &str = "-created_at";

/// A page of an operator's tokens, the newest first, also those that have ended.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `cursor` when the cursor is of another list.
pub async fn list(
    client: &impl GenericClient,
    operator: Uuid,
    page: &PageRequest,
) -> Result<Page<TokenRow>, CatalogError> {
    let cursor = page.cursor_of(SORT)?;
    let (cursor_time, cursor_id) = (cursor.map(Cursor::time).transpose()?, cursor.map(|cursor| cursor.id));
    let limit = page.rows_to_read();
    let mut conditions = Filter::new("true");
    conditions.and("operator_id = ?", &operator);
    conditions.and_keyset("created_at", "<", &cursor_time, &cursor_id);
    let limit = conditions.parameter(&limit);
    let sql = format!(
        "select {COLUMNS} from admin_operator_tokens where {} order by created_at desc, id desc limit {limit}",
        conditions.sql()
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    Ok(Page::of(row::all(&rows, token)?, page, |token| Cursor::at(SORT, token.created_at, token.id)))
}

/// How many tokens an operator has that may be used.
///
/// # Errors
/// When the database can't be asked.
pub async fn count_live(client: &impl GenericClient, operator: Uuid) -> Result<i64, CatalogError> {
    let sql = "select count(*) from admin_operator_tokens
               where operator_id = $1 and revoked_at is null and expires_at > now()";
    Ok(query::one(client, sql, &[&operator]).await?.try_get(0)?)
}

/// Takes a token back, if it is this operator's (`None`: whosever it is). `None` when there is no such one.
///
/// # Errors
/// When the database can't be asked.
pub async fn revoke(
    client: &impl GenericClient,
    operator: Option<Uuid>,
    id: Uuid,
) -> Result<Option<TokenRow>, CatalogError> {
    let sql = format!(
        "update admin_operator_tokens set revoked_at = coalesce(revoked_at, now())
         where id = $2 and ($1::uuid is null or operator_id = $1) returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&operator, &id]).await?.as_ref().map(token).transpose()
}

/// Takes all tokens of an operator back; how many.
///
/// # Errors
/// When the database can't be asked.
pub async fn revoke_all(client: &impl GenericClient, operator: Uuid) -> Result<u64, CatalogError> {
    let sql =
        "update admin_operator_tokens set revoked_at = now() where operator_id = $1 and revoked_at is null";
    query::execute(client, sql, &[&operator]).await
}
