//! Writing what a customer is.

use chrono::{DateTime, TimeDelta, Utc};
use domain::customer::{Lifecycle, TRIAL_DAYS};
use domain::{CustomerId, CustomerSlug, Plan, SubscriptionStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{COLUMNS, Customer};
use crate::{CatalogError, GenericClient, query};

/// What is needed to write a customer's row.
#[derive(Debug, Clone)]
pub struct NewCustomer {
    /// The id, made by the caller so that secrets can be sealed for it first.
    pub id: CustomerId,
    /// The name for people.
    pub company_name: String,
    /// The slug: becomes `company_domain`, and the name of the database.
    pub slug: CustomerSlug,
    /// What they bought.
    pub subscription_plan: Plan,
    /// How the subscription begins.
    pub subscription_status: SubscriptionStatus,
    /// How far the customer's existence has come.
    pub lifecycle: Lifecycle,
    /// An IANA time zone.
    pub timezone: String,
    /// Where invoices go.
    pub billing_email: Option<String>,
    /// When the trial begins.
    pub trial_started_at: Option<DateTime<Utc>>,
    /// When the trial ends.
    pub trial_ends_at: Option<DateTime<Utc>>,
    /// The identity provider's organization.
    pub clerk_org_id: Option<String>,
    /// The identity provider's user who administers it.
    pub clerk_admin_user_id: Option<String>,
    /// Whatever else is to be remembered: a JSON object.
    pub metadata: Value,
}

impl NewCustomer {
    /// A customer who begins to try a plan now, and whose database is still to come.
    #[must_use]
    pub fn on_trial(slug: CustomerSlug, company_name: String, plan: Plan, now: DateTime<Utc>) -> Self {
        Self {
            id: CustomerId::generate(),
            company_name,
            slug,
            subscription_plan: plan,
            subscription_status: SubscriptionStatus::Trial,
            lifecycle: Lifecycle::Provisioning,
            timezone: "UTC".to_owned(),
            billing_email: None,
            trial_started_at: Some(now),
            trial_ends_at: Some(now + TimeDelta::days(TRIAL_DAYS)),
            clerk_org_id: None,
            clerk_admin_user_id: None,
            metadata: Value::Object(serde_json::Map::new()),
        }
    }
}

/// Writes a customer's row.
///
/// # Errors
/// [`CatalogError::Conflict`] when the slug (`admin_customers_company_domain_key`, `admin_customers_database_name_key`)
/// or the identity provider's organization (`admin_customers_clerk_org_id_key`) is taken.
pub async fn insert(client: &impl GenericClient, new: &NewCustomer) -> Result<Customer, CatalogError> {
    let sql = format!(
        "insert into admin_customers (id, company_name, company_domain, database_name, subscription_plan,
             subscription_status, lifecycle, timezone, billing_email, trial_started_at, trial_ends_at, clerk_org_id,
             clerk_admin_user_id, metadata)
         values ($1, $2, $3, $4, $5::text::plan_type, $6::text::subscription_status, $7::text::customer_lifecycle,
             $8, $9, $10, $11, $12, $13, $14)
         returning {COLUMNS}"
    );
    let inserted = query::one(
        client,
        &sql,
        &[
            &new.id.uuid(),
            &new.company_name,
            &new.slug.as_str(),
            &new.slug.database_name(),
            &new.subscription_plan.as_str(),
            &new.subscription_status.as_str(),
            &new.lifecycle.as_str(),
            &new.timezone,
            &new.billing_email,
            &new.trial_started_at,
            &new.trial_ends_at,
            &new.clerk_org_id,
            &new.clerk_admin_user_id,
            &new.metadata,
        ],
    )
    .await?;
    Customer::read(&inserted)
}

/// Which fields of a customer to change. An outer `None` leaves the field as it is; an inner one empties it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerChanges {
    /// The name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// A picture.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub company_logo_url: Option<Option<String>>,
    /// What they do.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub industry: Option<Option<String>>,
    /// How many they are.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub company_size: Option<Option<String>>,
    /// An IANA time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Where invoices go.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub billing_email: Option<Option<String>>,
    /// The identity provider's organization.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub clerk_org_id: Option<Option<String>>,
    /// The identity provider's user who administers it.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub clerk_admin_user_id: Option<Option<String>>,
    /// What they bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_plan: Option<Plan>,
    /// When the trial ends.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub trial_ends_at: Option<Option<DateTime<Utc>>>,
    /// When the paid period began.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub subscription_started_at: Option<Option<DateTime<Utc>>>,
    /// When the paid period ends.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub subscription_ends_at: Option<Option<DateTime<Utc>>>,
    /// Whether the next period begins by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_renew: Option<bool>,
    /// Whether their own AI keys are used instead of the platform's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_customer_ai_keys: Option<bool>,
    /// Whatever else is to be remembered, as a whole: a JSON object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

/// Tells a field that is `null` from one that isn't there.
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    source: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(source).map(Some)
}

const CHANGEABLE: &str = "company_name, company_logo_url, industry, company_size, timezone, billing_email, clerk_org_id, \
     clerk_admin_user_id, subscription_plan, trial_ends_at, subscription_started_at, subscription_ends_at, \
     auto_renew, use_customer_ai_keys, metadata";

/// Changes some fields of a customer. `None` when there is no such row. Who needs the old values for the audit log
/// takes them from [`super::lock_for_update`] first.
///
/// # Errors
/// [`CatalogError::Conflict`] when the organization is another customer's, [`CatalogError::Invalid`] when an end
/// would come before its start.
pub async fn update(
    client: &impl GenericClient,
    id: CustomerId,
    changes: &CustomerChanges,
) -> Result<Option<Customer>, CatalogError> {
    let changes =
        serde_json::to_value(changes).map_err(|error| CatalogError::Unreadable(error.to_string()))?;
    // Fields that the JSON doesn't have keep the row's values.
    let sql = format!(
        "update admin_customers set ({CHANGEABLE}) =
             (select {CHANGEABLE} from jsonb_populate_record(admin_customers, $2::jsonb))
         where id = $1 returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&id.uuid(), &changes]).await?.as_ref().map(Customer::read).transpose()
}

/// Where a customer's database is, as older clients read it from the customer's row.
#[derive(Debug, Clone)]
pub struct DatabaseConnection {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub name: String,
    /// The app role.
    pub user: String,
    /// The app role's password, sealed for `admin_customers.database_password_encrypted`.
    pub password_encrypted: String,
}

/// Writes where a customer's database is. Whether there is such a customer.
///
/// # Errors
/// When the database can't be asked.
pub async fn set_database(
    client: &impl GenericClient,
    id: CustomerId,
    connection: &DatabaseConnection,
) -> Result<bool, CatalogError> {
    let changed = query::execute(
        client,
        "update admin_customers set database_host = $2, database_port = $3, database_name = $4, database_user = $5,
                database_password_encrypted = $6
         where id = $1",
        &[
            &id.uuid(),
            &connection.host,
            &i32::from(connection.port),
            &connection.name,
            &connection.user,
            &connection.password_encrypted,
        ],
    )
    .await?;
    Ok(changed == 1)
}
