//! What operators may do with jobs: retry a dead one, take one off that is dead or waits.

use catalog::audit::AuditEntry;
use catalog::jobs::JobRow;
use catalog::{CatalogError, audit, jobs};
use domain::JobId;
use domain::audit::AuditAction;
use serde_json::json;

use crate::{Actor, ControlPlane, Right, UseCaseError, commit};

/// Queues a dead job again.
///
/// # Errors
/// [`UseCaseError::NotFound`] when there is none, [`UseCaseError::Conflict`] when it isn't dead.
pub async fn retry(control_plane: &ControlPlane, actor: &Actor, id: JobId) -> Result<JobRow, UseCaseError> {
    let permit = actor.permit(Right::JobsWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let before = jobs::get(&transaction, id).await?;
    let before = before.ok_or_else(|| UseCaseError::NotFound("There is no job by this id.".to_owned()))?;
    let after = jobs::retry(&transaction, id).await?.ok_or_else(|| {
        UseCaseError::Conflict(format!("The job is {}; only a dead one can be queued again.", before.status))
    })?;
    let entry = AuditEntry {
        customer_id: None,
        action: AuditAction::OperationRetried,
        resource_type: "job",
        resource_id: Some(id.to_string()),
        old_values: Some(json!({ "status": before.status, "last_error": before.last_error })),
        new_values: Some(json!({ "status": after.status })),
    };
    audit::insert(&transaction, actor, &entry).await?;
    commit(transaction).await?;
    Ok(after)
}

/// Takes a job off that waits or was given up. What still needs it asks for it anew.
///
/// # Errors
/// [`UseCaseError::NotFound`] when there is none, [`UseCaseError::Conflict`] when it runs or has ended.
pub async fn cancel(control_plane: &ControlPlane, actor: &Actor, id: JobId) -> Result<JobRow, UseCaseError> {
    let permit = actor.permit(Right::JobsWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let before = jobs::get(&transaction, id).await?;
    let before = before.ok_or_else(|| UseCaseError::NotFound("There is no job by this id.".to_owned()))?;
    let after = jobs::cancel(&transaction, id).await?.ok_or_else(|| {
        UseCaseError::Conflict(format!(
            "The job is {}; only one that waits or is dead can be taken off.",
            before.status
        ))
    })?;
    let entry = AuditEntry {
        customer_id: None,
        action: AuditAction::OperationCanceled,
        resource_type: "job",
        resource_id: Some(id.to_string()),
        old_values: Some(
            json!({ "kind": before.kind, "status": before.status, "last_error": before.last_error }),
        ),
        new_values: Some(json!({ "kind": after.kind, "status": after.status })),
    };
    audit::insert(&transaction, actor, &entry).await?;
    commit(transaction).await?;
    Ok(after)
}
