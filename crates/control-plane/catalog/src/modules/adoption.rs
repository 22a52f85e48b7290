//! How many customers have which module: what [`domain::entitlement`] decides for one, decided for all by the database.

use chrono::{DateTime, Utc};
use domain::modules::{self as feature_modules, FeatureModule};

use super::smallest_plans;
use crate::{CatalogError, GenericClient, query, row};

/// How many customers have a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adoption {
    /// The module's key.
    pub module_key: String,
    /// Its name for people.
    pub module_name: String,
    /// How many have it on at the end of the span.
    pub customers: i64,
    /// How many had it on at its beginning.
    pub previous_customers: i64,
    /// For how many it was decided otherwise than the plan says, now.
    pub overrides: i64,
}

/// How many customers have each module at the end of a span (now, when it has none) and had at its beginning, in the order
/// of the price list. What was earlier is told as far as today's rows know it: the last switch of each module, and today's
/// plan.
///
/// Customers are counted by plan, and then each row of `admin_customer_modules` puts right what the plan says of its customer:
/// the rules are read once for each row, and not once for each customer and module.
///
/// # Errors
/// When the database can't be asked.
pub async fn adoption(
    client: &impl GenericClient,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
) -> Result<Vec<Adoption>, CatalogError> {
    let (keys, plans, always) = module_parameters();
    let there_now = "(customer.deleted_at is null and customer.lifecycle = 'ready')".to_owned();
    let sql = format!(
        "with customer as materialized (
             select id, subscription_plan, {there_now} as is_there_now, {is_there} as is_there, {was_there} as was_there
             from admin_customers customer
         ), module as materialized (
             select module.id, module.module_key, module.module_name, module.sort_order, module.is_active,
                 included.plan::plan_type as plan, module.module_key = any($3::text[]) as always
             from admin_feature_modules module
             join unnest($1::text[], $2::text[]) included (module_key, plan) on included.module_key = module.module_key
         ), of_plan as (
             select subscription_plan,
                 count(*) filter (where is_there) as are_there, count(*) filter (where was_there) as were_there
             from customer group by subscription_plan
         ), by_plan as (
             select module.id as module_id, sum(are_there)::bigint as customers, sum(were_there)::bigint as previous_customers
             from module
             join of_plan on module.always or (module.is_active and of_plan.subscription_plan >= module.plan)
             group by module.id
         ), put_right as (
             select module.id as module_id,
                 count(*) filter (where is_there and is_on) - count(*) filter (where is_there and is_planned) as customers,
                 count(*) filter (where was_there and was_on) - count(*) filter (where was_there and is_planned)
                     as previous_customers,
                 count(*) filter (where is_there_now and is_decided and not module.always) as overrides
             from admin_customer_modules held
             join customer on customer.id = held.customer_id
             join module on module.id = held.module_id
             cross join lateral (
                 select
                     held.plan_enabled is distinct from held.enabled or held.expires_at is not null as decided,
                     customer.subscription_plan >= module.plan as planned
             ) holds
             cross join lateral (
                 select
                     module.always or (module.is_active and holds.planned) as is_planned,
                     holds.decided and (held.expires_at is null or held.expires_at > now()) as is_decided,
                     {is_on} as is_on,
                     {was_on} as was_on
             ) state
             group by module.id
         )
         select module.module_key, module.module_name,
             coalesce(by_plan.customers, 0) + coalesce(put_right.customers, 0) as customers,
             coalesce(by_plan.previous_customers, 0) + coalesce(put_right.previous_customers, 0) as previous_customers,
             coalesce(put_right.overrides, 0) as overrides
         from module
         left join by_plan on by_plan.module_id = module.id
         left join put_right on put_right.module_id = module.id
         order by module.sort_order, module.module_key",
        is_there = until.map_or_else(|| there_now.clone(), |_| there_at("$5")),
        is_on = on_at("coalesce($5::timestamptz, now())"),
        was_there = there_at("$4"),
        was_on = on_at("$4"),
    );
    let rows = query::rows(client, &sql, &[&keys, &plans, &always, &from, &until]).await?;
    row::all(&rows, |row| {
        Ok(Adoption {
            module_key: row.try_get("module_key")?,
            module_name: row.try_get("module_name")?,
            customers: row.try_get("customers")?,
            previous_customers: row.try_get("previous_customers")?,
            overrides: row.try_get("overrides")?,
        })
    })
}

/// The condition that a customer was there at a moment.
fn there_at(moment: &str) -> String {
    format!(
        "(customer.created_at < {moment} and (customer.deleted_at is null or customer.deleted_at >= {moment})
             and (customer.deleted_at is not null or customer.lifecycle in ('ready', 'deleting')))"
    )
}

/// The condition that a module that a customer has a row for was on at a moment. Now, it is the gateway's.
fn on_at(moment: &str) -> String {
    format!(
        "(module.always or (module.is_active and case
             when held.created_at > {moment} then holds.planned
             when held.enabled and held.enabled_at > {moment} then false
             when not held.enabled and held.disabled_at > {moment} then true
             when holds.decided and (held.expires_at is null or held.expires_at > {moment}) then held.enabled
             else holds.planned
         end))"
    )
}

/// The condition that a row of `admin_customers` has this module on now, for a look at all of them: what was decided is
/// read once. Keys and plans are ours, never a caller's.
pub(crate) fn has_module(module: &'static dyn FeatureModule) -> String {
    if !module.can_be_disabled() {
        return "true".to_owned();
    }
    let decided = format!(
        "select held.customer_id from admin_customer_modules held
         where held.module_id = (select id from admin_feature_modules where module_key = '{}')
           and (held.plan_enabled is distinct from held.enabled or held.expires_at is not null)
           and (held.expires_at is null or held.expires_at > now())",
        module.key()
    );
    format!(
        "(id in ({decided} and held.enabled) or (subscription_plan >= '{plan}' and id not in ({decided})))
         and (select is_active from admin_feature_modules where module_key = '{key}')",
        key = module.key(),
        plan = module.smallest_plan().as_str(),
    )
}

/// The keys of all modules, the smallest plan that has each, and the keys of those that can't be off: the parameters of
/// [`MODULES_ON`].
pub(crate) fn module_parameters() -> (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>) {
    let (keys, plans) = smallest_plans();
    let always = feature_modules::ALL.iter().filter(|module| !module.can_be_disabled());
    (keys, plans, always.map(|module| module.key()).collect())
}

/// How many modules a row of `admin_customers` has on now, for a look at some of them. `$1`, `$2` and `$3` are
/// [`module_parameters`].
pub(crate) const MODULES_ON: &str = "(
    select count(*) from admin_feature_modules module
    join unnest($1::text[], $2::text[]) included (module_key, plan) on included.module_key = module.module_key
    left join admin_customer_modules held
        on held.module_id = module.id and held.customer_id = admin_customers.id
    where module.module_key = any($3::text[]) or (module.is_active and case
        when held.id is not null
            and (held.plan_enabled is distinct from held.enabled or held.expires_at is not null)
            and (held.expires_at is null or held.expires_at > now()) then held.enabled
        else subscription_plan >= included.plan::plan_type
    end)
)";

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever adds a module that needs another which can be off adds that to the statements above.
    #[test]
    fn no_module_hangs_on_one_that_can_be_off() {
        for module in feature_modules::ALL {
            for needed in module.dependencies() {
                assert!(!feature_modules::find(needed).unwrap().can_be_disabled(), "{}", module.key());
            }
        }
    }
}
