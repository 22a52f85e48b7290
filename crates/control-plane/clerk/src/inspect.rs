//! What operators see of it, and may ask for.

use ::jobs::NewJob;
use catalog::audit::AuditEntry;
use catalog::clerk::messages::{self, Message};
use catalog::clerk::{Counts, counts, reconciliations};
use catalog::{CatalogError, audit, jobs};
use customers::{Actor, ControlPlane, Right, UseCaseError, commit};
use domain::JobId;
use domain::audit::AuditAction;
use domain::clerk::MessageStatus;
use serde_json::json;

use crate::{process, reconcile};

/// How it stands with Clerk.
#[derive(Debug, Clone)]
pub struct Status {
    /// How much is known.
    pub counts: Counts,
    /// How many messages stand how.
    pub messages: Vec<(MessageStatus, i64)>,
    /// The last comparison.
    pub last_reconciliation: Option<reconciliations::ReconciliationSummary>,
}

/// How it stands with Clerk.
///
/// # Errors
/// [`UseCaseError::Forbidden`] for whoever may not look.
pub async fn status(control_plane: &ControlPlane, actor: &Actor) -> Result<Status, UseCaseError> {
    let permit = actor.permit(Right::ClerkRead)?;
    let client = control_plane.client(&permit).await?;
    Ok(Status {
        counts: counts(&client).await?,
        messages: messages::count_by_status(&client).await?,
        last_reconciliation: reconciliations::list(&client, 1).await?.pop(),
    })
}

/// Has a message done once more, whatever became of it.
///
/// # Errors
/// [`UseCaseError::NotFound`] when there is none by this id.
pub async fn replay(control_plane: &ControlPlane, actor: &Actor, id: &str) -> Result<Message, UseCaseError> {
    let permit = actor.permit(Right::ClerkWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let before = messages::lock(&transaction, id).await?;
    let (before, _) =
        before.ok_or_else(|| UseCaseError::NotFound("There is no message by this id.".to_owned()))?;
    let after = messages::replay(&transaction, id).await?;
    let after = after.ok_or_else(|| UseCaseError::NotFound("There is no message by this id.".to_owned()))?;
    jobs::enqueue(&transaction, &process::job(id)).await?;
    let entry = AuditEntry {
        customer_id: None,
        action: AuditAction::OperationRetried,
        resource_type: "clerk_message",
        resource_id: Some(id.to_owned()),
        old_values: Some(json!({ "status": before.status })),
        new_values: Some(json!({ "status": after.status, "type": after.event_type })),
    };
    audit::insert(&transaction, actor, &entry).await?;
    commit(transaction).await?;
    Ok(after)
}

/// Asks for a comparison with Clerk now. `None` when one of the same kind, which mends or only says, is under way.
///
/// # Errors
/// [`UseCaseError::Forbidden`] for whoever may not ask.
pub async fn request_reconciliation(
    control_plane: &ControlPlane,
    actor: &Actor,
    dry_run: bool,
) -> Result<Option<JobId>, UseCaseError> {
    let permit = actor.permit(Right::ClerkWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let payload = reconcile::Payload { dry_run };
    // Whoever asks to mend isn't served by one that changes nothing, and whoever asks to look doesn't want one that does.
    let key = if dry_run { "asked-dry" } else { "asked" };
    let job = NewJob::new(reconcile::KIND, json!(payload)).unique(format!("{}:{key}", reconcile::KIND));
    let queued = jobs::enqueue(&transaction, &job).await?;
    if let Some(job) = queued {
        // What a worker does by itself, once more. It may suspend customers: who wanted it is on record.
        let entry = AuditEntry {
            customer_id: None,
            action: AuditAction::OperationRetried,
            resource_type: "clerk_reconciliation",
            resource_id: Some(job.to_string()),
            old_values: None,
            new_values: Some(json!({ "requested": true, "dry_run": dry_run })),
        };
        audit::insert(&transaction, actor, &entry).await?;
    }
    commit(transaction).await?;
    Ok(queued)
}
