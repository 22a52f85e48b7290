//! Who asked for what they may not do.

use catalog::audit::{self, AuditEntry};
use catalog::customers;
use domain::audit::AuditAction;
use serde_json::json;

use crate::{Actor, ControlPlane, UseCaseError};

/// A request that was refused to somebody who is known.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// How it was asked.
    pub method: &'a str,
    /// The route: the path with the names of its parameters.
    pub route: &'a str,
    /// The path as it was sent, without the query.
    pub path: &'a str,
    /// The customer, as the path names them.
    pub customer: Option<&'a str>,
    /// The permission that is missing; `None` when it was something else.
    pub permission: Option<&'a str>,
    /// Why: the kind of problem.
    pub reason: &'a str,
}

/// Writes a refusal into the audit log: into the chain of the customer whom it is about, if there is one by that name.
///
/// # Errors
/// When the admin database can't be asked.
pub async fn record(
    control_plane: &ControlPlane,
    actor: &Actor,
    refused: &Refused<'_>,
) -> Result<(), UseCaseError> {
    let Refused { method, route, path, customer, permission, reason } = *refused;
    let client = control_plane.catalog_of_the_system().client().await?;
    let customer = match customer {
        // A name that no customer can have, such as one with a NUL in it, is nobody's.
        Some(name) => customers::by_slug_or_id(&client, name).await.ok().flatten(),
        None => None,
    };
    let told = match permission {
        Some(permission) => json!({ "path": path, "permission": permission }),
        None => json!({ "path": path, "reason": reason }),
    };
    let entry = AuditEntry {
        customer_id: customer.map(|customer| customer.id),
        action: AuditAction::AccessDenied,
        resource_type: "route",
        resource_id: Some(format!("{method} {route}")),
        old_values: None,
        new_values: Some(told),
    };
    audit::insert(&client, actor, &entry).await?;
    Ok(())
}
