//! What becomes of a customer's modules when the plan changes: what was decided for them stays, everything else follows.

use std::collections::HashMap;

use chrono::Utc;
use domain::{ApiKeyId, CustomerId, Plan};

use super::changes::{as_planned, write};
use super::held::{self, Held};
use super::preview::Preview;
use super::{ModuleChange, ModuleUse};
use crate::{CatalogError, GenericClient, query, row};

/// How many keys are named.
const KEYS_NAMED: i64 = 50;

/// The customer's modules as they are, and as they would be with this plan. `None` when there is no such customer.
///
/// # Errors
/// When the database can't be asked.
pub async fn preview_plan(
    client: &impl GenericClient,
    customer: CustomerId,
    plan: Plan,
) -> Result<Option<Preview>, CatalogError> {
    let Some(held) = held::read(client, customer).await? else { return Ok(None) };
    let now = Utc::now();
    let before = held.effective(now);
    let after = Held { plan, ..held }.effective(now);
    Ok(Some(Preview { now: before, after }))
}

/// Makes the rows follow the plan that the customer has now, where nobody decided otherwise, and answers with the modules
/// that went on or off with it. Where the plan has a module a row is written, also where there was none: clients that read
/// the table know of no plan. Call it in a transaction that holds the customer, after the plan was changed.
///
/// # Errors
/// When the database can't be asked.
pub async fn follow_changed_plan(
    client: &impl GenericClient,
    customer: CustomerId,
    old_plan: Plan,
) -> Result<Vec<ModuleChange>, CatalogError> {
    let Some(held) = held::read(client, customer).await? else { return Ok(Vec::new()) };
    for row in held.modules.iter().filter(|row| !row.is_decided()) {
        let wanted = as_planned(&held, row);
        if wanted != *row && (row.is_there || wanted.enabled) {
            write(client, customer, &wanted).await?;
        }
    }
    let now = Utc::now();
    let before = Held { plan: old_plan, ..held }.effective(now);
    let after = held::read(client, customer).await?.map(|held| held.effective(now)).unwrap_or_default();
    let changes = before.into_iter().zip(after).map(|(old, new)| ModuleChange { old, new });
    Ok(changes.filter(ModuleChange::is_switch).collect())
}

/// Who used some modules of a customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UseOfModules {
    /// By the module's key; a module that nobody used isn't there.
    pub modules: HashMap<String, ModuleUse>,
    /// The keys that did and may still be used, the busiest first: the first fifty.
    pub keys: Vec<KeyUse>,
    /// How many such keys there are.
    pub keys_total: i64,
}

/// An API key that used some modules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub id: ApiKeyId,
    /// Its name.
    pub name: String,
    /// Its beginning.
    pub prefix: String,
    /// In how many requests.
    pub requests: i64,
    /// Which modules.
    pub module_keys: Vec<String>,
}

/// What counts as use: as [`super::used_in_last_days`] counts it.
const USED: &str = "select api_key_id, module, sum(requests)::bigint as requests from admin_api_usage_daily
     where customer_id = $1 and usage_date > (now() at time zone 'UTC')::date - $2::integer and module = any($3::text[])
       and outcome not in ('module-disabled', 'module-limit-reached')
     group by 1, 2";

/// How much a customer has used these modules in the last days, today included (UTC), and with which keys.
///
/// # Errors
/// When the database can't be asked.
pub async fn use_of_modules(
    client: &impl GenericClient,
    customer: CustomerId,
    module_keys: &[&str],
    days: i32,
) -> Result<UseOfModules, CatalogError> {
    let parameters: query::Parameters<'_> = &[&customer.uuid(), &days, &module_keys];
    let by_module = format!(
        "select module, sum(requests)::bigint as requests, count(distinct api_key_id) as api_keys
         from ({USED}) used group by 1"
    );
    let mut found = UseOfModules::default();
    for row in query::rows(client, &by_module, parameters).await? {
        let used = ModuleUse { requests: row.try_get("requests")?, api_keys: row.try_get("api_keys")? };
        found.modules.insert(row.try_get("module")?, used);
    }
    let by_key = format!(
        "select key.id, key.name, key.key_prefix, sum(used.requests)::bigint as requests,
                array_agg(used.module order by used.module) as modules, count(*) over () as total
         from ({USED}) used
         join admin_api_keys key on key.id = used.api_key_id and key.customer_id = $1
         where key.status = 'active' and (key.expires_at is null or key.expires_at > now())
           and key.impersonated_by is null
         group by key.id order by requests desc, key.id limit {KEYS_NAMED}"
    );
    let rows = query::rows(client, &by_key, parameters).await?;
    if let Some(first) = rows.first() {
        found.keys_total = first.try_get("total")?;
    }
    found.keys = row::all(&rows, |row| {
        Ok(KeyUse {
            id: ApiKeyId(row.try_get("id")?),
            name: row.try_get("name")?,
            prefix: row.try_get("key_prefix")?,
            requests: row.try_get("requests")?,
            module_keys: row.try_get("modules")?,
        })
    })?;
    Ok(found)
}
