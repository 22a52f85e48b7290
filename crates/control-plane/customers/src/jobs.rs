//! What operators may do with jobs: retry a dead one, cancel one that waits or is dead.

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
    let before = jobs::get(&transaction, id).await?.ok_or_else(no_job)?;
    let after = jobs::retry(&transaction, id).await?.ok_or_else(|| {
        UseCaseError::Conflict(format!("The job is {}; only a dead one can be queued again.", before.status))
    })?;
    note(&transaction, actor, AuditAction::OperationRetried, &before, &after).await?;
    commit(transaction).await?;
    Ok(after)
}

/// Takes a job back that waits, or dismisses a dead one: nothing tries it again. One that is canceled already stays so.
///
/// # Errors
/// [`UseCaseError::NotFound`] when there is none, [`UseCaseError::Conflict`] when it runs, is done, or is what an operation or
/// a rotation of keys that is under way waits for.
pub async fn cancel(control_plane: &ControlPlane, actor: &Actor, id: JobId) -> Result<JobRow, UseCaseError> {
    let permit = actor.permit(Right::JobsWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let before = jobs::get(&transaction, id).await?.ok_or_else(no_job)?;
    if before.status == JobStatus::Canceled {
        return Ok(before);
    }
    if let Some(who) = who_waits_for(&transaction, &before).await? {
        return Err(UseCaseError::Conflict(who));
    }
    let Some(after) = jobs::cancel(&transaction, id).await? else {
        // A worker, or somebody else, may have changed it since it was read.
        let now = jobs::get(&transaction, id).await?.ok_or_else(no_job)?;
        if now.status == JobStatus::Canceled {
            return Ok(now);
        }
        return Err(UseCaseError::Conflict(format!(
            "The job is {}; only one that is queued or dead can be canceled.",
            now.status
        )));
    };
    note(&transaction, actor, AuditAction::OperationCanceled, &before, &after).await?;
    commit(transaction).await?;
    Ok(after)
}

/// What is under way and would stand still without the job, as a sentence that says what to do instead.
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

fn no_job() -> UseCaseError {
    UseCaseError::NotFound("There is no job by this id.".to_owned())
}

async fn note(
    transaction: &Transaction<'_>,
    actor: &Actor,
    action: AuditAction,
    before: &JobRow,
    after: &JobRow,
) -> Result<(), UseCaseError> {
    let entry = AuditEntry {
        customer_id: None,
        action,
        resource_type: "job",
        resource_id: Some(before.id.to_string()),
        old_values: Some(json!({ "status": before.status, "last_error": before.last_error })),
        new_values: Some(json!({ "status": after.status })),
    };
    audit::insert(transaction, actor, &entry).await?;
    Ok(())
}
