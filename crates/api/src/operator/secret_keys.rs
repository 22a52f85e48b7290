//! Master keys and data keys: which there are, how far their rotations are, rotating and retiring. Never a key itself.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use catalog::key_rotations::KeyRotation;
use chrono::Utc;
use customers::Actor;
use customers::secret_keys::{self, Whose};
use http::{HeaderValue, StatusCode, header};
use problem::{JsonBody, PathParam, Problem};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::secret_key_views::{KeyRotationView, SecretsView};
use crate::ApiState;
use crate::problems::problem_of;

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

fn accepted(rotation: KeyRotation) -> Response {
    let location = format!("/api/admin/secrets/rotations/{}", rotation.id);
    let mut answer = (StatusCode::ACCEPTED, Json(KeyRotationView::from(rotation))).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    answer
}

/// Shows which master keys there are, how old they are and what they wrap, how those who hold them fare, and how far
/// rotations are.
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
