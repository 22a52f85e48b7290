//! What is shown of master keys, of who holds them, and of rotations.

use catalog::key_rotations::{KeyRotation, RotationTarget};
use chrono::{DateTime, Utc};
use customers::secret_keys::KeyStatus;
use domain::CustomerId;
use secrets::ProviderHealth;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A master key. The key itself is never shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct MasterKeyView {
    /// Its id: 8 hexadecimal digits for a key of a file or variable, else the provider and its name there.
    id: String,
    /// `local`, `vault` or `aws-kms`.
    provider: String,
    /// `active`, `previous`, `retired`, or `unused` for one that this server knows and that never wrapped anything.
    state: String,
    /// How many data keys it wraps.
    data_keys: i64,
    /// Whether this server can ask for it now.
    available: bool,
    activated_at: Option<DateTime<Utc>>,
    /// For how many whole days it is, or was, in use.
    age_days: Option<i64>,
    retired_at: Option<DateTime<Utc>>,
}

/// Who holds master keys, and how they fare.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProviderView {
    /// `local`, `vault` or `aws-kms`.
    provider: &'static str,
    /// `ok`, or `away` when it can't be reached or refuses.
    status: &'static str,
    /// How many keys can be asked for there; null when it is away.
    #[schema(required)]
    keys: Option<usize>,
    /// What is wrong, as it says so.
    #[schema(required)]
    error: Option<String>,
    /// How long it took to answer, or to find out that it doesn't.
    answered_in_ms: u64,
}

/// A rotation of a master key or a data key.
#[derive(Serialize, ToSchema)]
pub(crate) struct KeyRotationView {
    id: Uuid,
    /// `master_key` or `data_key`.
    kind: &'static str,
    from_key_id: Option<String>,
    to_key_id: Option<String>,
    /// Whose data key; null for a master key and for the platform's own data key.
    customer_uuid: Option<Uuid>,
    /// The customer's short name, if they have one.
    #[schema(required)]
    customer_id: Option<String>,
    /// What the customer is called.
    #[schema(required)]
    customer_name: Option<String>,
    /// The data key's new version.
    to_version: Option<i32>,
    /// `running`, `succeeded`, or `failed` when some of it doesn't open.
    status: String,
    /// Data keys, or secrets, that are to be changed.
    total: i64,
    done: i64,
    failed: i64,
    /// What stands in the way.
    error: Option<String>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

/// All keys and the newest rotations.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecretsView {
    /// The master key that wraps new data keys; null before the first.
    active_key: Option<String>,
    master_keys: Vec<MasterKeyView>,
    /// Each configured provider, as this server sees it now.
    providers: Vec<ProviderView>,
    rotations: Vec<KeyRotationView>,
}

impl From<KeyRotation> for KeyRotationView {
    fn from(row: KeyRotation) -> Self {
        let (kind, from_key_id, to_key_id, customer_uuid, to_version) = match row.target {
            RotationTarget::MasterKey { from, to } => ("master_key", from, Some(to), None, None),
            RotationTarget::DataKey { customer_id, to_version } => {
                ("data_key", None, None, customer_id.map(CustomerId::uuid), Some(to_version))
            }
        };
        Self {
            id: row.id,
            kind,
            from_key_id,
            to_key_id,
            customer_uuid,
            customer_id: row.customer_slug,
            customer_name: row.customer_name,
            to_version,
            status: row.status,
            total: row.total,
            done: row.done,
            failed: row.failed,
            error: row.error,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

impl From<ProviderHealth> for ProviderView {
    fn from(ProviderHealth { provider, keys, answered_in }: ProviderHealth) -> Self {
        let answered_in_ms = u64::try_from(answered_in.as_millis()).unwrap_or(u64::MAX);
        let (status, keys, error) = match keys {
            Ok(ids) => ("ok", Some(ids.len()), None),
            Err(error) => ("away", None, Some(error.to_string())),
        };
        Self { provider, status, keys, error, answered_in_ms }
    }
}

impl SecretsView {
    pub(super) fn new(status: KeyStatus, now: DateTime<Utc>) -> Self {
        let known: Vec<_> = status.known().collect();
        let KeyStatus { active, used, providers, rotations } = status;
        let mut master_keys: Vec<_> = used
            .into_iter()
            .map(|key| MasterKeyView {
                available: known.iter().any(|known| known.id == key.id),
                age_days: Some((key.retired_at.unwrap_or(now) - key.activated_at).num_days()),
                id: key.id,
                provider: key.provider,
                state: key.state,
                data_keys: key.data_keys,
                activated_at: Some(key.activated_at),
                retired_at: key.retired_at,
            })
            .collect();
        for key in known {
            if master_keys.iter().all(|used| used.id != key.id) {
                master_keys.push(MasterKeyView {
                    id: key.id,
                    provider: key.provider.to_owned(),
                    state: "unused".to_owned(),
                    data_keys: 0,
                    available: true,
                    activated_at: None,
                    age_days: None,
                    retired_at: None,
                });
            }
        }
        let rotations = rotations.into_iter().map(KeyRotationView::from).collect();
        let providers = providers.into_iter().map(ProviderView::from).collect();
        Self { active_key: active, master_keys, providers, rotations }
    }
}
