//! Feature modules of a customer: what somebody decides, and what the plan says. Turning one off never deletes data.

mod overrides;
mod preview;

use catalog::audit::AuditEntry;
use catalog::modules::{CustomerModule, ModuleChange, ModuleSetting};
use catalog::{CatalogError, Transaction, audit, customers, modules};
use chrono::Utc;
use domain::audit::AuditAction;
use domain::modules::{self as feature_modules, FeatureModule};
use domain::{CustomerId, Plan};
use serde_json::json;

use crate::field::FieldCheck;
use crate::sign_up::unknown_module;
use crate::{Actor, ControlPlane, Right, UseCaseError, commit};

pub use overrides::expire_module_overrides;
pub use preview::{ModulePreview, preview};

/// The modules and how each stands with the customer.
///
/// # Errors
/// [`UseCaseError::NotFound`] when there is no such customer.
pub async fn list(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
) -> Result<Vec<CustomerModule>, UseCaseError> {
    let permit = actor.permit(Right::CustomersRead)?;
    let client = control_plane.client(&permit).await?;
    let found = customers::by_slug_or_id(&client, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    Ok(modules::of_customer(&client, found.id).await?)
}

/// Turns a module on or off, whatever the plan says. Asking for what is already so changes nothing and leaves no audit
/// row.
///
/// # Errors
/// [`UseCaseError::Invalid`] with every wrong field, [`UseCaseError::NotFound`] for an unknown customer or module,
/// [`UseCaseError::Conflict`] when other modules that are on need it, when one that it needs is off, or when it can't
/// be turned off at all.
pub async fn set(
    control_plane: &ControlPlane,
    actor: &Actor,
    (customer, key): (&str, &str),
    setting: ModuleSetting,
) -> Result<CustomerModule, UseCaseError> {
    let permit = actor.permit(Right::ModulesWrite)?;
    let module = known(key)?;
    if !setting.enabled && !module.can_be_disabled() {
        return Err(UseCaseError::Conflict(format!("{key} can't be turned off: every customer has it.")));
    }
    check_setting(module, &setting)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = locked(&transaction, customer).await?;
    let present = modules::of_customer(&transaction, found).await?;
    check_dependencies(&present, module, setting.enabled)?;
    let change = modules::set(&transaction, found, key, setting)
        .await?
        .ok_or_else(|| UseCaseError::NotFound(unknown_module(key)))?;
    write_audit(&transaction, actor, &change).await?;
    commit(transaction).await?;
    Ok(change.new)
}

/// Takes back what was decided for the customer: the plan says again whether they have the module. A limit stays, and so
/// does all data.
///
/// # Errors
/// As [`set`].
pub async fn reset(
    control_plane: &ControlPlane,
    actor: &Actor,
    (customer, key): (&str, &str),
) -> Result<CustomerModule, UseCaseError> {
    let permit = actor.permit(Right::ModulesWrite)?;
    let module = known(key)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = locked(&transaction, customer).await?;
    let present = modules::of_customer(&transaction, found).await?;
    check_dependencies(&present, module, planned(&present, module))?;
    let change = modules::follow_plan(&transaction, found, key)
        .await?
        .ok_or_else(|| UseCaseError::NotFound(unknown_module(key)))?;
    write_audit(&transaction, actor, &change).await?;
    commit(transaction).await?;
    Ok(change.new)
}

fn known(key: &str) -> Result<&'static dyn FeatureModule, UseCaseError> {
    feature_modules::find(key).ok_or_else(|| UseCaseError::NotFound(unknown_module(key)))
}

/// The lock keeps two operators from each removing what the other's module needs.
async fn locked(transaction: &Transaction<'_>, customer: &str) -> Result<CustomerId, UseCaseError> {
    let found = customers::by_slug_or_id(transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    customers::lock_for_update(transaction, found.id).await?;
    Ok(found.id)
}

fn planned(present: &[CustomerModule], module: &'static dyn FeatureModule) -> bool {
    let plan = present.first().map_or(Plan::Starter, |present| present.plan);
    module.smallest_plan() <= plan
}

fn check_setting(module: &'static dyn FeatureModule, setting: &ModuleSetting) -> Result<(), UseCaseError> {
    let mut check = FieldCheck::default();
    if let Some(reason) = &setting.reason {
        check.name("reason", reason, 500);
    }
    if setting.expires_at.is_some_and(|expires_at| expires_at <= Utc::now()) {
        check.wrong("expires_at", "must be in the future");
    }
    if setting.expires_at.is_some() && !module.can_be_disabled() {
        check.wrong("expires_at", format!("doesn't go with {}: it never goes off", module.key()));
    }
    if setting.usage_limit.flatten().is_some_and(|limit| limit < 0) {
        check.wrong("usage_limit", "must be 0 or more, or null for no limit");
    }
    if setting.reset_date.flatten().is_some_and(|reset_date| reset_date <= Utc::now()) {
        check.wrong("reset_date", "must be in the future, or null for never");
    }
    Ok(check.finish()?)
}

pub(crate) async fn write_audit(
    transaction: &Transaction<'_>,
    actor: &Actor,
    change: &ModuleChange,
) -> Result<(), UseCaseError> {
    let action = match (change.is_switch(), change.new.enabled) {
        (true, true) => AuditAction::ModuleEnabled,
        (true, false) => AuditAction::ModuleDisabled,
        (false, _) => AuditAction::ModuleChanged,
    };
    let entry = AuditEntry {
        customer_id: Some(change.new.customer_id),
        action,
        resource_type: "module",
        resource_id: Some(change.new.module_key.clone()),
        old_values: Some(values(&change.old)),
        new_values: Some(values(&change.new)),
    };
    if entry.old_values != entry.new_values {
        audit::insert(transaction, actor, &entry).await?;
    }
    Ok(())
}

fn values(module: &CustomerModule) -> serde_json::Value {
    json!({
        "module_key": module.module_key,
        "enabled": module.enabled,
        "source": module.source.as_str(),
        "expires_at": module.expires_at,
        "reason": module.reason,
        "usage_limit": module.usage_limit,
        "reset_date": module.reset_date,
        "without_redis": module.without_redis,
    })
}

fn check_dependencies(
    present: &[CustomerModule],
    module: &'static dyn FeatureModule,
    enabled: bool,
) -> Result<(), UseCaseError> {
    let key = module.key();
    let is_on = |key: &str| present.iter().any(|module| module.module_key == key && module.enabled);
    let missing: Vec<_> =
        module.dependencies().iter().filter(|dependency| !is_on(dependency)).copied().collect();
    if enabled && !missing.is_empty() {
        return Err(UseCaseError::Conflict(format!(
            "{key} needs {}: turn that on first.",
            missing.join(", ")
        )));
    }
    let dependents: Vec<_> = feature_modules::ALL
        .iter()
        .filter(|other| other.dependencies().contains(&key) && is_on(other.key()))
        .map(|other| other.key())
        .collect();
    if !enabled && !dependents.is_empty() {
        return Err(UseCaseError::Conflict(format!(
            "{} need {key}: turn them off first.",
            dependents.join(", ")
        )));
    }
    Ok(())
}
