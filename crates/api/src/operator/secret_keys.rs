//! Master keys and data keys: which there are, how far their rotations are, rotating and retiring. Never a key itself.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use catalog::key_rotations::{KeyRotation, RotationTarget};
use chrono::{DateTime, Utc};
use customers::Actor;
use customers::secret_keys::{self, KeyStatus, Whose};
use domain::CustomerId;
use http::{HeaderValue, StatusCode, header};
use problem::{JsonBody, PathParam, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ApiState;
use crate::problems::problem_of;

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
    /// Providers that this server can't reach now, and why.
    away: Vec<String>,
    rotations: Vec<KeyRotationView>,
}

/// Which master key is to wrap everything.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateMasterKeyBody {
    /// Its id; the newest that was never used when not given.
    to: Option<String>,
}

/// Which master key isn't needed any more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetireKeyBody {
    /// Its id.
    key_id: String,
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

impl SecretsView {
    fn new(status: KeyStatus, now: DateTime<Utc>) -> Self {
        let KeyStatus { active, used, known, away, rotations } = status;
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
        Self { active_key: active, master_keys, away, rotations }
    }
}

fn accepted(rotation: KeyRotation) -> Response {
    let location = format!("/api/admin/secrets/rotations/{}", rotation.id);
    let mut answer = (StatusCode::ACCEPTED, Json(KeyRotationView::from(rotation))).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    answer
}

/// Shows which master keys there are, how old they are and what they wrap, and how far rotations are.
#[utoipa::path(get, path = "/api/admin/secrets", tag = "secrets", responses((status = 200, body = SecretsView)))]
pub(crate) async fn status(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<SecretsView>, Problem> {
    let status = secret_keys::status(&state.control_plane, &actor).await.map_err(problem_of)?;
    Ok(Json(SecretsView::new(status, Utc::now())))
}

/// Shows one rotation.
#[utoipa::path(get, path = "/api/admin/secrets/rotations/{id}", tag = "secrets",
    params(("id" = Uuid, Path, description = "The rotation")), responses((status = 200, body = KeyRotationView)))]
pub(crate) async fn rotation(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Json<KeyRotationView>, Problem> {
    let rotation = secret_keys::rotation(&state.control_plane, &actor, id).await.map_err(problem_of)?;
    Ok(Json(rotation.into()))
}

/// Begins to wrap all data keys with another master key, while everybody is served. New data keys are wrapped with it at
/// once. Every server and worker must have the key by then.
#[utoipa::path(post, path = "/api/admin/secrets/rotations", tag = "secrets", request_body = RotateMasterKeyBody,
    responses((status = 202, description = "The rotation is under way", body = KeyRotationView),
        (status = 409, description = "A rotation is running, or there is no other key", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn rotate_master_key(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<RotateMasterKeyBody>,
) -> Result<Response, Problem> {
    let rotation = secret_keys::rotate_master_key(&state.control_plane, &actor, body.to.as_deref()).await;
    rotation.map(accepted).map_err(problem_of)
}

/// Retires a master key that wraps nothing any more: nothing is ever wrapped with it again.
#[utoipa::path(post, path = "/api/admin/secrets/retirements", tag = "secrets", request_body = RetireKeyBody,
    responses((status = 200, body = SecretsView),
        (status = 404, description = "No master key by this id was ever used", body = crate::problem_document::ProblemDocument),
        (status = 409, description = "The key is active, or wraps something", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn retire(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<RetireKeyBody>,
) -> Result<Json<SecretsView>, Problem> {
    secret_keys::retire(&state.control_plane, &actor, &body.key_id).await.map_err(problem_of)?;
    // Whoever may retire a key is shown what came of it.
    let status =
        secret_keys::status(&state.control_plane, &actor.as_the_system()).await.map_err(problem_of)?;
    Ok(Json(SecretsView::new(status, Utc::now())))
}

/// Begins to seal the platform's own secrets with a new data key.
#[utoipa::path(post, path = "/api/admin/secrets/data-key-rotations", tag = "secrets",
    responses((status = 202, description = "The rotation is under way", body = KeyRotationView),
        (status = 409, description = "A rotation is running", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn rotate_platform_key(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Response, Problem> {
    let rotation = secret_keys::rotate_data_key(&state.control_plane, &actor, Whose::Platform).await;
    rotation.map(accepted).map_err(problem_of)
}

/// Begins to seal all of a customer's secrets with a new data key. Until the last one is done, both open.
#[utoipa::path(post, path = "/api/admin/customers/{customer}/data-key-rotations", tag = "secrets",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    responses((status = 202, description = "The rotation is under way", body = KeyRotationView),
        (status = 409, description = "A rotation is running", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn rotate_data_key(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
) -> Result<Response, Problem> {
    let rotation =
        secret_keys::rotate_data_key(&state.control_plane, &actor, Whose::Customer(&customer)).await;
    rotation.map(accepted).map_err(problem_of)
}
