//! `admin_feature_modules` and `admin_customer_modules`: what there is to have, and who has it.

//!
//! A row of `admin_customer_modules` is a decision about the customer, except while `enabled` is what was written there
//! because the plan says so (`plan_enabled`): then, and without a row, the plan decides. [`domain::entitlement`] says
//! what follows, here as at the gateway.

mod adoption;
mod changes;
mod held;
mod listing;
mod plan;
mod preview;
mod tidy;

use chrono::{DateTime, Utc};
use domain::customer_limit::WithoutRedis;
use domain::entitlement::Refusal;
use domain::{CustomerId, Plan};
use rust_decimal::Decimal;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

pub use adoption::{Adoption, adoption};
pub(crate) use adoption::{MODULES_ON, has_module, module_parameters};
pub use changes::{ModuleChange, ModuleSetting, enable_many, follow_plan, set};
pub use listing::{ListingChanges, lock_listed, update_listed};
pub use plan::{KeyUse, UseOfModules, follow_changed_plan, preview_plan, use_of_modules};
pub use preview::{ModuleUse, Preview, preview, used_in_last_days};
pub use tidy::{TidiedModule, customers_due, tidy};

use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_feature_modules`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeatureModule {
    /// The row.
    pub id: Uuid,
    /// The stable key.
    pub module_key: String,
    /// The name for people.
    pub module_name: String,
    /// A sentence for people.
    pub module_description: Option<String>,
    /// The price of a month, in US dollars.
    pub base_price_monthly: Decimal,
    /// The price of a year, in US dollars.
    pub base_price_annual: Decimal,
    /// Whether a customer has it unless told otherwise.
    pub enabled_by_default: bool,
    /// Whether it is on sale.
    pub is_active: bool,
}

/// What decides whether a customer has a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleSource {
    /// Every customer has it.
    Always,
    /// The plan.
    Plan,
    /// What was decided for this customer.
    Override,
    /// A module that it needs and that the customer doesn't have.
    Dependency,
    /// It isn't on sale.
    NotOffered,
}

impl ModuleSource {
    /// The source's name in JSON and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Plan => "plan",
            Self::Override => "override",
            Self::Dependency => "dependency",
            Self::NotOffered => "not_offered",
        }
    }
}

/// A module as a customer has it or hasn't.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerModule {
    /// The customer.
    pub customer_id: CustomerId,
    /// What the customer bought.
    pub plan: Plan,
    /// The module's key.
    pub module_key: String,
    /// The module's name for people.
    pub module_name: String,
    /// Whether the customer may use it now, as the gateway decides.
    pub enabled: bool,
    /// What decides that.
    pub source: ModuleSource,
    /// Why the customer may not use it.
    pub refusal: Option<Refusal>,
    /// When it was last turned on.
    pub enabled_at: Option<DateTime<Utc>>,
    /// When it was turned off.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When what was decided for the customer ends, and the plan decides again.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why it was decided so.
    pub reason: Option<String>,
    /// How many requests may use it until the reset; `None` is without limit.
    pub usage_limit: Option<i64>,
    /// What that limit does while Redis is away; as the configuration says when `None`.
    pub without_redis: Option<WithoutRedis>,
    /// How many have since the last reset.
    pub usage_count: i64,
    /// When the count begins anew.
    pub reset_date: Option<DateTime<Utc>>,
}

const LISTED: &str = "id, module_key, module_name, module_description, base_price_monthly, base_price_annual, \
     enabled_by_default, is_active";

fn feature_module(row: &Row) -> Result<FeatureModule, CatalogError> {
    Ok(FeatureModule {
        id: row.try_get("id")?,
        module_key: row.try_get("module_key")?,
        module_name: row.try_get("module_name")?,
        module_description: row.try_get("module_description")?,
        base_price_monthly: row.try_get("base_price_monthly")?,
        base_price_annual: row.try_get("base_price_annual")?,
        enabled_by_default: row.try_get("enabled_by_default")?,
        is_active: row.try_get("is_active")?,
    })
}

/// Every module, in the order of the price list.
///
/// # Errors
/// When the database can't be asked.
pub async fn list(client: &impl GenericClient) -> Result<Vec<FeatureModule>, CatalogError> {
    let sql = format!("select {LISTED} from admin_feature_modules order by sort_order, module_key");
    row::all(&query::rows(client, &sql, &[]).await?, feature_module)
}

/// Every module as the customer has it or hasn't, in the order of the price list. Empty when there is no such
/// customer.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_customer(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Vec<CustomerModule>, CatalogError> {
    Ok(held::read(client, customer).await?.map(|held| held.effective(Utc::now())).unwrap_or_default())
}

/// One module as the customer has it or hasn't. `None` when there is no module with this key, or no such customer.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(
    client: &impl GenericClient,
    customer: CustomerId,
    module_key: &str,
) -> Result<Option<CustomerModule>, CatalogError> {
    // Whether the customer has it depends on the modules that it needs, too.
    let modules = of_customer(client, customer).await?;
    Ok(modules.into_iter().find(|module| module.module_key == module_key))
}

/// Whether the customer has the module now.
///
/// # Errors
/// When the database can't be asked.
pub async fn is_enabled(
    client: &impl GenericClient,
    customer: CustomerId,
    module_key: &str,
) -> Result<bool, CatalogError> {
    Ok(get(client, customer, module_key).await?.is_some_and(|module| module.enabled))
}

/// The modules' keys with the smallest plan that has each, for a statement's parameters.
fn smallest_plans() -> (Vec<&'static str>, Vec<&'static str>) {
    domain::modules::ALL.iter().map(|module| (module.key(), module.smallest_plan().as_str())).unzip()
}
