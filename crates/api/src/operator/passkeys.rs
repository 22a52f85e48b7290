//! What operators do with their own passkeys: `/api/admin/session/passkeys`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use catalog::operator_passkeys::PasskeyRow;
use chrono::{DateTime, Utc};
use customers::Actor;
use http::StatusCode;
use identity::passkeys::NewPasskeyAnswer;
use problem::{JsonBody, PathParam, Problem, UnambiguousJson};
use secrets::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::Listing;
use crate::ApiState;
use crate::problem_document::ProblemDocument;
use crate::problems::{problem_of, problem_of_sign_in};

/// A passkey of one's own.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasskeyView {
    id: Uuid,
    name: String,
    /// The domain that it was made for; browsers show it to no other.
    domain: String,
    /// Whether browsers show it to this server, as it is called now.
    is_of_this_server: bool,
    /// Whether it leaves its device: `never`, `possible`, `done`.
    backup: String,
    /// `platform` when it is part of the machine, `cross-platform` when it isn't; null when the browser didn't say.
    attachment: Option<String>,
    last_used_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl PasskeyView {
    fn new(row: PasskeyRow, state: &ApiState) -> Self {
        let own = state.identity.relying_party();
        Self {
            id: row.id,
            name: row.name,
            is_of_this_server: own.is_ok_and(|own| own.domain() == row.domain),
            domain: row.domain,
            backup: row.state.backup,
            attachment: row.state.attachment,
            last_used_at: row.last_used_at,
            created_at: row.created_at,
        }
    }
}

/// What a browser is to be told.
#[derive(Serialize, ToSchema)]
pub(crate) struct PasskeyOptionsView {
    /// For `navigator.credentials`, as `PublicKeyCredential.parseCreationOptionsFromJSON()` or
    /// `parseRequestOptionsFromJSON()` takes it. To be answered once, within five minutes, in the same session.
    #[schema(value_type = Object)]
    pub(super) public_key: Value,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PresentPasswordBody {
    /// The present password. Who signed in at the OpenID provider within ten minutes may leave it out.
    #[schema(value_type = Option<String>, format = Password)]
    #[serde(default)]
    pub(super) password: Option<SecretString>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPasskeyBody {
    /// What you call it, such as the device that it is on.
    #[schema(min_length = 1, max_length = 100)]
    pub(super) name: String,
    /// What the browser made, as `PublicKeyCredential.toJSON()` says it.
    #[schema(value_type = Object)]
    pub(super) credential: UnambiguousJson,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyPatch {
    /// What you call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// The operator's own passkeys, the oldest first.
#[utoipa::path(get, path = "/api/admin/session/passkeys", tag = "session",
    responses((status = 200, body = Listing<PasskeyView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<Listing<PasskeyView>>, Problem> {
    let rows = state.identity.own_passkeys(&actor).await.map_err(problem_of)?;
    let data = rows.into_iter().map(|row| PasskeyView::new(row, &state)).collect();
    Ok(Json(Listing { data, next_cursor: None }))
}

/// Asks for a new passkey, with the present password: what the browser is to be told. At most 20.
#[utoipa::path(post, path = "/api/admin/session/passkeys/options", tag = "session", request_body = PresentPasswordBody,
    responses((status = 200, body = PasskeyOptionsView),
        (status = 401, description = "The present password is wrong", body = ProblemDocument),
        (status = 404, description = "This server has no address for passkeys", body = ProblemDocument),
        (status = 409, description = "There are too many", body = ProblemDocument),
        (status = 429, description = "Too many guesses", body = ProblemDocument)))]
pub(crate) async fn ask(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<PresentPasswordBody>,
) -> Result<Json<PasskeyOptionsView>, Problem> {
    let asked = state.identity.ask_for_passkey(&actor, body.password.as_ref()).await;
    asked.map(|public_key| Json(PasskeyOptionsView { public_key })).map_err(problem_of_sign_in)
}

/// Keeps the passkey that the browser made.
#[utoipa::path(post, path = "/api/admin/session/passkeys", tag = "session", request_body = NewPasskeyBody,
    responses((status = 201, body = PasskeyView),
        (status = 404, description = "This server has no address for passkeys", body = ProblemDocument),
        (status = 409, description = "It is registered, or nothing was asked that it answers", body = ProblemDocument)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<NewPasskeyBody>,
) -> Result<Response, Problem> {
    let answer = NewPasskeyAnswer { name: &body.name, credential: &body.credential.0 };
    let row = state.identity.add_passkey(&actor, &answer).await.map_err(problem_of_sign_in)?;
    Ok((StatusCode::CREATED, Json(PasskeyView::new(row, &state))).into_response())
}

/// Calls a passkey otherwise.
#[utoipa::path(patch, path = "/api/admin/session/passkeys/{id}", tag = "session",
    params(("id" = Uuid, Path, description = "The passkey")), request_body = PasskeyPatch,
    responses((status = 200, body = PasskeyView)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
    JsonBody(body): JsonBody<PasskeyPatch>,
) -> Result<Json<PasskeyView>, Problem> {
    let row = state.identity.rename_passkey(&actor, id, &body.name).await.map_err(problem_of)?;
    Ok(Json(PasskeyView::new(row, &state)))
}

/// Removes a passkey, with the present password. The operator's other sessions end. The last second factor stays.
#[utoipa::path(post, path = "/api/admin/session/passkeys/{id}/remove", tag = "session",
    params(("id" = Uuid, Path, description = "The passkey")), request_body = PresentPasswordBody,
    responses((status = 204, description = "It is gone"),
        (status = 401, description = "The present password is wrong", body = ProblemDocument),
        (status = 409, description = "It is the last second factor", body = ProblemDocument),
        (status = 429, description = "Too many guesses", body = ProblemDocument)))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
    JsonBody(body): JsonBody<PresentPasswordBody>,
) -> Result<StatusCode, Problem> {
    let removed = state.identity.remove_passkey(&actor, id, body.password.as_ref()).await;
    removed.map(|()| StatusCode::NO_CONTENT).map_err(problem_of_sign_in)
}
