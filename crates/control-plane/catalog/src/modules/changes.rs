//! Turning customers' modules on and off.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use serde::{Deserialize, Serialize};

use super::{CustomerModule, HELD, customer_module};
use crate::{CatalogError, GenericClient, query, row};

/// How a customer is to have a module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModuleSetting {
    /// On or off.
    pub enabled: bool,
    /// When it goes off by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<String>,
}

impl From<bool> for ModuleSetting {
    fn from(enabled: bool) -> Self {
        Self { enabled, ..Self::default() }
    }
}

/// What a change of a customer's module did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModuleChange {
    /// Before.
    pub old: CustomerModule,
    /// After.
    pub new: CustomerModule,
}

impl ModuleChange {
    /// Whether the module went on or off, which is what the audit log is told.
    #[must_use]
    pub fn is_switch(&self) -> bool {
        self.old.enabled != self.new.enabled
    }
}

/// Turns a module on or off for a customer. `None` when there is no such module or customer. Of several at once
/// each sees what the one before left, so that the audit log tells a story without holes.
///
/// # Errors
/// When the database can't be asked.
pub async fn set(
    client: &impl GenericClient,
    customer: CustomerId,
    module_key: &str,
    setting: impl Into<ModuleSetting>,
) -> Result<Option<ModuleChange>, CatalogError> {
    let setting = setting.into();
    // A row that is off means the same as no row; with a row there is something to lock.
    query::execute(
        client,
        "insert into admin_customer_modules (customer_id, module_id, enabled, enabled_at)
         select customer.id, module.id, false, null
         from admin_customers customer, admin_feature_modules module
         where customer.id = $1 and module.module_key = $2
         on conflict (customer_id, module_id) do nothing",
        &[&customer.uuid(), &module_key],
    )
    .await?;
    // One statement, so that the old values are those that this very change replaces, in a transaction or not.
    let sql = format!(
        "with old as (
             select held.id, {HELD} from admin_feature_modules module
             join admin_customer_modules held on held.module_id = module.id
             where held.customer_id = $1 and module.module_key = $2
             for update of held
         )
         update admin_customer_modules held
         set enabled = $3, expires_at = $4, reason = $5,
             enabled_at = case when $3 and not old.enabled then now() else held.enabled_at end,
             disabled_at = case when $3 then null when old.enabled then now() else held.disabled_at end
         from old, admin_feature_modules module
         where held.id = old.id and module.id = held.module_id
         returning {HELD}, to_jsonb(old) as old"
    );
    let changed = query::optional(
        client,
        &sql,
        &[&customer.uuid(), &module_key, &setting.enabled, &setting.expires_at, &setting.reason],
    )
    .await?;
    changed
        .map(|row| {
            let new = customer_module(customer, &row)?;
            let old: Previous = serde_json::from_value(row.try_get("old")?)
                .map_err(|error| CatalogError::Unreadable(format!("a module of a customer: {error}")))?;
            Ok(ModuleChange { old: old.of(&new), new })
        })
        .transpose()
}

/// The columns of a customer's module that a change replaces.
#[derive(Deserialize)]
struct Previous {
    enabled: bool,
    enabled_at: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    reason: Option<String>,
}

impl Previous {
    fn of(self, new: &CustomerModule) -> CustomerModule {
        CustomerModule {
            enabled: self.enabled,
            enabled_at: self.enabled_at,
            disabled_at: self.disabled_at,
            expires_at: self.expires_at,
            reason: self.reason,
            ..new.clone()
        }
    }
}

/// Turns modules on for a customer, and answers with the keys of those that weren't on before.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `module_key` when one of the keys is of no module; nothing is
/// turned on then.
pub async fn enable_many(
    client: &impl GenericClient,
    customer: CustomerId,
    module_keys: &[&str],
) -> Result<Vec<String>, CatalogError> {
    let unknown: i64 = query::one(
        client,
        "select count(*) from unnest($1::text[]) wanted (module_key)
         where not exists (select from admin_feature_modules module where module.module_key = wanted.module_key)",
        &[&module_keys],
    )
    .await?
    .try_get(0)?;
    if unknown > 0 {
        return Err(CatalogError::Invalid { constraint: "module_key".to_owned() });
    }
    let rows = query::rows(
        client,
        "with changed as (
             insert into admin_customer_modules (customer_id, module_id, enabled, enabled_at)
             select $1, id, true, now() from admin_feature_modules where module_key = any($2::text[])
             -- In one order everywhere, so that two at once wait for each other instead of for ever.
             order by id
             on conflict (customer_id, module_id) do update
                 set enabled = true, enabled_at = now(), disabled_at = null, expires_at = null, reason = null
                 where not admin_customer_modules.enabled or admin_customer_modules.expires_at <= now()
             returning module_id
         )
         select module_key from changed join admin_feature_modules module on module.id = changed.module_id
         order by module.sort_order",
        &[&customer.uuid(), &module_keys],
    )
    .await?;
    row::all(&rows, |row| Ok(row.try_get(0)?))
}
