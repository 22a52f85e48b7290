//! Customers as the operator API shows them.

use catalog::customers::{Customer, Figures};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::operations::OperationView;

/// A customer.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomerView {
    pub(super) id: Uuid,
    /// The customer's short name.
    pub(super) customer_id: Option<String>,
    pub(super) company_name: String,
    pub(super) industry: Option<String>,
    pub(super) company_size: Option<String>,
    pub(super) timezone: String,
    pub(super) billing_email: Option<String>,
    pub(super) subscription_plan: String,
    pub(super) subscription_status: String,
    pub(super) suspended_at: Option<DateTime<Utc>>,
    pub(super) suspension_reason: Option<String>,
    pub(super) trial_started_at: Option<DateTime<Utc>>,
    pub(super) trial_ends_at: Option<DateTime<Utc>>,
    pub(super) subscription_started_at: Option<DateTime<Utc>>,
    pub(super) subscription_ends_at: Option<DateTime<Utc>>,
    pub(super) clerk_org_id: Option<String>,
    pub(super) database_host: Option<String>,
    pub(super) database_port: Option<i32>,
    pub(super) database_name: Option<String>,
    pub(super) database_user: Option<String>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

/// A customer with what belongs to them.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomerDetails {
    #[serde(flatten)]
    pub(super) customer: CustomerView,
    /// The keys of the modules that are on.
    pub(super) modules: Vec<String>,
    pub(super) instance: Option<InstanceView>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct InstanceView {
    pub(super) id: Uuid,
    pub(super) backend: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) system_identifier: Option<String>,
    pub(super) postgres_version: Option<String>,
    pub(super) schema_version: Option<i32>,
}

/// A customer in a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomerRowView {
    #[serde(flatten)]
    pub(super) customer: CustomerView,
    /// How many modules are on.
    pub(super) enabled_module_count: i64,
    /// How many API keys may be used; those of operators who act in the customer's place are not among them.
    pub(super) api_key_count: i64,
    /// How many requests were made today and in the 30 days before (in UTC).
    pub(super) requests_30d: i64,
    /// The version of their database's schema, if it is known.
    #[schema(required = true)]
    pub(super) schema_version: Option<i32>,
}

impl CustomerRowView {
    pub(super) fn new(row: Customer, figures: Figures) -> Self {
        Self {
            customer: row.into(),
            enabled_module_count: figures.enabled_modules,
            api_key_count: figures.api_keys,
            requests_30d: figures.requests_30d,
            schema_version: figures.schema_version,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CustomerListing {
    pub(super) data: Vec<CustomerRowView>,
    #[schema(required = true)]
    pub(super) next_cursor: Option<String>,
    /// How many customers the filter finds.
    pub(super) total: i64,
}

/// A sign-up that is under way.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignUpView {
    pub(super) customer: NewCustomerView,
    pub(super) api_key: NewKeyView,
    pub(super) operation: OperationView,
}

#[derive(Serialize, ToSchema)]
pub(super) struct NewCustomerView {
    pub(super) id: Uuid,
    pub(super) customer_id: String,
    pub(super) modules: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct NewKeyView {
    pub(super) id: Uuid,
    /// The key itself. It is shown here and never again, and works as soon as the operation has succeeded.
    pub(super) key: String,
    pub(super) prefix: String,
}

impl From<Customer> for CustomerView {
    fn from(row: Customer) -> Self {
        Self {
            id: row.id.uuid(),
            customer_id: row.company_domain,
            company_name: row.company_name,
            industry: row.industry,
            company_size: row.company_size,
            timezone: row.timezone,
            billing_email: row.billing_email,
            subscription_plan: row.subscription_plan.to_string(),
            subscription_status: row.subscription_status.to_string(),
            suspended_at: row.suspended_at,
            suspension_reason: row.suspension_reason,
            trial_started_at: row.trial_started_at,
            trial_ends_at: row.trial_ends_at,
            subscription_started_at: row.subscription_started_at,
            subscription_ends_at: row.subscription_ends_at,
            clerk_org_id: row.clerk_org_id,
            database_host: row.database_host,
            database_port: row.database_port,
            database_name: row.database_name,
            database_user: row.database_user,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
