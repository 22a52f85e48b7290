//! `admin_clerk_users`: people as Clerk last told of them.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_clerk_users`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Clerk's id.
    pub clerk_user_id: String,
    /// The first address, where there is one.
    pub email: Option<String>,
    /// First and last name, where there are any.
    pub name: Option<String>,
    /// A picture.
    pub avatar_url: Option<String>,
    /// Since when this holds.
    pub changed_at: DateTime<Utc>,
    /// When they were deleted.
    pub deleted_at: Option<DateTime<Utc>>,
}

fn user(row: &Row) -> Result<User, CatalogError> {
    Ok(User {
        clerk_user_id: row.try_get("clerk_user_id")?,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        avatar_url: row.try_get("avatar_url")?,
        changed_at: row.try_get("changed_at")?,
        deleted_at: row.try_get("deleted_at")?,
    })
}

/// One person.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(client: &impl GenericClient, id: &str) -> Result<Option<User>, CatalogError> {
    let sql = "select clerk_user_id, email, name, avatar_url, changed_at, deleted_at
               from admin_clerk_users where clerk_user_id = $1";
    query::optional(client, sql, &[&id]).await?.as_ref().map(user).transpose()
}

/// Writes a person down, unless something later is known; who was deleted stays so. Whether it was written. Then each of
/// their memberships has something new to tell.
///
/// # Errors
/// When the database can't be asked.
pub async fn put(client: &impl GenericClient, told: &User) -> Result<bool, CatalogError> {
    let sql = "with written as (
                   insert into admin_clerk_users as known
                       (clerk_user_id, email, name, avatar_url, changed_at, deleted_at)
                   values ($1, $2, $3, $4, $5, $6)
                   on conflict (clerk_user_id) do update set
                       email = case when $6::timestamptz is null then $2 else known.email end,
                       name = case when $6::timestamptz is null then $3 else known.name end,
                       avatar_url = case when $6::timestamptz is null then $4 else known.avatar_url end,
                       changed_at = $5, deleted_at = $6
                   where known.deleted_at is null
                       -- Of two that are of one moment the same one counts, whichever comes first.
                       and (known.changed_at < $5 or (known.changed_at = $5 and (
                           $6::timestamptz is not null
                           or (coalesce($2, ''), coalesce($3, ''), coalesce($4, ''))
                               > (coalesce(known.email, ''), coalesce(known.name, ''), coalesce(known.avatar_url, '')))))
                   returning clerk_user_id
               ), told as (
                   update admin_clerk_memberships membership set version = version + 1
                   from written where membership.clerk_user_id = written.clerk_user_id
               )
               select count(*) from written";
    let row = query::one(
        client,
        sql,
        &[&told.clerk_user_id, &told.email, &told.name, &told.avatar_url, &told.changed_at, &told.deleted_at],
    )
    .await?;
    Ok(row.try_get::<_, i64>(0)? == 1)
}

/// Gives customers whom this person began, and who have no address for invoices, this person's. Who was given which.
///
/// # Errors
/// When the database can't be asked.
pub async fn give_billing_address(
    client: &impl GenericClient,
    id: &str,
) -> Result<Vec<(CustomerId, String)>, CatalogError> {
    let sql = "update admin_customers customer set billing_email = known.email
               from admin_clerk_users known
               where known.clerk_user_id = $1 and known.email is not null and known.deleted_at is null
                   and customer.clerk_admin_user_id = $1 and customer.billing_email is null
               returning customer.id, customer.billing_email";
    row::all(&query::rows(client, sql, &[&id]).await?, |row| {
        Ok((CustomerId(row.try_get::<_, Uuid>(0)?), row.try_get(1)?))
    })
}
