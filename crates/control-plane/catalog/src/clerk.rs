//! Clerk, the identity provider of the customers' users: what it told us, and what we know by that.

pub mod memberships;
pub mod messages;
pub mod organizations;
pub mod reconciliations;
pub mod users;

use crate::{CatalogError, GenericClient, query};

/// Waits until nobody else works on what concerns this organization or user, until the transaction ends.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock(client: &impl GenericClient, id: &str) -> Result<(), CatalogError> {
    let sql = "select pg_advisory_xact_lock(hashtextextended('clerk ' || $1, 0))";
    query::execute(client, sql, &[&id]).await.map(drop)
}

/// How much is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Organizations that aren't deleted.
    pub organizations: i64,
    /// Of these, those that no customer has.
    pub without_customer: i64,
    /// Users who aren't deleted.
    pub users: i64,
    /// Memberships that haven't ended.
    pub memberships: i64,
    /// Memberships whose last change the customer's own database doesn't know.
    pub unsynced: i64,
}

/// How much is known.
///
/// # Errors
/// When the database can't be asked.
pub async fn counts(client: &impl GenericClient) -> Result<Counts, CatalogError> {
    let sql = "select
            (select count(*) from admin_clerk_organizations where deleted_at is null) as organizations,
            (select count(*) from admin_clerk_organizations organization
             where organization.deleted_at is null and not exists (
                 select from admin_customers where clerk_org_id = organization.clerk_org_id)) as without_customer,
            (select count(*) from admin_clerk_users where deleted_at is null) as users,
            (select count(*) from admin_clerk_memberships where removed_at is null) as memberships,
            (select count(*) from admin_clerk_memberships where synced_version < version) as unsynced";
    let row = query::one(client, sql, &[]).await?;
    Ok(Counts {
        organizations: row.try_get("organizations")?,
        without_customer: row.try_get("without_customer")?,
        users: row.try_get("users")?,
        memberships: row.try_get("memberships")?,
        unsynced: row.try_get("unsynced")?,
    })
}
