//! `admin_feature_modules` and `admin_customer_modules`: what there is to have, and who has it.

mod changes;

use chrono::{DateTime, Utc};
use domain::CustomerId;
use rust_decimal::Decimal;
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

pub use changes::{ModuleChange, ModuleSetting, enable_many, set};

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

/// A module as a customer has it or hasn't.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomerModule {
    /// The customer.
    pub customer_id: CustomerId,
    /// The module's key.
    pub module_key: String,
    /// The module's name for people.
    pub module_name: String,
    /// Whether the customer has it now: it is on and hasn't run out.
    pub enabled: bool,
    /// When it was last turned on.
    pub enabled_at: Option<DateTime<Utc>>,
    /// When it was turned off.
    pub disabled_at: Option<DateTime<Utc>>,
    /// When it goes off by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why it is as it is.
    pub reason: Option<String>,
    /// How much of it may be used until the reset; `None` is without limit.
    pub usage_limit: Option<i64>,
    /// How much of it was used since the last reset.
    pub usage_count: i64,
    /// When the count begins anew.
    pub reset_date: Option<DateTime<Utc>>,
}

/// Every module, in the order of the price list.
///
/// # Errors
/// When the database can't be asked.
pub async fn list(client: &impl GenericClient) -> Result<Vec<FeatureModule>, CatalogError> {
    let rows = query::rows(
        client,
        "select id, module_key, module_name, module_description, base_price_monthly, base_price_annual,
                enabled_by_default, is_active
         from admin_feature_modules order by sort_order, module_key",
        &[],
    )
    .await?;
    row::all(&rows, |row| {
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
    })
}

/// The columns of a customer's module; `held` is `admin_customer_modules` and may be missing.
const HELD: &str = "module.module_key, module.module_name,
    coalesce(held.enabled and (held.expires_at is null or held.expires_at > now()), false) as enabled,
    held.enabled_at, held.disabled_at, held.expires_at, held.reason, held.usage_limit,
    coalesce(held.usage_count, 0) as usage_count, held.reset_date";

fn customer_module(customer_id: CustomerId, row: &Row) -> Result<CustomerModule, CatalogError> {
    Ok(CustomerModule {
        customer_id,
        module_key: row.try_get("module_key")?,
        module_name: row.try_get("module_name")?,
        enabled: row.try_get("enabled")?,
        enabled_at: row.try_get("enabled_at")?,
        disabled_at: row.try_get("disabled_at")?,
        expires_at: row.try_get("expires_at")?,
        reason: row.try_get("reason")?,
        usage_limit: row.try_get("usage_limit")?,
        usage_count: row.try_get("usage_count")?,
        reset_date: row.try_get("reset_date")?,
    })
}

/// Every module as the customer has it or hasn't, in the order of the price list. Modules that the customer never
/// had are off.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_customer(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Vec<CustomerModule>, CatalogError> {
    let sql = format!(
        "select {HELD} from admin_feature_modules module
         left join admin_customer_modules held on held.module_id = module.id and held.customer_id = $1
         order by module.sort_order, module.module_key"
    );
    row::all(&query::rows(client, &sql, &[&customer.uuid()]).await?, |row| customer_module(customer, row))
}

/// One module as the customer has it or hasn't. `None` when there is no module with this key.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(
    client: &impl GenericClient,
    customer: CustomerId,
    module_key: &str,
) -> Result<Option<CustomerModule>, CatalogError> {
    let sql = format!(
        "select {HELD} from admin_feature_modules module
         left join admin_customer_modules held on held.module_id = module.id and held.customer_id = $1
         where module.module_key = $2"
    );
    let row = query::optional(client, &sql, &[&customer.uuid(), &module_key]).await?;
    row.map(|row| customer_module(customer, &row)).transpose()
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
