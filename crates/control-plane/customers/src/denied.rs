//! Refusals of customers' callers, in the audit log.

use catalog::audit::AuditEntry;
use catalog::clerk::memberships;
use catalog::denied_attempts::{self, DeniedAttempts};
use catalog::{CatalogError, GenericClient, api_keys, audit};
use chrono::NaiveDate;
use domain::audit::AuditAction;
use domain::principal::usage_id_of;
use serde_json::json;
use uuid::Uuid;

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
            let who = Who::of(&transaction, attempts).await?;
            audit::insert(&transaction, &Actor::system(), &entry(attempts, &who)).await?;
            written += 1;
        }
        commit(transaction).await?;
    }
    denied_attempts::remove_old(&client, today).await?;
    Ok(written)
}

/// Who was refused, where usage has one id for all of them.
enum Who {
    /// A key of the customer's, or one that is gone.
    Key,
    /// An operator who acts in the customer's place.
    Operator(Uuid),
    /// Somebody who is signed in, by the identity provider's name.
    Person(String),
}

impl Who {
    async fn of(client: &impl GenericClient, attempts: &DeniedAttempts) -> Result<Self, CatalogError> {
        if let Some(key) = api_keys::get(client, attempts.customer_id, attempts.api_key_id).await? {
            return Ok(key.impersonated_by.map_or(Self::Key, Self::Operator));
        }
        let people = memberships::people_of(client, attempts.customer_id).await?;
        let person = people.into_iter().find(|person| usage_id_of(person) == attempts.api_key_id);
        Ok(person.map_or(Self::Key, Self::Person))
    }
}

fn entry(attempts: &DeniedAttempts, who: &Who) -> AuditEntry {
    let mut told = json!({
        "reason": attempts.outcome, "day": attempts.day, "requests": attempts.requests,
        "routes": attempts.routes, "day_is_over": attempts.is_final,
    });
    let key = attempts.api_key_id.to_string();
    let (resource_type, resource_id) = match who {
        Who::Key => ("api_key", key),
        Who::Operator(operator) => {
            told["operator_id"] = json!(operator);
            ("impersonation", key)
        }
        Who::Person(person) => ("user", person.clone()),
    };
    AuditEntry {
        customer_id: Some(attempts.customer_id),
        action: AuditAction::AccessDenied,
        resource_type,
        resource_id: Some(resource_id),
        old_values: None,
        new_values: Some(told),
    }
}
