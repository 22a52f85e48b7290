//! What operators may do with operations: retry a dead one, have one under way taken back.

use catalog::audit::AuditEntry;
use catalog::operations::{NewOperation, Operation};
use catalog::{CatalogError, Transaction, audit, operations};
use domain::OperationId;
use domain::audit::AuditAction;
use jobs::NewJob;
use provisioning::NUDGE_KIND;
use serde_json::json;

use crate::{Actor, ControlPlane, Right, UseCaseError, commit};

/// Writes an operation and the job that wakes a worker for it, in the caller's transaction.
pub(crate) async fn request(
    transaction: &Transaction<'_>,
    new: &NewOperation,
) -> Result<Operation, UseCaseError> {
    let operation = operations::insert(transaction, new).await?;
    let nudge = NewJob::new(NUDGE_KIND, json!({ "operation_id": operation.id }));
    catalog::jobs::enqueue(transaction, &nudge).await?;
    Ok(operation)
}

/// One operation.
///
/// # Errors
/// [`UseCaseError::NotFound`] when there is none.
pub async fn get(
    control_plane: &ControlPlane,
    actor: &Actor,
    id: OperationId,
) -> Result<Operation, UseCaseError> {
    let permit = actor.permit(Right::CustomersRead)?;
    let client = control_plane.client(&permit).await?;
    operations::get(&client, id).await?.ok_or_else(no_operation)
}

fn no_operation() -> UseCaseError {
    UseCaseError::NotFound("There is no operation by this id.".to_owned())
}

/// Queues a dead operation again.
///
/// # Errors
/// [`UseCaseError::Conflict`] when it isn't dead.
pub async fn retry(
    control_plane: &ControlPlane,
    actor: &Actor,
    id: OperationId,
) -> Result<Operation, UseCaseError> {
    change(control_plane, actor, id, AuditAction::OperationRetried).await
}

/// Asks for a sign-up that is under way to be taken back.
///
/// # Errors
/// [`UseCaseError::Conflict`] when it has ended, or when it is something that can't be taken back.
pub async fn cancel(
    control_plane: &ControlPlane,
    actor: &Actor,
    id: OperationId,
) -> Result<Operation, UseCaseError> {
    change(control_plane, actor, id, AuditAction::OperationCanceled).await
}

async fn change(
    control_plane: &ControlPlane,
    actor: &Actor,
    id: OperationId,
    action: AuditAction,
) -> Result<Operation, UseCaseError> {
    let permit = actor.permit(Right::OperationsWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let before = operations::get(&transaction, id).await?.ok_or_else(no_operation)?;
    let (changed, wanted) = match action {
        AuditAction::OperationRetried => (operations::retry(&transaction, id).await?, "dead"),
        _ => (operations::request_cancel(&transaction, id).await?, "a sign-up that is queued or running"),
    };
    let after = changed.ok_or_else(|| {
        UseCaseError::Conflict(format!(
            "The operation is {}; only {wanted} can be changed this way.",
            before.status
        ))
    })?;
    let entry = AuditEntry {
        customer_id: Some(before.customer_id),
        action,
        resource_type: "operation",
        resource_id: Some(id.to_string()),
        old_values: Some(json!({ "status": before.status })),
        new_values: Some(json!({ "status": after.status, "cancel_requested_at": after.cancel_requested_at })),
    };
    audit::insert(&transaction, actor, &entry).await?;
    commit(transaction).await?;
    Ok(after)
}
