//! `admin_clerk_organizations`: organizations as Clerk last told of them.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_clerk_organizations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Clerk's id.
    pub clerk_org_id: String,
    /// The name for people.
    pub name: String,
    /// The short name, where the organization has one.
    pub slug: Option<String>,
    /// Who made it.
    pub created_by: Option<String>,
    /// Since when this holds.
    pub changed_at: DateTime<Utc>,
    /// When it was deleted.
    pub deleted_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "clerk_org_id, name, slug, created_by, changed_at, deleted_at";

fn organization(row: &Row) -> Result<Organization, CatalogError> {
    Ok(Organization {
        clerk_org_id: row.try_get("clerk_org_id")?,
        name: row.try_get("name")?,
        slug: row.try_get("slug")?,
        created_by: row.try_get("created_by")?,
        changed_at: row.try_get("changed_at")?,
        deleted_at: row.try_get("deleted_at")?,
    })
}

/// One organization.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(client: &impl GenericClient, id: &str) -> Result<Option<Organization>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_clerk_organizations where clerk_org_id = $1");
    query::optional(client, &sql, &[&id]).await?.as_ref().map(organization).transpose()
}

/// Writes an organization down, unless something later is known, or the same moment's deletion: what was deleted stays so.
/// Whether it was written.
///
/// # Errors
/// When the database can't be asked.
pub async fn put(client: &impl GenericClient, told: &Organization) -> Result<bool, CatalogError> {
    let sql = "insert into admin_clerk_organizations as known
                   (clerk_org_id, name, slug, created_by, changed_at, deleted_at)
               values ($1, $2, $3, $4, $5, $6)
               on conflict (clerk_org_id) do update set
                   name = case when $6::timestamptz is null then $2 else known.name end,
                   slug = case when $6::timestamptz is null then $3 else known.slug end,
                   created_by = coalesce(known.created_by, $4), changed_at = $5, deleted_at = $6
               where known.deleted_at is null
                   -- Of two that are of one moment the same one counts, whichever comes first.
                   and (known.changed_at < $5 or (known.changed_at = $5 and (
                       $6::timestamptz is not null
                       or ($2, coalesce($3, '')) > (known.name, coalesce(known.slug, '')))))";
    let written = query::execute(
        client,
        sql,
        &[&told.clerk_org_id, &told.name, &told.slug, &told.created_by, &told.changed_at, &told.deleted_at],
    )
    .await?;
    Ok(written == 1)
}

/// Every organization that isn't deleted.
///
/// # Errors
/// When the database can't be asked.
pub async fn all(client: &impl GenericClient) -> Result<Vec<Organization>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_clerk_organizations where deleted_at is null order by clerk_org_id"
    );
    row::all(&query::rows(client, &sql, &[]).await?, organization)
}

/// Organizations that no customer has, and had.
///
/// # Errors
/// When the database can't be asked.
pub async fn without_customer(
    client: &impl GenericClient,
    limit: i64,
) -> Result<Vec<Organization>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_clerk_organizations organization
         where deleted_at is null and not exists (
             select from admin_customers customer where customer.clerk_org_id = organization.clerk_org_id)
         order by changed_at limit $1"
    );
    row::all(&query::rows(client, &sql, &[&limit]).await?, organization)
}

/// The customer who has the organization, and whether they are wholly there.
///
/// # Errors
/// When the database can't be asked.
pub async fn customer(
    client: &impl GenericClient,
    id: &str,
) -> Result<Option<(CustomerId, domain::customer::Lifecycle)>, CatalogError> {
    let sql = "select id, case when deleted_at is null then lifecycle::text else 'deleted' end as lifecycle
               from admin_customers where clerk_org_id = $1";
    let found = query::optional(client, sql, &[&id]).await?;
    found
        .map(|row| Ok((CustomerId(row.try_get::<_, Uuid>("id")?), row::named(&row, "lifecycle")?)))
        .transpose()
}
