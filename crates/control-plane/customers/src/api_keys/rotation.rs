//! Rotating a key: a new one takes its place, and the old one goes on for as long as the callers need to change over.

use catalog::api_keys::{ApiKeyRecord, NewApiKey, Replaced};
use catalog::audit::AuditEntry;
use catalog::{CatalogError, Transaction, api_keys, audit, customers};
use chrono::{DateTime, TimeDelta, Utc};
use domain::audit::AuditAction;
use domain::customer::ApiKeyStatus;
use domain::{ApiKeyId, CustomerId, Permission};
use secrets::ApiKey;
use serde_json::json;

use super::{check_own, created_values, no_key};
use crate::field::FieldCheck;
use crate::{Actor, ControlPlane, Right, UseCaseError, commit, version};

/// How long the old key goes on unless told otherwise: a day.
pub const DEFAULT_OVERLAP_SECONDS: i64 = 86_400;

/// How long the old key may go on at most: thirty days.
pub const LONGEST_OVERLAP_SECONDS: i64 = 30 * 86_400;

/// What somebody asks for, unchecked.
#[derive(Debug, Clone, Default)]
pub struct RotationRequest {
    /// How long the old key goes on, in seconds; a day when not given. With 0 it is revoked at once.
    pub overlap_seconds: Option<i64>,
    /// When the new key stops working. An inner `None` is never; without an outer one the new key lives as long as the
    /// old one was made to.
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// A key that took another one's place.
#[derive(Debug)]
pub struct Rotation {
    /// The new key's row.
    pub new: ApiKeyRecord,
    /// The new key, to be shown once.
    pub key: ApiKey,
    /// The old key's row, as it is now.
    pub old: ApiKeyRecord,
}

/// Makes a key that may do what the old one may, and lets the old one end. Both draw on one quota.
///
/// # Errors
/// [`UseCaseError::Invalid`] with every wrong field, [`UseCaseError::NotFound`] when the customer has no such key,
/// [`UseCaseError::Stale`] when `if_match` names another version, [`UseCaseError::Conflict`] when the key doesn't work
/// any more, or was rotated before.
pub async fn rotate(
    control_plane: &ControlPlane,
    actor: &Actor,
    (customer, id): (&str, ApiKeyId),
    request: &RotationRequest,
    if_match: Option<&str>,
) -> Result<Rotation, UseCaseError> {
    let permit = actor.permit(Right::KeysWrite)?;
    let now = Utc::now();
    let overlap = check(request, now)?;
    let key = ApiKey::generate();
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = customers::by_slug_or_id(&transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    // Two at once: the second waits here, and then finds the key rotated.
    let before = api_keys::lock_for_update(&transaction, found.id, id).await?.ok_or_else(no_key)?;
    version::check_tag(if_match, &version::key_tag(&before))?;
    check_own(&before)?;
    check_state(&transaction, &before, now).await?;

    let new = successor(&before, &key, request, now);
    let row = api_keys::insert(&transaction, &new).await?;
    let old = end(&transaction, found.id, id, now + overlap).await?.ok_or_else(no_key)?;
    write_audit(&transaction, actor, &before, &old, &new).await?;
    commit(transaction).await?;
    Ok(Rotation { new: row, key, old })
}

fn check(request: &RotationRequest, now: DateTime<Utc>) -> Result<TimeDelta, UseCaseError> {
    let mut check = FieldCheck::default();
    let seconds = request.overlap_seconds.unwrap_or(DEFAULT_OVERLAP_SECONDS);
    if !(0..=LONGEST_OVERLAP_SECONDS).contains(&seconds) {
        check.wrong(
            "overlap_seconds",
            format!("must be from 0 to {LONGEST_OVERLAP_SECONDS}, which is 30 days"),
        );
    }
    if request.expires_at.flatten().is_some_and(|expires_at| expires_at <= now) {
        check.wrong("expires_at", "must be in the future");
    }
    check.finish()?;
    Ok(TimeDelta::seconds(seconds))
}

async fn check_state(
    transaction: &Transaction<'_>,
    key: &ApiKeyRecord,
    now: DateTime<Utc>,
) -> Result<(), UseCaseError> {
    if let Some(replacement) = api_keys::replacement(transaction, key.customer_id, key.id).await? {
        return Err(UseCaseError::Conflict(format!(
            "The key was rotated before: {} ({}) took its place. Rotate that one, or make a new key.",
            replacement.id, replacement.key_prefix
        )));
    }
    // The worker marks keys that ran out a little later.
    let ran_out = key.expires_at.is_some_and(|expires_at| expires_at <= now);
    match key.status {
        ApiKeyStatus::Revoked => Err(UseCaseError::Conflict(
            "The key was revoked, so that nothing goes on from it. Make a new key instead.".to_owned(),
        )),
        ApiKeyStatus::Expired => Err(expired()),
        ApiKeyStatus::Active if ran_out => Err(expired()),
        ApiKeyStatus::Active => Ok(()),
    }
}

fn expired() -> UseCaseError {
    UseCaseError::Conflict(
        "The key has expired. Give it more time first (PATCH with a new expires_at), or make a new key."
            .to_owned(),
    )
}

fn successor(old: &ApiKeyRecord, key: &ApiKey, request: &RotationRequest, now: DateTime<Utc>) -> NewApiKey {
    let life = old.expires_at.map(|expires_at| expires_at - old.created_at);
    let same_life = life.and_then(|life| now.checked_add_signed(life));
    NewApiKey {
        description: old.description.clone(),
        // What isn't a permission, as an older client may have written it, allows nothing: it is left behind.
        permissions: old.permissions.iter().filter_map(|text| text.parse::<Permission>().ok()).collect(),
        allowed_networks: old.allowed_networks.clone(),
        rate_limit_requests: old.rate_limit_requests,
        rate_limit_period: old.rate_limit_period,
        without_redis: old.without_redis,
        expires_at: request.expires_at.unwrap_or(same_life),
        replaces: Some(Replaced { id: old.id, quota_key_id: old.quota_key_id.unwrap_or(old.id) }),
        ..NewApiKey::with_defaults(old.customer_id, old.name.clone(), key.hash(), key.display_prefix())
    }
}

/// With no overlap the old key is revoked: whoever rotates so has lost it, and it must not come back with more time.
async fn end(
    transaction: &Transaction<'_>,
    customer: CustomerId,
    id: ApiKeyId,
    latest: DateTime<Utc>,
) -> Result<Option<ApiKeyRecord>, UseCaseError> {
    if latest <= Utc::now() {
        return Ok(api_keys::revoke(transaction, customer, id).await?.map(|revoked| revoked.key));
    }
    Ok(api_keys::end_by(transaction, customer, id, latest).await?)
}

/// A row for each of the two keys, so that the history of each is whole.
async fn write_audit(
    transaction: &Transaction<'_>,
    actor: &Actor,
    before: &ApiKeyRecord,
    after: &ApiKeyRecord,
    new: &NewApiKey,
) -> Result<(), UseCaseError> {
    let entry = |action, id: ApiKeyId, old_values, new_values| AuditEntry {
        customer_id: Some(before.customer_id),
        action,
        resource_type: "api_key",
        resource_id: Some(id.to_string()),
        old_values,
        new_values: Some(new_values),
    };
    let mut created = created_values(new);
    created["rotated_from"] = json!(before.id);
    let rotated = entry(
        AuditAction::ApiKeyRotated,
        before.id,
        Some(
            json!({ "status": before.status, "expires_at": before.expires_at, "key_prefix": before.key_prefix }),
        ),
        json!({
            "status": after.status, "expires_at": after.expires_at, "key_prefix": after.key_prefix,
            "replaced_by": new.id, "replaced_by_prefix": new.key_prefix,
        }),
    );
    audit::insert(transaction, actor, &rotated).await?;
    audit::insert(transaction, actor, &entry(AuditAction::ApiKeyCreated, new.id, None, created)).await?;
    Ok(())
}
