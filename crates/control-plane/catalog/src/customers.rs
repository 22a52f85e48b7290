//! `admin_customers`: who the customers are.
//!
//! Reading by [`by_id`], [`by_slug_or_id`] and [`list`] finds customers who are wholly there; what is being signed up
//! or removed is found only by the functions that say so.

mod changes;
mod figures;
mod growth;
mod lifecycle;
mod list;
mod order;

use chrono::{DateTime, Utc};
use domain::customer::Lifecycle;
use domain::{CustomerId, CustomerSlug, Plan, SubscriptionStatus};
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

pub use changes::{CustomerChanges, DatabaseConnection, NewCustomer, insert, set_database, update};
pub use figures::{Figures, figures};
pub use growth::{Growth, Standing, growth, standing};
pub use lifecycle::{
    Suspension, delete_row, resume, set_lifecycle, set_status, subscriptions_ended, suspend,
};
pub use list::{CustomerFilter, count, ids, list, of_ids};
pub use order::{CustomerSort, SortedBy, SortedFigure};

use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_customers`. Serialises as the API shows it: without the sealed password.
#[derive(Debug, Clone, Serialize)]
pub struct Customer {
    /// The customer.
    pub id: CustomerId,
    /// Their name for people.
    pub company_name: String,
    /// Their slug (`customerId`), or a domain that an older client wrote.
    pub company_domain: Option<String>,
    /// A picture.
    pub company_logo_url: Option<String>,
    /// What they do.
    pub industry: Option<String>,
    /// How many they are.
    pub company_size: Option<String>,
    /// An IANA time zone.
    pub timezone: String,
    /// Where their database is.
    pub database_host: Option<String>,
    /// Where their database is.
    pub database_port: Option<i32>,
    /// Their database.
    pub database_name: Option<String>,
    /// The app role.
    pub database_user: Option<String>,
    /// The identity provider's organization.
    pub clerk_org_id: Option<String>,
    /// The identity provider's user who administers it.
    pub clerk_admin_user_id: Option<String>,
    /// What they bought.
    pub subscription_plan: Plan,
    /// How the subscription stands.
    pub subscription_status: SubscriptionStatus,
    /// Where invoices go.
    pub billing_email: Option<String>,
    /// When the trial began.
    pub trial_started_at: Option<DateTime<Utc>>,
    /// When the trial ends.
    pub trial_ends_at: Option<DateTime<Utc>>,
    /// When the paid period began.
    pub subscription_started_at: Option<DateTime<Utc>>,
    /// When the paid period ends.
    pub subscription_ends_at: Option<DateTime<Utc>>,
    /// Whether the next period begins by itself.
    pub auto_renew: bool,
    /// Whether their own AI keys are used instead of the platform's.
    pub use_customer_ai_keys: bool,
    /// Whatever else is to be remembered: a JSON object.
    pub metadata: Value,
    /// When they were removed.
    pub deleted_at: Option<DateTime<Utc>>,
    /// How far their existence has come.
    pub lifecycle: Lifecycle,
    /// The status that a suspension interrupted.
    pub suspended_from: Option<SubscriptionStatus>,
    /// When the suspension began.
    pub suspended_at: Option<DateTime<Utc>>,
    /// Why they were suspended.
    pub suspension_reason: Option<String>,
    /// When the row was written.
    pub created_at: DateTime<Utc>,
    /// When the row was last changed.
    pub updated_at: DateTime<Utc>,
}

pub(crate) const COLUMNS: &str = "id, company_name, company_domain, company_logo_url, industry, company_size, timezone, \
     database_host, database_port, database_name, database_user, clerk_org_id, clerk_admin_user_id, \
     subscription_plan::text as subscription_plan, subscription_status::text as subscription_status, billing_email, \
     trial_started_at, trial_ends_at, subscription_started_at, subscription_ends_at, auto_renew, \
     use_customer_ai_keys, metadata, deleted_at, lifecycle::text as lifecycle, \
     suspended_from::text as suspended_from, suspended_at, suspension_reason, created_at, updated_at";

/// What makes a customer visible.
pub(crate) const SHOWN: &str = "deleted_at is null and lifecycle = 'ready'";

impl Customer {
    /// Whether the trial, or the subscription that isn't renewed, is over, whatever the status says.
    #[must_use]
    pub fn has_run_out(&self, now: DateTime<Utc>) -> bool {
        let ends_at = match self.subscription_status {
            SubscriptionStatus::Trial => self.trial_ends_at,
            SubscriptionStatus::Active if !self.auto_renew => self.subscription_ends_at,
            _ => None,
        };
        ends_at.is_some_and(|ends_at| ends_at <= now)
    }

    /// The name by which operators call the customer: the slug, or the id of one who has none.
    #[must_use]
    pub fn slug(&self) -> String {
        self.company_domain.clone().unwrap_or_else(|| self.id.to_string())
    }

    fn read(row: &Row) -> Result<Self, CatalogError> {
        Ok(Self {
            id: CustomerId(row.try_get("id")?),
            company_name: row.try_get("company_name")?,
            company_domain: row.try_get("company_domain")?,
            company_logo_url: row.try_get("company_logo_url")?,
            industry: row.try_get("industry")?,
            company_size: row.try_get("company_size")?,
            timezone: row.try_get("timezone")?,
            database_host: row.try_get("database_host")?,
            database_port: row.try_get("database_port")?,
            database_name: row.try_get("database_name")?,
            database_user: row.try_get("database_user")?,
            clerk_org_id: row.try_get("clerk_org_id")?,
            clerk_admin_user_id: row.try_get("clerk_admin_user_id")?,
            subscription_plan: row::named(row, "subscription_plan")?,
            subscription_status: row::named(row, "subscription_status")?,
            billing_email: row.try_get("billing_email")?,
            trial_started_at: row.try_get("trial_started_at")?,
            trial_ends_at: row.try_get("trial_ends_at")?,
            subscription_started_at: row.try_get("subscription_started_at")?,
            subscription_ends_at: row.try_get("subscription_ends_at")?,
            auto_renew: row.try_get("auto_renew")?,
            use_customer_ai_keys: row.try_get("use_customer_ai_keys")?,
            metadata: row.try_get("metadata")?,
            deleted_at: row.try_get("deleted_at")?,
            lifecycle: row::named(row, "lifecycle")?,
            suspended_from: row::optional_named(row, "suspended_from")?,
            suspended_at: row.try_get("suspended_at")?,
            suspension_reason: row.try_get("suspension_reason")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

async fn find(
    client: &impl GenericClient,
    condition: &str,
    parameters: query::Parameters<'_>,
) -> Result<Option<Customer>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_customers where {condition}");
    query::optional(client, &sql, parameters).await?.as_ref().map(Customer::read).transpose()
}

/// The customer with this id.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_id(client: &impl GenericClient, id: CustomerId) -> Result<Option<Customer>, CatalogError> {
    find(client, &format!("id = $1 and {SHOWN}"), &[&id.uuid()]).await
}

/// The row with this id, however far the customer's existence has come.
///
/// # Errors
/// When the database can't be asked.
pub async fn any_by_id(
    client: &impl GenericClient,
    id: CustomerId,
) -> Result<Option<Customer>, CatalogError> {
    find(client, "id = $1", &[&id.uuid()]).await
}

/// The customer whom an operator calls so: by UUID, or by slug. A slug that looks like somebody's UUID loses.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_slug_or_id(
    client: &impl GenericClient,
    name: &str,
) -> Result<Option<Customer>, CatalogError> {
    let Ok(id) = name.parse::<Uuid>() else {
        return by_domain(client, name).await;
    };
    match by_id(client, CustomerId(id)).await? {
        Some(customer) => Ok(Some(customer)),
        None => by_domain(client, name).await,
    }
}

/// The customer with this slug or domain.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_domain(client: &impl GenericClient, domain: &str) -> Result<Option<Customer>, CatalogError> {
    find(client, &format!("company_domain = $1 and {SHOWN}"), &[&domain]).await
}

/// The row with this slug, however far the customer's existence has come.
///
/// # Errors
/// When the database can't be asked.
pub async fn any_by_slug(
    client: &impl GenericClient,
    slug: &CustomerSlug,
) -> Result<Option<Customer>, CatalogError> {
    any_by_domain(client, slug.as_str()).await
}

/// The row with this slug or domain, however far the customer's existence has come.
///
/// # Errors
/// When the database can't be asked.
pub async fn any_by_domain(
    client: &impl GenericClient,
    domain: &str,
) -> Result<Option<Customer>, CatalogError> {
    find(client, "company_domain = $1", &[&domain]).await
}

/// The customer of an organization of the identity provider.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_clerk_org(
    client: &impl GenericClient,
    organization: &str,
) -> Result<Option<Customer>, CatalogError> {
    find(client, &format!("clerk_org_id = $1 and {SHOWN}"), &[&organization]).await
}

/// The row with this id, whatever its lifecycle, held against changes by others until the transaction ends.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock_for_update(
    client: &impl GenericClient,
    id: CustomerId,
) -> Result<Option<Customer>, CatalogError> {
    find(client, "id = $1 for update", &[&id.uuid()]).await
}
