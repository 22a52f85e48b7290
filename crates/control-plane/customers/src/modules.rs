//! Turning feature modules on and off. Turning one off never deletes data.

use catalog::audit::AuditEntry;
use catalog::modules::{CustomerModule, ModuleSetting};
use catalog::{CatalogError, audit, customers, modules};
use chrono::Utc;
use domain::audit::AuditAction;
use domain::modules as feature_modules;
use serde_json::json;

use crate::field::FieldCheck;
use crate::sign_up::unknown_module;
use crate::{Actor, ControlPlane, UseCaseError};

/// The ten modules and how each stands with the customer.
///
/// # Errors
/// [`UseCaseError::NotFound`] when there is no such customer.
pub async fn list(control_plane: &ControlPlane, customer: &str) -> Result<Vec<CustomerModule>, UseCaseError> {
    let client = control_plane.catalog.client().await?;
    let found = customers::by_slug_or_id(&client, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    Ok(modules::of_customer(&client, found.id).await?)
}

/// Turns a module on or off. Asking for what is already so changes nothing and leaves no audit row.
///
/// # Errors
/// [`UseCaseError::NotFound`] for an unknown customer or module, [`UseCaseError::Conflict`] when other modules that
/// are on need it, when one that it needs is off, or when it can't be turned off at all.
pub async fn set(
    control_plane: &ControlPlane,
    actor: &Actor,
    (customer, key): (&str, &str),
    setting: ModuleSetting,
) -> Result<CustomerModule, UseCaseError> {
    let enabled = setting.enabled;
    let module = feature_modules::find(key).ok_or_else(|| UseCaseError::NotFound(unknown_module(key)))?;
    if !enabled && !module.can_be_disabled() {
        return Err(UseCaseError::Conflict(format!("{key} can't be turned off: every customer has it.")));
    }
    check_setting(&setting)?;
    let mut client = control_plane.catalog.client().await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = customers::by_slug_or_id(&transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    // The lock keeps two operators from each removing what the other's module needs.
    customers::lock_for_update(&transaction, found.id).await?;
    let present = modules::of_customer(&transaction, found.id).await?;
    check_dependencies(&present, key, enabled)?;
    let change = modules::set(&transaction, found.id, key, setting)
        .await?
        .ok_or_else(|| UseCaseError::NotFound(unknown_module(key)))?;
    if change.old != change.new {
        let entry = AuditEntry {
            customer_id: Some(found.id),
            action: if enabled { AuditAction::ModuleEnabled } else { AuditAction::ModuleDisabled },
            resource_type: "module",
            resource_id: Some(key.to_owned()),
            old_values: Some(values(&change.old)),
            new_values: Some(values(&change.new)),
        };
        audit::insert(&transaction, actor, &entry).await?;
    }
    transaction.commit().await.map_err(CatalogError::from)?;
    Ok(change.new)
}

fn check_setting(setting: &ModuleSetting) -> Result<(), UseCaseError> {
    let mut check = FieldCheck::default();
    if let Some(reason) = &setting.reason {
        check.name("reason", reason, 500);
    }
    if setting.expires_at.is_some_and(|expires_at| expires_at <= Utc::now()) {
        check.wrong("expires_at", "must be in the future");
    }
    if setting.expires_at.is_some() && !setting.enabled {
        check.wrong("expires_at", "only goes with enabled: true");
    }
    Ok(check.finish()?)
}

fn values(module: &CustomerModule) -> serde_json::Value {
    json!({
        "module_key": module.module_key,
        "enabled": module.enabled,
        "expires_at": module.expires_at,
        "reason": module.reason,
    })
}

fn check_dependencies(present: &[CustomerModule], key: &str, enabled: bool) -> Result<(), UseCaseError> {
    let is_on = |key: &str| present.iter().any(|module| module.module_key == key && module.enabled);
    let needed_by = |key: &str| {
        feature_modules::ALL
            .iter()
            .filter(|module| module.dependencies().contains(&key) && is_on(module.key()))
            .map(|module| module.key())
            .collect::<Vec<_>>()
    };
    let missing: Vec<_> = feature_modules::find(key)
        .into_iter()
        .flat_map(|module| module.dependencies())
        .filter(|dependency| !is_on(dependency))
        .copied()
        .collect();
    if enabled && !missing.is_empty() {
        return Err(UseCaseError::Conflict(format!(
            "{key} needs {}: turn that on first.",
            missing.join(", ")
        )));
    }
    let dependents = needed_by(key);
    if !enabled && !dependents.is_empty() {
        return Err(UseCaseError::Conflict(format!(
            "{} need {key}: turn them off first.",
            dependents.join(", ")
        )));
    }
    Ok(())
}
