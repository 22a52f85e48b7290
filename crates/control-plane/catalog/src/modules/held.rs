//! What is written down of a customer's modules, and what follows from it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::customer_limit::WithoutRedis;
use domain::entitlement::{self, HeldModule, ModuleDecision, Refusal};
use domain::modules::{self as feature_modules, FeatureModule};
use domain::{CustomerId, Plan};
use tokio_postgres::Row;

use super::{CustomerModule, ModuleSource};
use crate::directory::time_zone;
use crate::{CatalogError, GenericClient, query, row};

/// A customer's plan and every module with the customer's row, in the order of the price list.
pub(super) struct Held {
    pub(super) customer_id: CustomerId,
    pub(super) plan: Plan,
    pub(super) time_zone: Tz,
    pub(super) modules: Vec<ModuleRow>,
}

/// A module and the customer's row of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ModuleRow {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) is_active: bool,
    /// Whether the customer has a row at all. Without one the values below are those that a row begins with.
    pub(super) is_there: bool,
    /// The column, whatever decides.
    pub(super) enabled: bool,
    pub(super) plan_enabled: Option<bool>,
    pub(super) enabled_at: Option<DateTime<Utc>>,
    pub(super) disabled_at: Option<DateTime<Utc>>,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) reason: Option<String>,
    pub(super) usage_limit: Option<i64>,
    pub(super) without_redis: Option<WithoutRedis>,
    pub(super) usage_count: i64,
    pub(super) reset_date: Option<DateTime<Utc>>,
    pub(super) reset_anchor: Option<DateTime<Utc>>,
}

/// What is written down of a customer's modules. `None` when there is no such customer.
pub(super) async fn read(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Option<Held>, CatalogError> {
    let rows = query::rows(
        client,
        "select customer.subscription_plan::text as plan, customer.timezone, module.module_key, module.module_name, module.is_active,
                held.id is not null as is_there, coalesce(held.enabled, false) as enabled, held.plan_enabled,
                held.enabled_at, held.disabled_at, held.expires_at, held.reason, held.usage_limit, held.without_redis,
                coalesce(held.usage_count, 0) as usage_count, held.reset_date, held.reset_anchor
         from admin_customers customer
         cross join admin_feature_modules module
         left join admin_customer_modules held
             on held.module_id = module.id and held.customer_id = customer.id
         where customer.id = $1
         order by module.sort_order, module.module_key",
        &[&customer.uuid()],
    )
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let plan = row::named(first, "plan")?;
    let time_zone = time_zone(first.try_get("timezone")?);
    Ok(Some(Held { customer_id: customer, plan, time_zone, modules: row::all(&rows, module_row)? }))
}

fn module_row(row: &Row) -> Result<ModuleRow, CatalogError> {
    Ok(ModuleRow {
        key: row.try_get("module_key")?,
        name: row.try_get("module_name")?,
        is_active: row.try_get("is_active")?,
        is_there: row.try_get("is_there")?,
        enabled: row.try_get("enabled")?,
        plan_enabled: row.try_get("plan_enabled")?,
        enabled_at: row.try_get("enabled_at")?,
        disabled_at: row.try_get("disabled_at")?,
        expires_at: row.try_get("expires_at")?,
        reason: row.try_get("reason")?,
        usage_limit: row.try_get("usage_limit")?,
        without_redis: row::optional_named(row, "without_redis")?,
        usage_count: row.try_get("usage_count")?,
        reset_date: row.try_get("reset_date")?,
        reset_anchor: row.try_get("reset_anchor")?,
    })
}

impl ModuleRow {
    /// Whether the row is a decision about this customer. The same condition is in the directory's query.
    pub(super) fn is_decided(&self) -> bool {
        self.is_there && (self.plan_enabled != Some(self.enabled) || self.expires_at.is_some())
    }

    fn held(&self) -> HeldModule {
        HeldModule {
            key: self.key.clone(),
            is_active: self.is_active,
            decision: self.is_decided().then(|| ModuleDecision {
                enabled: self.enabled,
                expires_at: self.expires_at,
                reason: self.reason.clone(),
            }),
            // Checks on the columns keep them from being negative.
            usage_limit: self.usage_limit.map(|limit| u64::try_from(limit).unwrap_or(0)),
            without_redis: self.without_redis,
            usage_count: u64::try_from(self.usage_count).unwrap_or(0),
            // Only the limiter names its count by it.
            count_set_at: None,
            reset_date: self.reset_date,
            reset_anchor: self.reset_anchor,
        }
    }

    /// The count and its reset as they stand now, whether or not the worker has begun anew.
    pub(super) fn counted(&self, now: DateTime<Utc>, time_zone: Tz) -> (i64, Option<DateTime<Utc>>) {
        match self.reset_date {
            Some(reset) if reset <= now => {
                let anchor = self.reset_anchor.unwrap_or(reset);
                (0, Some(entitlement::next_reset(anchor, now, time_zone)))
            }
            reset_date => (self.usage_count, reset_date),
        }
    }
}

impl Held {
    /// Whether the plan has the module.
    pub(super) fn plan_has(&self, key: &str) -> bool {
        feature_modules::find(key).is_some_and(|module| module.smallest_plan() <= self.plan)
    }

    /// Every module as the gateway decides about it.
    pub(super) fn effective(&self, now: DateTime<Utc>) -> Vec<CustomerModule> {
        let held: Vec<_> = self.modules.iter().map(ModuleRow::held).collect();
        self.modules
            .iter()
            .map(|row| {
                let (source, refusal) = match feature_modules::find(&row.key) {
                    Some(module) => self.decided(module, row, &held, now),
                    // A module of another build of the program: no route here asks for it.
                    None => (ModuleSource::NotOffered, Some(Refusal::NotOffered)),
                };
                let (usage_count, reset_date) = row.counted(now, self.time_zone);
                CustomerModule {
                    customer_id: self.customer_id,
                    plan: self.plan,
                    module_key: row.key.clone(),
                    module_name: row.name.clone(),
                    enabled: refusal.is_none(),
                    source,
                    refusal,
                    enabled_at: row.enabled_at,
                    disabled_at: row.disabled_at,
                    expires_at: row.expires_at,
                    reason: row.reason.clone(),
                    usage_limit: row.usage_limit,
                    without_redis: row.without_redis,
                    usage_count,
                    reset_date,
                }
            })
            .collect()
    }

    fn decided(
        &self,
        module: &'static dyn FeatureModule,
        row: &ModuleRow,
        held: &[HeldModule],
        now: DateTime<Utc>,
    ) -> (ModuleSource, Option<Refusal>) {
        let refusal = entitlement::decide(module, self.plan, held, now, self.time_zone).err();
        let holds = row.is_decided() && row.expires_at.is_none_or(|expires_at| expires_at > now);
        let source = match &refusal {
            _ if !module.can_be_disabled() => ModuleSource::Always,
            Some(Refusal::NotOffered) => ModuleSource::NotOffered,
            Some(Refusal::Needs(_)) => ModuleSource::Dependency,
            _ if holds => ModuleSource::Override,
            _ => ModuleSource::Plan,
        };
        (source, refusal)
    }
}
