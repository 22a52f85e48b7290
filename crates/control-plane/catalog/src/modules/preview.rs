//! What a change of a module would do, without doing it.

use chrono::Utc;
use domain::CustomerId;

use super::CustomerModule;
use super::changes::as_planned;
use super::held::{self, Held, ModuleRow};
use crate::{CatalogError, GenericClient, query};

/// A customer's modules before and after a change that isn't made, both in the order of the price list.
#[derive(Debug, Clone)]
pub struct Preview {
    /// As they are.
    pub now: Vec<CustomerModule>,
    /// As they would be.
    pub after: Vec<CustomerModule>,
}

/// The customer's modules as they are, and as they would be were this one on or off whatever the plan says, or (`None`)
/// were it left to the plan. `None` when there is no such module or customer.
///
/// # Errors
/// When the database can't be asked.
pub async fn preview(
    client: &impl GenericClient,
    customer: CustomerId,
    module_key: &str,
    enabled: Option<bool>,
) -> Result<Option<Preview>, CatalogError> {
    let Some(before) = held::read(client, customer).await? else { return Ok(None) };
    if !before.modules.iter().any(|row| row.key == module_key) {
        return Ok(None);
    }
    let changed = |row: &ModuleRow| match enabled {
        _ if row.key != module_key => row.clone(),
        Some(enabled) => ModuleRow {
            is_there: true,
            enabled,
            plan_enabled: None,
            expires_at: None,
            reason: None,
            ..row.clone()
        },
        None => ModuleRow { is_there: true, ..as_planned(&before, row) },
    };
    let modules = before.modules.iter().map(changed).collect();
    let after = Held { customer_id: customer, plan: before.plan, time_zone: before.time_zone, modules };
    let now = Utc::now();
    Ok(Some(Preview { now: before.effective(now), after: after.effective(now) }))
}

/// How much a customer uses a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModuleUse {
    /// Requests to its routes that the module didn't stand in the way of.
    pub requests: i64,
    /// By how many API keys.
    pub api_keys: i64,
}

/// How much a customer has used a module in the last days, today included (UTC).
///
/// # Errors
/// When the database can't be asked.
pub async fn used_in_last_days(
    client: &impl GenericClient,
    customer: CustomerId,
    module_key: &str,
    days: i32,
) -> Result<ModuleUse, CatalogError> {
    let row = query::one(
        client,
        "select coalesce(sum(requests), 0)::bigint as requests, count(distinct api_key_id) as api_keys
         from admin_api_usage_daily
         where customer_id = $1 and usage_date > (now() at time zone 'UTC')::date - $3::integer and module = $2
           and outcome not in ('module-disabled', 'module-limit-reached')",
        &[&customer.uuid(), &module_key, &days],
    )
    .await?;
    Ok(ModuleUse { requests: row.try_get("requests")?, api_keys: row.try_get("api_keys")? })
}
