//! `admin_clerk_memberships`: who is in which organization, and how far the customers' own databases know it.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use tokio_postgres::Row;

use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_clerk_memberships`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The organization.
    pub clerk_org_id: String,
    /// The person.
    pub clerk_user_id: String,
    /// The role's key: `org:admin`.
    pub role: String,
    /// Since when this holds.
    pub changed_at: DateTime<Utc>,
    /// When it ended.
    pub removed_at: Option<DateTime<Utc>>,
}

fn membership(row: &Row) -> Result<Membership, CatalogError> {
    Ok(Membership {
        clerk_org_id: row.try_get("clerk_org_id")?,
        clerk_user_id: row.try_get("clerk_user_id")?,
        role: row.try_get("role")?,
        changed_at: row.try_get("changed_at")?,
        removed_at: row.try_get("removed_at")?,
    })
}

/// Writes a membership down, unless something later is known. Unlike an organization or a user it can begin again. At one
/// moment an end counts more than a beginning; of two that differ in nothing but their role one counts whichever comes first,
/// so that the order in which they come says nothing. Whether it was written.
///
/// # Errors
/// When the database can't be asked.
pub async fn put(client: &impl GenericClient, told: &Membership) -> Result<bool, CatalogError> {
    let sql = "insert into admin_clerk_memberships as known (clerk_org_id, clerk_user_id, role, changed_at, removed_at)
               values ($1, $2, $3, $4, $5)
               on conflict (clerk_org_id, clerk_user_id) do update set
                   role = case when $5::timestamptz is null then $3 else known.role end,
                   changed_at = $4, removed_at = $5, version = known.version + 1
               where known.changed_at < $4 or (known.changed_at = $4 and (
                   $5::timestamptz is not null or (known.removed_at is null and $3 > known.role)))";
    let written = query::execute(
        client,
        sql,
        &[&told.clerk_org_id, &told.clerk_user_id, &told.role, &told.changed_at, &told.removed_at],
    )
    .await?;
    Ok(written == 1)
}

/// A person's membership of an organization.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(
    client: &impl GenericClient,
    organization: &str,
    user: &str,
) -> Result<Option<Membership>, CatalogError> {
    let sql = "select clerk_org_id, clerk_user_id, role, changed_at, removed_at
               from admin_clerk_memberships where clerk_org_id = $1 and clerk_user_id = $2";
    query::optional(client, sql, &[&organization, &user]).await?.as_ref().map(membership).transpose()
}

/// Ends every membership of a person who was deleted then. The organizations that they were in, and as what.
///
/// # Errors
/// When the database can't be asked.
pub async fn end_all_of_user(
    client: &impl GenericClient,
    user: &str,
    at: DateTime<Utc>,
) -> Result<Vec<(String, String)>, CatalogError> {
    let sql = "update admin_clerk_memberships set removed_at = $2, changed_at = greatest(changed_at, $2),
                   version = version + 1
               where clerk_user_id = $1 and removed_at is null returning clerk_org_id, role";
    row::all(&query::rows(client, sql, &[&user, &at]).await?, |row| Ok((row.try_get(0)?, row.try_get(1)?)))
}

/// The organizations that a person is or was in.
///
/// # Errors
/// When the database can't be asked.
pub async fn organizations_of(client: &impl GenericClient, user: &str) -> Result<Vec<String>, CatalogError> {
    let sql = "select clerk_org_id from admin_clerk_memberships where clerk_user_id = $1 order by 1";
    row::all(&query::rows(client, sql, &[&user]).await?, |row| Ok(row.try_get(0)?))
}

/// Everybody who is or was in an organization.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_organization(
    client: &impl GenericClient,
    organization: &str,
) -> Result<Vec<Membership>, CatalogError> {
    let sql = "select clerk_org_id, clerk_user_id, role, changed_at, removed_at
               from admin_clerk_memberships where clerk_org_id = $1 order by clerk_user_id";
    row::all(&query::rows(client, sql, &[&organization]).await?, membership)
}

/// The provider's names of everybody who is or was in a customer's organization.
///
/// # Errors
/// When the database can't be asked.
pub async fn people_of(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Vec<String>, CatalogError> {
    let sql = "select membership.clerk_user_id from admin_customers customer
               join admin_clerk_memberships membership on membership.clerk_org_id = customer.clerk_org_id
               where customer.id = $1";
    row::all(&query::rows(client, sql, &[&customer.uuid()]).await?, |row| Ok(row.try_get(0)?))
}

/// A person whom the customer's own database doesn't know as they are.
#[derive(Debug, Clone)]
pub struct Unsynced {
    /// The person.
    pub clerk_user_id: String,
    /// Their role.
    pub role: String,
    /// Whether they are in the organization.
    pub is_member: bool,
    /// Their address; none while we know only their id.
    pub email: Option<String>,
    /// Their name.
    pub name: Option<String>,
    /// Their picture.
    pub avatar_url: Option<String>,
    /// What is to be noted when this is known there.
    pub version: i64,
}

/// Who of an organization is to be told of to the customer's own database.
///
/// # Errors
/// When the database can't be asked.
pub async fn unsynced(
    client: &impl GenericClient,
    organization: &str,
    limit: i64,
) -> Result<Vec<Unsynced>, CatalogError> {
    let sql = "select membership.clerk_user_id, membership.role, membership.version,
                      membership.removed_at is null and known.deleted_at is null as is_member,
                      known.email, known.name, known.avatar_url
               from admin_clerk_memberships membership
               left join admin_clerk_users known using (clerk_user_id)
               where membership.clerk_org_id = $1 and membership.synced_version < membership.version
               order by membership.clerk_user_id limit $2";
    row::all(&query::rows(client, sql, &[&organization, &limit]).await?, |row| {
        Ok(Unsynced {
            clerk_user_id: row.try_get("clerk_user_id")?,
            role: row.try_get("role")?,
            is_member: row.try_get("is_member")?,
            email: row.try_get("email")?,
            name: row.try_get("name")?,
            avatar_url: row.try_get("avatar_url")?,
            version: row.try_get("version")?,
        })
    })
}

/// Notes that the customer's own database knows a person as they were in this version, or why it can't.
///
/// # Errors
/// When the database can't be asked.
pub async fn synced(
    client: &impl GenericClient,
    (organization, user): (&str, &str),
    version: i64,
    error: Option<&str>,
) -> Result<(), CatalogError> {
    let sql = "update admin_clerk_memberships set synced_version = greatest(synced_version, $3), sync_error = left($4, 1000)
               where clerk_org_id = $1 and clerk_user_id = $2";
    query::execute(client, sql, &[&organization, &user, &version, &error]).await.map(drop)
}

/// Organizations of customers who are wholly there, in which somebody is to be told of.
///
/// # Errors
/// When the database can't be asked.
pub async fn organizations_to_sync(
    client: &impl GenericClient,
    limit: i64,
) -> Result<Vec<String>, CatalogError> {
    let sql = "select distinct membership.clerk_org_id
               from admin_clerk_memberships membership
               join admin_customers customer on customer.clerk_org_id = membership.clerk_org_id
               where membership.synced_version < membership.version
                   and customer.lifecycle = 'ready' and customer.deleted_at is null
               limit $1";
    row::all(&query::rows(client, sql, &[&limit]).await?, |row| Ok(row.try_get(0)?))
}

/// A membership, and how far the customer's own database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncedMembership {
    /// What the provider told.
    pub membership: Membership,
    /// Whether the customer's own database knows the last change.
    pub is_synced: bool,
    /// Why it doesn't.
    pub sync_error: Option<String>,
}

/// What is known of these people in a customer's organization.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_customers_users(
    client: &impl GenericClient,
    customer: CustomerId,
    users: &[String],
) -> Result<Vec<SyncedMembership>, CatalogError> {
    let sql =
        "select membership.clerk_org_id, membership.clerk_user_id, membership.role, membership.changed_at,
                      membership.removed_at, membership.synced_version >= membership.version as is_synced,
                      membership.sync_error
               from admin_customers customer
               join admin_clerk_memberships membership on membership.clerk_org_id = customer.clerk_org_id
               where customer.id = $1 and membership.clerk_user_id = any($2)";
    row::all(&query::rows(client, sql, &[&customer.uuid(), &users]).await?, |row| {
        Ok(SyncedMembership {
            membership: membership(row)?,
            is_synced: row.try_get("is_synced")?,
            sync_error: row.try_get("sync_error")?,
        })
    })
}
