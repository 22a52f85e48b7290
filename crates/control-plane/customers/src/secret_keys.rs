//! Master keys and data keys: what is there, rotating and retiring. The worker does the rotating.

use catalog::audit::AuditEntry;
use catalog::key_rotations::{self, KeyRotation, RotationTarget};
use catalog::master_keys::MasterKeyRow;
use catalog::{CatalogError, audit, data_keys as key_rows, jobs, master_keys, sealed_places};
use data_keys::{RotateDataKey, RotateMasterKey};
use domain::audit::AuditAction;
use secrets::ProviderHealth;
use secrets::key_ring::KnownKey;
use serde_json::json;
use uuid::Uuid;

use crate::{Actor, ControlPlane, InvalidField, Right, UseCaseError, commit};

/// How many rotations are shown.
const SHOWN: i64 = 20;

/// Whose data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose<'a> {
    /// A customer's: the UUID or the customerId.
    Customer(&'a str),
    /// The platform's own.
    Platform,
}

/// Which keys there are, and how far their rotations are.
#[derive(Debug)]
pub struct KeyStatus {
    /// The key that wraps new data keys; none before the first.
    pub active: Option<String>,
    /// Keys that were ever used, and what they wrap.
    pub used: Vec<MasterKeyRow>,
    /// Who holds keys, and how each of them fares now.
    pub providers: Vec<ProviderHealth>,
    /// The newest rotations first.
    pub rotations: Vec<KeyRotation>,
}

impl KeyStatus {
    /// Keys that this server can ask for now.
    pub fn known(&self) -> impl Iterator<Item = KnownKey> + '_ {
        self.providers.iter().flat_map(ProviderHealth::known)
    }
}

/// Which keys there are, and how far their rotations are.
///
/// # Errors
/// When the admin database can't be asked.
pub async fn status(control_plane: &ControlPlane, actor: &Actor) -> Result<KeyStatus, UseCaseError> {
    let permit = actor.permit(Right::SecretsRead)?;
    // Before a connection is taken: a provider may be slow to answer.
    let providers = control_plane.keys().health().await;
    let client = control_plane.client(&permit).await?;
    Ok(KeyStatus {
        active: master_keys::active(&client).await?,
        used: master_keys::all(&client).await?,
        providers,
        rotations: key_rotations::newest(&client, SHOWN).await?,
    })
}

/// One rotation.
///
/// # Errors
/// [`UseCaseError::NotFound`] when there is none by this id.
pub async fn rotation(
    control_plane: &ControlPlane,
    actor: &Actor,
    id: Uuid,
) -> Result<KeyRotation, UseCaseError> {
    let permit = actor.permit(Right::SecretsRead)?;
    let found = key_rotations::get(&control_plane.client(&permit).await?, id).await?;
    found.ok_or_else(|| UseCaseError::NotFound("There is no rotation by this id.".to_owned()))
}

/// Begins to wrap all data keys with another master key. New ones are wrapped with it at once; without a name, it is the
/// last of those that this server knows and that was never used.
///
/// # Errors
/// [`UseCaseError::Invalid`] for a key that this server can't ask for or that is retired, [`UseCaseError::Conflict`] while
/// another rotation is running or when there is no other key.
pub async fn rotate_master_key(
    control_plane: &ControlPlane,
    actor: &Actor,
    to: Option<&str>,
) -> Result<KeyRotation, UseCaseError> {
    let permit = actor.permit(Right::SecretsWrite)?;
    let (known, away) = control_plane.keys().keys().await;
    let mut client = control_plane.client(&permit).await?;
    let used = master_keys::all(&client).await?;
    let next = next_key(to, &known, &used).inspect_err(|_| {
        for error in away {
            tracing::warn!(%error, "a provider of master keys is left out");
        }
    })?;
    // The key is tried before anything depends on it.
    let probe = secrets::DataKey::generate_version(secrets::KeyScope::Platform, 1);
    let wrapped = control_plane.keys().wrap(&probe, &next.id).await.map_err(data_keys::DataKeyError::Key)?;
    let opened = control_plane
        .keys()
        .unwrap(&wrapped, secrets::KeyScope::Platform, 1)
        .await
        .map_err(data_keys::DataKeyError::Key)?;
    if !opened.is_same(&probe) {
        return Err(UseCaseError::Conflict(format!(
            "Master key {} doesn't open what it wraps: look after its provider first.",
            next.id
        )));
    }

    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let from = master_keys::activate(&transaction, &next.id, next.provider).await?;
    let remaining = key_rows::count_not_wrapped_by(&transaction, &next.id).await?;
    let target = RotationTarget::MasterKey { from: from.clone(), to: next.id.clone() };
    let rotation =
        key_rotations::insert(&transaction, &target, remaining, actor.admin_user_id.as_deref()).await;
    let rotation = rotation.map_err(running_already)?;
    jobs::enqueue(&transaction, &RotateMasterKey::request(rotation.id)).await?;
    let entry = AuditEntry {
        customer_id: None,
        action: AuditAction::MasterKeyRotated,
        resource_type: "master_key",
        resource_id: Some(next.id.clone()),
        old_values: Some(json!({ "active": from })),
        new_values: Some(json!({ "active": next.id, "provider": next.provider, "rotation_id": rotation.id })),
    };
    audit::insert(&transaction, actor, &entry).await?;
    commit(transaction).await?;
    Ok(rotation)
}

fn next_key<'a>(
    to: Option<&str>,
    known: &'a [KnownKey],
    used: &[MasterKeyRow],
) -> Result<&'a KnownKey, UseCaseError> {
    let invalid =
        |message: String| UseCaseError::Invalid(vec![InvalidField { field: "to".to_owned(), message }]);
    let ids = || known.iter().map(|key| key.id.as_str()).collect::<Vec<_>>().join(", ");
    let state = |id: &str| used.iter().find(|key| key.id == id).map(|key| key.state.as_str());
    let Some(to) = to else {
        let fresh = known.iter().rev().find(|key| state(&key.id).is_none());
        return fresh.ok_or_else(|| {
            UseCaseError::Conflict(format!(
                "This server knows no master key that was not used yet (it knows {}). Add one, to the file with \
                 `sixty secrets add-key` or at the provider, or name the one to go back to.",
                ids()
            ))
        });
    };
    let found = known
        .iter()
        .find(|key| key.id == to)
        .ok_or_else(|| invalid(format!("this server doesn't know master key {to:?}; it knows {}", ids())))?;
    match state(to) {
        Some("retired") => Err(invalid(format!("master key {to} is retired: it may have been given away"))),
        _ => Ok(found),
    }
}

/// Says that a master key wraps nothing any more and must not be used again. The key itself can be taken away from its
/// file or provider then.
///
/// # Errors
/// [`UseCaseError::NotFound`] for a key that was never used, [`UseCaseError::Conflict`] while it is active or wraps
/// anything.
pub async fn retire(
    control_plane: &ControlPlane,
    actor: &Actor,
    id: &str,
) -> Result<MasterKeyRow, UseCaseError> {
    let permit = actor.permit(Right::SecretsWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let Some(key) = master_keys::lock(&transaction, id).await? else {
        return Err(UseCaseError::NotFound(format!("Master key {id:?} was never used.")));
    };
    if key.state == "active" {
        return Err(UseCaseError::Conflict(format!(
            "Master key {id} is the active one. Rotate to another one first: sixty secrets rotate-master-key."
        )));
    }
    if key.data_keys > 0 {
        return Err(UseCaseError::Conflict(format!(
            "Master key {id} still wraps {} data keys. Wait until the rotation has ended: sixty secrets status.",
            key.data_keys
        )));
    }
    if key.state == "retired" {
        return Ok(key);
    }
    master_keys::retire(&transaction, id).await?;
    let entry = AuditEntry {
        customer_id: None,
        action: AuditAction::MasterKeyRetired,
        resource_type: "master_key",
        resource_id: Some(id.to_owned()),
        old_values: Some(json!({ "state": key.state })),
        new_values: Some(json!({ "state": "retired" })),
    };
    audit::insert(&transaction, actor, &entry).await?;
    let retired = master_keys::lock(&transaction, id).await?.unwrap_or(key);
    commit(transaction).await?;
    Ok(retired)
}

/// Begins to seal all secrets of a customer, or of the platform, with a new data key.
///
/// # Errors
/// [`UseCaseError::NotFound`] for an unknown customer, [`UseCaseError::Conflict`] while their key is rotated already or
/// when they have none.
pub async fn rotate_data_key(
    control_plane: &ControlPlane,
    actor: &Actor,
    whose: Whose<'_>,
) -> Result<KeyRotation, UseCaseError> {
    let permit = actor.permit(Right::SecretsWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let customer_id = match whose {
        Whose::Platform => None,
        Whose::Customer(name) => {
            let found = catalog::customers::by_slug_or_id(&transaction, name).await?;
            Some(found.ok_or_else(|| UseCaseError::no_customer(name))?.id)
        }
    };
    let Some(newest) = key_rows::newest(&transaction, customer_id).await? else {
        return Err(UseCaseError::Conflict("There is no data key yet: nothing is sealed.".to_owned()));
    };
    let to_version = newest.version + 1;
    let total = sealed_places::count_older_than(&transaction, customer_id, to_version).await?;
    let target = RotationTarget::DataKey { customer_id, to_version };
    let rotation = key_rotations::insert(&transaction, &target, total, actor.admin_user_id.as_deref()).await;
    let rotation = rotation.map_err(running_already)?;
    jobs::enqueue(&transaction, &RotateDataKey::request(rotation.id)).await?;
    let entry = AuditEntry {
        customer_id,
        action: AuditAction::DataKeyRotated,
        resource_type: "data_key",
        resource_id: customer_id.map(|id| id.to_string()),
        old_values: Some(json!({ "version": newest.version })),
        new_values: Some(json!({ "version": to_version, "rotation_id": rotation.id })),
    };
    audit::insert(&transaction, actor, &entry).await?;
    commit(transaction).await?;
    Ok(rotation)
}

fn running_already(error: CatalogError) -> UseCaseError {
    const RUNNING: [&str; 2] = ["admin_key_rotations_one_master", "admin_key_rotations_one_data"];
    if RUNNING.iter().any(|name| error.conflicts_with(name)) {
        return UseCaseError::Conflict(
            "Such a rotation is running already. See how far it is: sixty secrets status.".to_owned(),
        );
    }
    error.into()
}
