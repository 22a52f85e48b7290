//! What operators may do with jobs: retry a dead one, take one off that is dead or waits.

use catalog::audit::AuditEntry;
use catalog::jobs::JobRow;
use catalog::{CatalogError, Transaction, audit, jobs, key_rotations, operations};
use domain::audit::AuditAction;
use domain::{JobId, JobStatus, OperationId, OperationStatus};
use serde_json::json;
use uuid::Uuid;

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

/// Takes a job off that waits or was given up. One that was taken off before stays so.
///
/// # Errors
/// [`UseCaseError::NotFound`] when there is none, [`UseCaseError::Conflict`] when it runs or has ended, or when an operation or a
/// rotation of a key that is under way waits for it.
pub async fn cancel(control_plane: &ControlPlane, actor: &Actor, id: JobId) -> Result<JobRow, UseCaseError> {
    let permit = actor.permit(Right::JobsWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let before = jobs::get(&transaction, id).await?;
    let before = before.ok_or_else(|| UseCaseError::NotFound("There is no job by this id.".to_owned()))?;
    if before.status == JobStatus::Canceled {
        return Ok(before);
    }
    if let Some(who) = who_waits_for(&transaction, &before).await? {
        return Err(UseCaseError::Conflict(who));
    }
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

/// What is under way and would stand still without the job, as a sentence that says what to do instead. Nobody asks for the job
/// of a rotation again, and while one runs there is no other of the same key.
async fn who_waits_for(transaction: &Transaction<'_>, job: &JobRow) -> Result<Option<String>, UseCaseError> {
    let named = |field: &str| job.payload.get(field)?.as_str()?.parse::<Uuid>().ok();
    if let Some(id) = named("operation_id") {
        let operation = operations::get(transaction, OperationId(id)).await?;
        let is_under_way = |status| matches!(status, OperationStatus::Queued | OperationStatus::Running);
        if operation.is_some_and(|operation| is_under_way(operation.status)) {
            return Ok(Some(format!(
                "The job belongs to operation {id}, which is under way: cancel the operation instead."
            )));
        }
    }
    if let Some(id) = named("rotation_id") {
        let rotation = key_rotations::get(transaction, id).await?;
        if rotation.is_some_and(|rotation| rotation.status == "running") {
            return Ok(Some(format!(
                "The job belongs to rotation {id} of a key, which can't be left half done: retry the job instead."
            )));
        }
    }
    Ok(None)
}
