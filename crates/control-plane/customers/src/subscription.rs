//! Stopping and resuming to serve a customer. The data stays, whatever the status.

use catalog::audit::AuditEntry;
use catalog::customers::{Customer, Suspension};
use catalog::{CatalogError, Transaction, audit, customers};
use chrono::Utc;
use domain::SubscriptionStatus;
use domain::audit::AuditAction;
use serde_json::json;

use crate::{Actor, ControlPlane, Right, UseCaseError, commit};

/// How many trials and subscriptions one call of [`expire`] ends.
const AT_ONCE: u32 = 100;

/// Stops serving a customer. Asking twice changes nothing.
///
/// # Errors
/// [`UseCaseError::NotFound`] for an unknown customer.
pub async fn suspend(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    reason: Option<&str>,
) -> Result<Customer, UseCaseError> {
    suspend_so(control_plane, actor, customer, Suspension { reason, has_grace: false }).await
}

/// The same for a customer whose organization was deleted at the identity provider: they may read their data during the
/// grace period, with API keys.
///
/// # Errors
/// As [`suspend`].
pub async fn suspend_with_grace(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    reason: &str,
) -> Result<Customer, UseCaseError> {
    suspend_so(control_plane, actor, customer, Suspension { reason: Some(reason), has_grace: true }).await
}

async fn suspend_so(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    suspension: Suspension<'_>,
) -> Result<Customer, UseCaseError> {
    let permit = actor.permit(Right::CustomersSuspend)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let before = locked(&transaction, customer).await?;
    if before.subscription_status == SubscriptionStatus::Suspended {
        return Ok(before);
    }
    let after = customers::suspend(&transaction, before.id, suspension)
        .await?
        .ok_or_else(|| UseCaseError::no_customer(customer))?;
    audit_status(&transaction, actor, AuditAction::CustomerSuspended, (&before, &after), suspension.reason)
        .await?;
    commit(transaction).await?;
    Ok(after)
}

/// Serves a customer again, with the status from before the suspension. What ran out meanwhile is expired.
///
/// # Errors
/// [`UseCaseError::NotFound`] for an unknown customer, [`UseCaseError::Conflict`] when they aren't suspended.
pub async fn resume(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
) -> Result<Customer, UseCaseError> {
    let permit = actor.permit(Right::CustomersSuspend)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let before = locked(&transaction, customer).await?;
    if before.subscription_status != SubscriptionStatus::Suspended {
        return Err(UseCaseError::Conflict(format!(
            "The customer is not suspended: the subscription is {}.",
            before.subscription_status
        )));
    }
    let after = customers::resume(&transaction, before.id)
        .await?
        .ok_or_else(|| UseCaseError::no_customer(customer))?;
    audit_status(&transaction, actor, AuditAction::CustomerResumed, (&before, &after), None).await?;
    commit(transaction).await?;
    Ok(after)
}

/// Ends the trials, and the subscriptions that aren't renewed, whose time has run out, each in a transaction of its own. Returns how many there were.
///
/// # Errors
/// When the admin database can't be asked.
pub async fn expire(control_plane: &ControlPlane) -> Result<usize, UseCaseError> {
    let mut client = control_plane.catalog_of_the_system().client().await?;
    let ended = customers::subscriptions_ended(&client, Utc::now(), AT_ONCE).await?;
    let mut expired = 0;
    for customer in ended {
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        // Read again under the lock: the customer may have subscribed since.
        let before = locked(&transaction, &customer.id.to_string()).await?;
        if !before.has_run_out(Utc::now()) {
            continue;
        }
        let Some(after) = customers::set_status(&transaction, before.id, SubscriptionStatus::Expired).await?
        else {
            continue;
        };
        audit_status(
            &transaction,
            &Actor::system(),
            AuditAction::SubscriptionExpired,
            (&before, &after),
            None,
        )
        .await?;
        commit(transaction).await?;
        expired += 1;
    }
    Ok(expired)
}

async fn locked(transaction: &Transaction<'_>, customer: &str) -> Result<Customer, UseCaseError> {
    let found = customers::by_slug_or_id(transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    customers::lock_for_update(transaction, found.id)
        .await?
        .ok_or_else(|| UseCaseError::no_customer(customer))
}

async fn audit_status(
    transaction: &Transaction<'_>,
    actor: &Actor,
    action: AuditAction,
    (before, after): (&Customer, &Customer),
    reason: Option<&str>,
) -> Result<(), UseCaseError> {
    let entry = AuditEntry {
        customer_id: Some(before.id),
        action,
        resource_type: "customer",
        resource_id: Some(before.id.to_string()),
        old_values: Some(json!({ "subscription_status": before.subscription_status })),
        new_values: Some(json!({ "subscription_status": after.subscription_status, "reason": reason })),
    };
    audit::insert(transaction, actor, &entry).await?;
    Ok(())
}
