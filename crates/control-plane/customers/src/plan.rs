//! What a customer bought: changing it, and what a change would do. Their data stays, whatever the plan.

use catalog::audit::AuditEntry;
use catalog::customers::{Customer, CustomerChanges};
use catalog::modules::{self, CustomerModule, FeatureModule, ModuleSource, UseOfModules};
use catalog::{CatalogError, Transaction, audit, customers};
use domain::Plan;
use domain::audit::AuditAction;
use domain::customer::Lifecycle;
use domain::modules as feature_modules;
use serde_json::json;

use crate::field::FieldCheck;
use crate::modules::write_audit;
use crate::{Actor, ControlPlane, Right, UseCaseError, commit, version};

/// How far back it is counted who uses what would be lost.
const DAYS: i32 = 30;

/// What another plan would do.
#[derive(Debug)]
pub struct PlanPreview {
    /// What the customer has bought.
    pub now: Plan,
    /// What they would have.
    pub after: Plan,
    /// The modules that would go on, as they would be.
    pub gained: Vec<CustomerModule>,
    /// Those that would go off, as they would be.
    pub lost: Vec<CustomerModule>,
    /// Those about which it was decided for the customer, as they would be: the plan changes nothing about them.
    pub decided: Vec<CustomerModule>,
    /// The price list.
    pub listed: Vec<FeatureModule>,
    /// Who used what would be lost in the last 30 days; `None` for whoever may not read usage.
    pub used: Option<UseOfModules>,
}

/// What would happen were the customer's plan this one. Nothing is changed.
///
/// # Errors
/// [`UseCaseError::Invalid`] when there is no such plan, [`UseCaseError::NotFound`] for an unknown customer.
pub async fn preview(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    plan: Plan,
) -> Result<PlanPreview, UseCaseError> {
    let permit = actor.permit(Right::CustomersRead)?;
    let client = control_plane.client(&permit).await?;
    let no_customer = || UseCaseError::no_customer(customer);
    let found = customers::by_slug_or_id(&client, customer).await?.ok_or_else(no_customer)?;
    let told = modules::preview_plan(&client, found.id, plan).await?.ok_or_else(no_customer)?;
    let (mut gained, mut lost) = (Vec::new(), Vec::new());
    for (before, after) in told.now.iter().zip(&told.after) {
        match (before.enabled, after.enabled) {
            (false, true) => gained.push(after.clone()),
            (true, false) => lost.push(after.clone()),
            _ => {}
        }
    }
    let used = match actor.permit(Right::UsageRead) {
        Ok(_) => {
            let keys: Vec<_> = lost.iter().map(|module| module.module_key.as_str()).collect();
            Some(modules::use_of_modules(&client, found.id, &keys, DAYS).await?)
        }
        Err(_) => None,
    };
    let decided = told.after.into_iter().filter(|module| module.source == ModuleSource::Override);
    Ok(PlanPreview {
        now: found.subscription_plan,
        after: plan,
        gained,
        lost,
        decided: decided.collect(),
        listed: modules::list(&client).await?,
        used,
    })
}

/// Changes what a customer bought. Modules about which nobody decided otherwise go on and off with it; the status of the
/// subscription stays as it is. Asking for the plan that they have changes nothing and leaves no audit row.
///
/// # Errors
/// [`UseCaseError::Invalid`] with every wrong field, [`UseCaseError::NotFound`] for an unknown customer,
/// [`UseCaseError::Stale`] when `if_match` names another version.
pub async fn change(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    (plan, reason): (Plan, Option<&str>),
    if_match: Option<&str>,
) -> Result<Customer, UseCaseError> {
    let permit = actor.permit(Right::SubscriptionsWrite)?;
    let mut check = FieldCheck::default();
    let reason = reason.and_then(|reason| check.name("reason", reason, 500));
    check.finish()?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let no_customer = || UseCaseError::no_customer(customer);
    let found = customers::by_slug_or_id(&transaction, customer).await?.ok_or_else(no_customer)?;
    let before = customers::lock_for_update(&transaction, found.id).await?;
    // Somebody may have begun to delete them while the lock was waited for.
    let before = before.filter(|before| before.lifecycle == Lifecycle::Ready).ok_or_else(no_customer)?;
    version::check(if_match, before.updated_at)?;
    if before.subscription_plan == plan {
        return Ok(before);
    }
    let changes = CustomerChanges { subscription_plan: Some(plan), ..CustomerChanges::default() };
    let after = customers::update(&transaction, before.id, &changes).await?.ok_or_else(no_customer)?;
    audit_plan(&transaction, actor, (&before, &after), reason.as_deref()).await?;
    for change in modules::follow_changed_plan(&transaction, before.id, before.subscription_plan).await? {
        write_audit(&transaction, actor, &change).await?;
    }
    commit(transaction).await?;
    Ok(after)
}

/// Whether the plan has the module.
#[must_use]
pub fn has(plan: Plan, module_key: &str) -> bool {
    feature_modules::find(module_key).is_some_and(|module| module.smallest_plan() <= plan)
}

async fn audit_plan(
    transaction: &Transaction<'_>,
    actor: &Actor,
    (before, after): (&Customer, &Customer),
    reason: Option<&str>,
) -> Result<(), UseCaseError> {
    let is_larger = after.subscription_plan > before.subscription_plan;
    let entry = AuditEntry {
        customer_id: Some(before.id),
        action: if is_larger {
            AuditAction::SubscriptionUpgraded
        } else {
            AuditAction::SubscriptionDowngraded
        },
        resource_type: "customer",
        resource_id: Some(before.id.to_string()),
        old_values: Some(json!({ "subscription_plan": before.subscription_plan })),
        new_values: Some(json!({ "subscription_plan": after.subscription_plan, "reason": reason })),
    };
    audit::insert(transaction, actor, &entry).await?;
    Ok(())
}
