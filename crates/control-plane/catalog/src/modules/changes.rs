//! Turning customers' modules on and off.

use chrono::{DateTime, Utc};
use domain::CustomerId;
use domain::customer_limit::WithoutRedis;

use super::held::{self, Held, ModuleRow};
use super::{CustomerModule, smallest_plans};
use crate::{CatalogError, GenericClient, query, row};

/// How a customer is to have a module, whatever the plan says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModuleSetting {
    /// On or off.
    pub enabled: bool,
    /// When the plan decides again.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<String>,
    /// How many requests may use it until the reset. An outer `None` leaves the limit as it is; an inner one takes it
    /// away.
    pub usage_limit: Option<Option<i64>>,
    /// What that limit does while Redis is away; likewise, and as the configuration says for an inner `None`.
    pub without_redis: Option<Option<WithoutRedis>>,
    /// When the count begins anew; likewise.
    pub reset_date: Option<Option<DateTime<Utc>>>,
}

impl From<bool> for ModuleSetting {
    fn from(enabled: bool) -> Self {
        Self { enabled, ..Self::default() }
    }
}

/// What a change of a customer's module did.
#[derive(Debug, Clone, PartialEq)]
pub struct ModuleChange {
    /// Before.
    pub old: CustomerModule,
    /// After.
    pub new: CustomerModule,
}

impl ModuleChange {
    /// Whether the module went on or off.
    #[must_use]
    pub fn is_switch(&self) -> bool {
        self.old.enabled != self.new.enabled
    }
}

/// Decides about a module for a customer. `None` when there is no such module or customer.
///
/// Call it in a transaction that holds the customer ([`crate::customers::lock_for_update`]): only then are the old
/// values those that this very change replaces, and the audit log tells a story without holes.
///
/// # Errors
/// [`CatalogError::Invalid`] when the limit is negative.
pub async fn set(
    client: &impl GenericClient,
    customer: CustomerId,
    module_key: &str,
    setting: impl Into<ModuleSetting>,
) -> Result<Option<ModuleChange>, CatalogError> {
    let setting = setting.into();
    let Some(before) = held::read(client, customer).await? else { return Ok(None) };
    let Some(old) = before.modules.iter().find(|row| row.key == module_key) else { return Ok(None) };
    let wanted = ModuleRow {
        enabled: setting.enabled,
        plan_enabled: None,
        expires_at: setting.expires_at,
        reason: setting.reason,
        usage_limit: setting.usage_limit.unwrap_or(old.usage_limit),
        without_redis: setting.without_redis.unwrap_or(old.without_redis),
        reset_date: setting.reset_date.unwrap_or(old.reset_date),
        ..old.clone()
    };
    write(client, customer, &wanted).await?;
    change(client, &before, module_key).await
}

/// Lets the plan decide about a module again. The limit and its count stay. `None` when there is no such module or
/// customer. Call it in a transaction that holds the customer.
///
/// # Errors
/// When the database can't be asked.
pub async fn follow_plan(
    client: &impl GenericClient,
    customer: CustomerId,
    module_key: &str,
) -> Result<Option<ModuleChange>, CatalogError> {
    let Some(before) = held::read(client, customer).await? else { return Ok(None) };
    let Some(old) = before.modules.iter().find(|row| row.key == module_key) else { return Ok(None) };
    let wanted = as_planned(&before, old);
    // What was never written down follows the plan already. Where the plan has the module a row is written all the
    // same: clients that read the table know of no plan.
    if wanted != *old && (old.is_there || wanted.enabled) {
        write(client, customer, &wanted).await?;
    }
    change(client, &before, module_key).await
}

/// The row as the plan says it.
pub(super) fn as_planned(held: &Held, row: &ModuleRow) -> ModuleRow {
    let enabled = held.plan_has(&row.key);
    ModuleRow { enabled, plan_enabled: Some(enabled), expires_at: None, reason: None, ..row.clone() }
}

/// Writes a row. The count is not touched: requests are counted all the time.
pub(super) async fn write(
    client: &impl GenericClient,
    customer: CustomerId,
    wanted: &ModuleRow,
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "insert into admin_customer_modules as held (customer_id, module_id, enabled, plan_enabled, enabled_at,
             disabled_at, expires_at, reason, usage_limit, reset_date, without_redis)
         select $1, module.id, $3, $4, case when $3 then now() end, case when not $3 then now() end, $5, $6, $7, $8,
                $9
         from admin_feature_modules module where module.module_key = $2
         on conflict (customer_id, module_id) do update
         set enabled = excluded.enabled, plan_enabled = excluded.plan_enabled, expires_at = excluded.expires_at,
             reason = excluded.reason, usage_limit = excluded.usage_limit, reset_date = excluded.reset_date,
             without_redis = excluded.without_redis,
             enabled_at = case when excluded.enabled and not held.enabled then now() else held.enabled_at end,
             disabled_at = case when excluded.enabled then null when held.enabled then now()
                                else held.disabled_at end",
        &[
            &customer.uuid(),
            &wanted.key,
            &wanted.enabled,
            &wanted.plan_enabled,
            &wanted.expires_at,
            &wanted.reason,
            &wanted.usage_limit,
            &wanted.reset_date,
            &wanted.without_redis.map(WithoutRedis::as_str),
        ],
    )
    .await?;
    Ok(())
}

async fn change(
    client: &impl GenericClient,
    before: &Held,
    module_key: &str,
) -> Result<Option<ModuleChange>, CatalogError> {
    let now = Utc::now();
    let Some(after) = held::read(client, before.customer_id).await? else { return Ok(None) };
    let of = |held: &Held| held.effective(now).into_iter().find(|module| module.module_key == module_key);
    Ok(of(before).zip(of(&after)).map(|(old, new)| ModuleChange { old, new }))
}

/// Turns modules on for a customer, and answers with the keys of those that weren't on before. Those that the plan has
/// follow the plan.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `module_key` when one of the keys is of no module; nothing is
/// turned on then. [`CatalogError::Conflict`] when there is no such customer.
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
    let (keys, plans) = smallest_plans();
    let rows = query::rows(
        client,
        "with changed as (
             insert into admin_customer_modules (customer_id, module_id, enabled, plan_enabled, enabled_at)
             select $1, module.id, true, case when customer.subscription_plan >= included.plan::plan_type then true end,
                    now()
             from admin_feature_modules module
             left join unnest($3::text[], $4::text[]) included (module_key, plan)
                 on included.module_key = module.module_key
             left join admin_customers customer on customer.id = $1
             where module.module_key = any($2::text[])
             -- In one order everywhere, so that two at once wait for each other instead of for ever.
             order by module.id
             on conflict (customer_id, module_id) do update
                 set enabled = true, plan_enabled = excluded.plan_enabled, enabled_at = now(), disabled_at = null,
                     expires_at = null, reason = null
                 where not admin_customer_modules.enabled or admin_customer_modules.expires_at <= now()
             returning module_id
         )
         select module_key from changed join admin_feature_modules module on module.id = changed.module_id
         order by module.sort_order",
        &[&customer.uuid(), &module_keys, &keys, &plans],
    )
    .await?;
    row::all(&rows, |row| Ok(row.try_get(0)?))
}
