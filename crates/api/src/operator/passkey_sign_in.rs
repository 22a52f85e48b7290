//! Signing in with a passkey: `/api/admin/session/passkey`, and making the first one.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use identity::passkeys::NewPasskeyAnswer;
use problem::{JsonBody, Problem, UnambiguousJson};
use serde::Deserialize;
use utoipa::ToSchema;

use super::authenticate::OpenSession;
use super::passkeys::{NewPasskeyBody, PasskeyOptionsView};
use super::sign_in::{SessionView, begun};
use crate::ApiState;
use crate::problem_document::ProblemDocument;
use crate::problems::problem_of_sign_in;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShownPasskeyBody {
    /// What the browser got from the authenticator, as `PublicKeyCredential.toJSON()` says it.
    #[schema(value_type = Object)]
    credential: UnambiguousJson,
}

/// Asks for one of the account's passkeys, as the second factor: what the browser is to be told.
#[utoipa::path(post, path = "/api/admin/session/passkey/options", tag = "session",
    responses((status = 200, body = PasskeyOptionsView),
        (status = 404, description = "This server has no address for passkeys", body = ProblemDocument),
        (status = 409, description = "The account has none for this server", body = ProblemDocument)))]
pub(crate) async fn ask(
    State(state): State<ApiState>,
    open: OpenSession,
) -> Result<Json<PasskeyOptionsView>, Problem> {
    let asked = state.identity.ask_to_show_passkey(&open.session).await;
    asked.map(|public_key| Json(PasskeyOptionsView { public_key })).map_err(problem_of_sign_in)
}

/// Shows a passkey. The session has another token from then on. Each answer counts as a guess, as codes do.
#[utoipa::path(post, path = "/api/admin/session/passkey", tag = "session", request_body = ShownPasskeyBody,
    responses((status = 200, body = SessionView),
        (status = 401, description = "The passkey isn't taken, or the sign-in is over", body = ProblemDocument),
        (status = 404, description = "This server has no address for passkeys", body = ProblemDocument),
        (status = 429, description = "Too many guesses", body = ProblemDocument)))]
pub(crate) async fn show(
    State(state): State<ApiState>,
    open: OpenSession,
    JsonBody(body): JsonBody<ShownPasskeyBody>,
) -> Result<Response, Problem> {
    let signed_in = state.identity.show_passkey(&open.session, &body.credential.0, &open.caller).await;
    signed_in.map(|signed_in| begun(StatusCode::OK, signed_in)).map_err(problem_of_sign_in)
}

/// Asks for a passkey of an account without a second factor: what the browser is to be told.
#[utoipa::path(post, path = "/api/admin/session/first-passkey/options", tag = "session",
    responses((status = 200, body = PasskeyOptionsView),
        (status = 404, description = "This server has no address for passkeys", body = ProblemDocument),
        (status = 409, description = "There is a second factor already", body = ProblemDocument)))]
pub(crate) async fn ask_for_first(
    State(state): State<ApiState>,
    open: OpenSession,
) -> Result<Json<PasskeyOptionsView>, Problem> {
    let asked = state.identity.ask_for_first_passkey(&open.session).await;
    asked.map(|public_key| Json(PasskeyOptionsView { public_key })).map_err(problem_of_sign_in)
}

/// Keeps the first passkey of an account. The session has another token from then on, and the recovery codes are shown.
#[utoipa::path(post, path = "/api/admin/session/first-passkey", tag = "session", request_body = NewPasskeyBody,
    responses((status = 200, body = SessionView),
        (status = 404, description = "This server has no address for passkeys", body = ProblemDocument),
        (status = 409, description = "There is a second factor already, it is registered, or nothing was asked",
            body = ProblemDocument)))]
pub(crate) async fn add_first(
    State(state): State<ApiState>,
    open: OpenSession,
    JsonBody(body): JsonBody<NewPasskeyBody>,
) -> Result<Response, Problem> {
    let answer = NewPasskeyAnswer { name: &body.name, credential: &body.credential.0 };
    let signed_in = state.identity.add_first_passkey(&open.session, &answer, &open.caller).await;
    signed_in.map(|signed_in| begun(StatusCode::OK, signed_in)).map_err(problem_of_sign_in)
}
