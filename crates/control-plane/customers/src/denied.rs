//! Refusals of customers' callers, in the audit log.

use catalog::audit::AuditEntry;
use catalog::denied_attempts::{self, DeniedAttempts};
use catalog::{CatalogError, audit};
use chrono::NaiveDate;
use domain::audit::AuditAction;
use serde_json::json;

use crate::{Actor, ControlPlane, UseCaseError, commit};

/// Writes refusals of customers' callers into the customers' chains of the audit log: one row when a key is refused for a
/// reason the first time on a day, and one with the whole number when the day is over. Returns how many rows it wrote.
///
/// # Errors
/// When the admin database can't be asked.
pub async fn record_denied(control_plane: &ControlPlane, today: NaiveDate) -> Result<usize, UseCaseError> {
    let mut client = control_plane.catalog_of_the_system().client().await?;
    let found = denied_attempts::unrecorded(&client, today).await?;
    let mut written = 0;
    for attempts in &found {
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        // Of two workers who do this at once, one writes.
        if denied_attempts::note(&transaction, attempts).await? {
            audit::insert(&transaction, &Actor::system(), &entry(attempts)).await?;
            written += 1;
        }
        commit(transaction).await?;
    }
    denied_attempts::remove_old(&client, today).await?;
    Ok(written)
}

fn entry(attempts: &DeniedAttempts) -> AuditEntry {
    AuditEntry {
        customer_id: Some(attempts.customer_id),
        action: AuditAction::AccessDenied,
        resource_type: "api_key",
        resource_id: Some(attempts.api_key_id.to_string()),
        old_values: None,
        new_values: Some(json!({
            "reason": attempts.outcome, "day": attempts.day, "requests": attempts.requests,
            "routes": attempts.routes, "day_is_over": attempts.is_final,
        })),
    }
}
