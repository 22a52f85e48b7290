//! Changing what is known about a customer: names, addresses, links. Not what they bought.

use catalog::audit::AuditEntry;
use catalog::customers::{Customer, CustomerChanges};
use catalog::{CatalogError, audit, customers};
use domain::audit::AuditAction;
use serde_json::{Map, Value};

use crate::field::FieldCheck;
use crate::{Actor, ControlPlane, Right, UseCaseError, commit, version};

/// Changes the given fields and leaves the others.
///
/// # Errors
/// [`UseCaseError::Invalid`] with every wrong field, [`UseCaseError::NotFound`] for an unknown customer,
/// [`UseCaseError::Stale`] when `if_match` names another version, [`UseCaseError::Conflict`] when the identity
/// provider's organization is another customer's.
pub async fn update(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    changes: CustomerChanges,
    if_match: Option<&str>,
) -> Result<Customer, UseCaseError> {
    let permit = actor.permit(Right::CustomersWrite)?;
    let changes = check(changes)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = customers::by_slug_or_id(&transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    let before = customers::lock_for_update(&transaction, found.id).await?;
    let before = before.ok_or_else(|| UseCaseError::no_customer(customer))?;
    version::check(if_match, before.updated_at)?;
    let after = customers::update(&transaction, found.id, &changes).await.map_err(linked_elsewhere)?;
    let after = after.ok_or_else(|| UseCaseError::no_customer(customer))?;
    let (old_values, new_values) = difference(&before, &after)?;
    if old_values != new_values {
        let entry = AuditEntry {
            customer_id: Some(found.id),
            action: AuditAction::CustomerUpdated,
            resource_type: "customer",
            resource_id: Some(found.id.to_string()),
            old_values: Some(old_values),
            new_values: Some(new_values),
        };
        audit::insert(&transaction, actor, &entry).await?;
    }
    commit(transaction).await?;
    Ok(after)
}

fn check(mut changes: CustomerChanges) -> Result<CustomerChanges, UseCaseError> {
    let mut check = FieldCheck::default();
    changes.company_name = changes.company_name.and_then(|name| check.name("company_name", &name, 200));
    changes.timezone = changes.timezone.and_then(|timezone| check.timezone("timezone", &timezone));
    if let Some(Some(email)) = &changes.billing_email {
        changes.billing_email = check.email("billing_email", email).map(Some);
    }
    let texts = [
        ("company_logo_url", &changes.company_logo_url, 2000),
        ("industry", &changes.industry, 100),
        ("company_size", &changes.company_size, 100),
        ("clerk_org_id", &changes.clerk_org_id, 200),
        ("clerk_admin_user_id", &changes.clerk_admin_user_id, 200),
    ];
    for (field, value, longest) in texts {
        if let Some(Some(text)) = value {
            check.name(field, text, longest);
        }
    }
    if changes
        .metadata
        .as_ref()
        .is_some_and(|metadata| !metadata.is_object() || metadata.to_string().contains("\\u0000"))
    {
        check.wrong("metadata", "must be a JSON object without NUL characters");
    }
    check.finish()?;
    Ok(changes)
}

fn linked_elsewhere(error: CatalogError) -> UseCaseError {
    if error.conflicts_with("admin_customers_clerk_org_id_key") {
        let detail = "This clerk_org_id is another customer's.".to_owned();
        return UseCaseError::Taken { field: Some("clerk_org_id"), detail };
    }
    error.into()
}

/// The fields that differ, before and after.
fn difference(before: &Customer, after: &Customer) -> Result<(Value, Value), UseCaseError> {
    let as_map = |customer: &Customer| match serde_json::to_value(customer) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(UseCaseError::Unexpected(Box::new(error))),
    };
    let (mut old, mut new) = (as_map(before)?, as_map(after)?);
    old.retain(|field, value| field != "updated_at" && new.get(field) != Some(value));
    new.retain(|field, _| old.contains_key(field));
    Ok((Value::Object(old), Value::Object(new)))
}
