//! Removing a customer: the intent becomes "absent", the worker makes it true.

use catalog::audit::AuditEntry;
use catalog::operations::{NewOperation, Operation, OperationIntent};
use catalog::{CatalogError, audit, customers};
use domain::OperationKind;
use domain::audit::AuditAction;
use domain::customer::Lifecycle;
use serde_json::json;

use crate::{Actor, ControlPlane, Right, UseCaseError, commit, operations, version};

/// Begins to remove a customer: their keys stop working at once, their database goes with everything in it. The
/// row stays for the books, and the customerId stays taken.
///
/// # Errors
/// [`UseCaseError::NotFound`] for an unknown customer, [`UseCaseError::Conflict`] while another operation works on
/// them, [`UseCaseError::Stale`] when `if_match` names another version.
pub async fn remove(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    if_match: Option<&str>,
) -> Result<Operation, UseCaseError> {
    let permit = actor.permit(Right::CustomersDelete)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = customers::by_slug_or_id(&transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    let found = customers::lock_for_update(&transaction, found.id).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    version::check(if_match, found.updated_at)?;
    let slug = found.slug();
    let new = NewOperation {
        kind: OperationKind::CustomerDelete,
        customer_id: found.id,
        customer_slug: slug,
        intent: OperationIntent::Absent,
        parameters: json!({}),
        requested_by: actor.admin_user_id.clone(),
    };
    let operation = operations::request(&transaction, &new).await?;
    if !customers::set_lifecycle(&transaction, found.id, Lifecycle::Ready, Lifecycle::Deleting).await? {
        return Err(UseCaseError::no_customer(customer));
    }
    let entry = AuditEntry {
        customer_id: Some(found.id),
        action: AuditAction::CustomerUpdated,
        resource_type: "customer",
        resource_id: Some(found.id.to_string()),
        old_values: Some(json!({ "lifecycle": Lifecycle::Ready })),
        new_values: Some(json!({ "lifecycle": Lifecycle::Deleting, "operation_id": operation.id })),
    };
    audit::insert(&transaction, actor, &entry).await?;
    commit(transaction).await?;
    Ok(operation)
}
