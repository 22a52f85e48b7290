//! Asking for a backup. The worker makes it.

use catalog::audit::AuditEntry;
use catalog::{CatalogError, audit, customers, jobs};
use domain::JobId;
use domain::audit::AuditAction;
use serde_json::json;

use crate::{Actor, ControlPlane, Right, UseCaseError, commit};

/// Asks for a backup of a customer's database. `None` when one was asked for already and isn't made yet.
///
/// # Errors
/// [`UseCaseError::NotFound`] for an unknown customer.
pub async fn request(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
) -> Result<Option<JobId>, UseCaseError> {
    let permit = actor.permit(Right::BackupsWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = customers::by_slug_or_id(&transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    let job = backups::BackUpDatabase::request(Some(found.id), actor.admin_user_id.clone());
    let queued = jobs::enqueue(&transaction, &job).await?;
    if let Some(job) = queued {
        let entry = AuditEntry {
            customer_id: Some(found.id),
            action: AuditAction::CustomerUpdated,
            resource_type: "backup",
            resource_id: Some(job.to_string()),
            old_values: None,
            new_values: Some(json!({ "requested": true, "job_id": job })),
        };
        audit::insert(&transaction, actor, &entry).await?;
    }
    commit(transaction).await?;
    Ok(queued)
}
