//! Who asked for what they may not do.

use catalog::audit;
use catalog::audit::AuditEntry;
use domain::audit::AuditAction;
use serde_json::json;

use crate::{Actor, ControlPlane, UseCaseError};

/// A request that was refused for want of a permission.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// How it was asked.
    pub method: &'a str,
    /// The route: the path with the names of its parameters.
    pub route: &'a str,
    /// The path as it was sent, without the query.
    pub path: &'a str,
    /// The permission that is missing.
    pub permission: &'a str,
}

/// Writes a refusal into the audit log.
///
/// # Errors
/// When the admin database can't be asked.
pub async fn record(
    control_plane: &ControlPlane,
    actor: &Actor,
    refused: &Refused<'_>,
) -> Result<(), UseCaseError> {
    let Refused { method, route, path, permission } = *refused;
    let entry = AuditEntry {
        customer_id: None,
        action: AuditAction::AccessDenied,
        resource_type: "route",
        resource_id: Some(format!("{method} {route}")),
        old_values: None,
        new_values: Some(json!({ "path": path, "permission": permission })),
    };
    let client = control_plane.catalog_of_the_system().client().await?;
    audit::insert(&client, actor, &entry).await?;
    Ok(())
}
