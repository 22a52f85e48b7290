//! API keys: made, listed, changed, revoked, rotated.

mod checks;
mod rotation;

use catalog::api_keys::{ApiKeyChanges, ApiKeyRecord, NewApiKey};
use catalog::audit::AuditEntry;
use catalog::{CatalogError, Page, PageRequest, Transaction, api_keys, audit, customers};
use chrono::{DateTime, Utc};
use domain::ApiKeyId;
use domain::audit::AuditAction;
use domain::customer::ApiKeyStatus;
use secrets::ApiKey;
use serde_json::json;

use crate::{Actor, ControlPlane, Right, UseCaseError, commit, version};

pub use rotation::{DEFAULT_OVERLAP_SECONDS, LONGEST_OVERLAP_SECONDS, Rotation, RotationRequest, rotate};

/// What somebody asks for, unchecked.
#[derive(Debug, Clone, Default)]
pub struct NewKeyRequest {
    /// A name for people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it may do; everything when not given.
    pub permissions: Option<Vec<String>>,
    /// From where it may be used: addresses and ranges, IPv4 and IPv6; from everywhere when empty or not given.
    pub allowed_networks: Option<Vec<String>>,
    /// When it stops working; never when not given.
    pub expires_at: Option<DateTime<Utc>>,
    /// How many requests it may make in a period; 1000 when not given.
    pub rate_limit_requests: Option<i32>,
    /// The period; a month when not given.
    pub rate_limit_period: Option<String>,
    /// What the limit does while Redis is away; as the configuration says when not given.
    pub without_redis: Option<String>,
}

/// Makes a key. It is shown once: only its hash is kept.
///
/// # Errors
/// [`UseCaseError::Invalid`] with every wrong field, [`UseCaseError::NotFound`] for an unknown customer.
pub async fn create(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    request: &NewKeyRequest,
) -> Result<(ApiKeyRecord, ApiKey), UseCaseError> {
    let permit = actor.permit(Right::KeysWrite)?;
    let key = ApiKey::generate();
    let checked = checks::check(request)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = customers::by_slug_or_id(&transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    let new = checked.for_key(found.id, &key);
    let row = api_keys::insert(&transaction, &new).await?;
    let entry = AuditEntry {
        customer_id: Some(found.id),
        action: AuditAction::ApiKeyCreated,
        resource_type: "api_key",
        resource_id: Some(new.id.to_string()),
        old_values: None,
        new_values: Some(created_values(&new)),
    };
    audit::insert(&transaction, actor, &entry).await?;
    commit(transaction).await?;
    Ok((row, key))
}

/// What the audit log keeps of a new key: never the key, nor its hash.
fn created_values(new: &NewApiKey) -> serde_json::Value {
    json!({
        "name": new.name, "key_prefix": new.key_prefix, "permissions": new.permissions,
        "allowed_networks": new.allowed_networks, "expires_at": new.expires_at,
        "rate_limit_requests": new.rate_limit_requests, "rate_limit_period": new.rate_limit_period,
        "without_redis": new.without_redis,
    })
}

/// Which fields of a key to change, unchecked. An outer `None` leaves the field as it is; an inner one empties it.
#[derive(Debug, Clone, Default)]
pub struct KeyChangesRequest {
    /// A name for people.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<Option<String>>,
    /// What it may do.
    pub permissions: Option<Vec<String>>,
    /// From where it may be used: addresses and ranges, IPv4 and IPv6; from everywhere when empty or not given.
    pub allowed_networks: Option<Vec<String>>,
    /// When it stops working.
    pub expires_at: Option<Option<DateTime<Utc>>>,
    /// How many requests it may make in a period.
    pub rate_limit_requests: Option<i32>,
    /// The period.
    pub rate_limit_period: Option<String>,
    /// What the limit does while Redis is away; as the configuration says when empty.
    pub without_redis: Option<Option<String>>,
}

/// Changes the given fields of a key and leaves the others. A key that had expired works again when it is given more
/// time. The limit is that of all keys that draw on one quota: after a rotation it changes for both.
///
/// # Errors
/// [`UseCaseError::Invalid`] with every wrong field, [`UseCaseError::NotFound`] when the customer has no such key,
/// [`UseCaseError::Stale`] when `if_match` names another version, [`UseCaseError::Conflict`] when a revoked key is to
/// get more time.
pub async fn update(
    control_plane: &ControlPlane,
    actor: &Actor,
    (customer, key): (&str, ApiKeyId),
    request: &KeyChangesRequest,
    if_match: Option<&str>,
) -> Result<ApiKeyRecord, UseCaseError> {
    let permit = actor.permit(Right::KeysWrite)?;
    let changes = checks::check_changes(request)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = customers::by_slug_or_id(&transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    let limit = ApiKeyChanges {
        rate_limit_requests: changes.rate_limit_requests,
        rate_limit_period: changes.rate_limit_period,
        without_redis: changes.without_redis,
        ..ApiKeyChanges::default()
    };
    if limit != ApiKeyChanges::default() {
        // Whoever rotates one of them is waited for: their new key is seen by the second look.
        api_keys::lock_line_for_update(&transaction, found.id, key).await?;
    }
    let before = api_keys::lock_for_update(&transaction, found.id, key).await?.ok_or_else(no_key)?;
    version::check_tag(if_match, &version::key_tag(&before))?;
    check_own(&before)?;
    if before.status == ApiKeyStatus::Revoked && changes.expires_at.is_some() {
        return Err(UseCaseError::Conflict(
            "The key was revoked, which is for good. Make a new one.".to_owned(),
        ));
    }
    let after = api_keys::update(&transaction, found.id, key, &changes).await?.ok_or_else(no_key)?;
    audit_update(&transaction, actor, &before, &after).await?;
    if limit != ApiKeyChanges::default() {
        for other in api_keys::lock_line_for_update(&transaction, found.id, key).await? {
            if other.id != key {
                let changed = api_keys::update(&transaction, found.id, other.id, &limit).await?;
                audit_update(&transaction, actor, &other, &changed.ok_or_else(no_key)?).await?;
            }
        }
    }
    commit(transaction).await?;
    Ok(after)
}

/// Notes a change of a key, if there was one.
async fn audit_update(
    transaction: &Transaction<'_>,
    actor: &Actor,
    before: &ApiKeyRecord,
    after: &ApiKeyRecord,
) -> Result<(), UseCaseError> {
    let entry = AuditEntry {
        customer_id: Some(before.customer_id),
        action: AuditAction::ApiKeyUpdated,
        resource_type: "api_key",
        resource_id: Some(before.id.to_string()),
        old_values: Some(values(before)),
        new_values: Some(values(after)),
    };
    if entry.old_values != entry.new_values {
        audit::insert(transaction, actor, &entry).await?;
    }
    Ok(())
}

fn values(key: &ApiKeyRecord) -> serde_json::Value {
    json!({
        "name": key.name, "description": key.description, "permissions": key.permissions,
        "allowed_networks": key.allowed_networks, "expires_at": key.expires_at,
        "rate_limit_requests": key.rate_limit_requests, "rate_limit_period": key.rate_limit_period,
        "without_redis": key.without_redis, "status": key.status,
    })
}

/// Takes a key back. Asking twice changes nothing.
///
/// # Errors
/// [`UseCaseError::NotFound`] when the customer has no such key.
pub async fn revoke(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    key: ApiKeyId,
) -> Result<ApiKeyRecord, UseCaseError> {
    let permit = actor.permit(Right::KeysWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = customers::by_slug_or_id(&transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    let before = api_keys::lock_for_update(&transaction, found.id, key).await?.ok_or_else(no_key)?;
    let revoked = api_keys::revoke(&transaction, found.id, key).await?.ok_or_else(no_key)?;
    if revoked.is_new {
        let entry = ended(&revoked.key).unwrap_or_else(|| AuditEntry {
            customer_id: Some(found.id),
            action: AuditAction::ApiKeyRevoked,
            resource_type: "api_key",
            resource_id: Some(key.to_string()),
            old_values: Some(json!({ "status": before.status, "key_prefix": before.key_prefix })),
            new_values: Some(json!({ "status": revoked.key.status, "key_prefix": revoked.key.key_prefix })),
        });
        audit::insert(&transaction, actor, &entry).await?;
    }
    commit(transaction).await?;
    Ok(revoked.key)
}

/// What the audit log says when a key ends with which an operator acted in the customer's place; `None` for any other key. Whoever
/// ended it, the operator is named.
#[must_use]
pub fn ended(key: &ApiKeyRecord) -> Option<AuditEntry> {
    let operator = key.impersonated_by?;
    Some(AuditEntry {
        customer_id: Some(key.customer_id),
        action: AuditAction::ImpersonationEnded,
        resource_type: "impersonation",
        resource_id: Some(key.id.to_string()),
        old_values: None,
        new_values: Some(json!({ "status": key.status, "operator_id": operator })),
    })
}

/// Refuses a key with which an operator acts in the customer's place: it is as it was made, until it ends.
fn check_own(key: &ApiKeyRecord) -> Result<(), UseCaseError> {
    if key.impersonated_by.is_none() {
        return Ok(());
    }
    Err(UseCaseError::Conflict(
        "With this key an operator acts in the customer's place: it can be revoked, and nothing else."
            .to_owned(),
    ))
}

fn no_key() -> UseCaseError {
    UseCaseError::NotFound("This customer has no API key by this id.".to_owned())
}

/// A page of a customer's keys, the newest first. Never the keys themselves.
///
/// # Errors
/// [`UseCaseError::NotFound`] for an unknown customer.
pub async fn list(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    status: Option<ApiKeyStatus>,
    page: &PageRequest,
) -> Result<Page<ApiKeyRecord>, UseCaseError> {
    let permit = actor.permit(Right::CustomersRead)?;
    let client = control_plane.client(&permit).await?;
    let found = customers::by_slug_or_id(&client, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    Ok(api_keys::list(&client, found.id, status, page).await?)
}

/// One of a customer's keys.
///
/// # Errors
/// [`UseCaseError::NotFound`] when the customer has no such key.
pub async fn get(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    key: ApiKeyId,
) -> Result<ApiKeyRecord, UseCaseError> {
    let permit = actor.permit(Right::CustomersRead)?;
    let client = control_plane.client(&permit).await?;
    let found = customers::by_slug_or_id(&client, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    api_keys::get(&client, found.id, key).await?.ok_or_else(no_key)
}

/// Marks the keys whose time has run out, with an audit row each. Returns how many there were.
///
/// # Errors
/// When the admin database can't be asked.
pub async fn expire_due(control_plane: &ControlPlane) -> Result<usize, UseCaseError> {
    let mut client = control_plane.catalog_of_the_system().client().await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let expired = api_keys::expire_due(&transaction, Utc::now()).await?;
    for key in &expired {
        let entry = ended(key).unwrap_or_else(|| AuditEntry {
            customer_id: Some(key.customer_id),
            action: AuditAction::ApiKeyExpired,
            resource_type: "api_key",
            resource_id: Some(key.id.to_string()),
            old_values: Some(json!({ "status": "active" })),
            new_values: Some(json!({ "status": "expired", "expires_at": key.expires_at })),
        });
        audit::insert(&transaction, &Actor::system(), &entry).await?;
    }
    commit(transaction).await?;
    Ok(expired.len())
}
