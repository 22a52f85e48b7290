//! The authenticator app of whoever is signed in, beside passkeys: `/api/admin/session/app`.

use axum::extract::State;
use axum::{Extension, Json};
use customers::Actor;
use http::StatusCode;
use problem::{JsonBody, Problem};

use super::passkeys::PresentPasswordBody;
use super::sign_in::{AuthenticatorView, CodeBody};
use crate::ApiState;
use crate::problem_document::ProblemDocument;
use crate::problems::problem_of_sign_in;

/// Makes the secret of an authenticator app, with the present password, for an operator without one. The first code confirms
/// it.
#[utoipa::path(post, path = "/api/admin/session/app", tag = "session", request_body = PresentPasswordBody,
    responses((status = 200, body = AuthenticatorView),
        (status = 401, description = "The present password is wrong", body = ProblemDocument),
        (status = 409, description = "There is an app", body = ProblemDocument),
        (status = 429, description = "Too many guesses", body = ProblemDocument)))]
pub(crate) async fn ask(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<PresentPasswordBody>,
) -> Result<Json<AuthenticatorView>, Problem> {
    let new = state.identity.ask_for_authenticator(&actor, body.password.as_ref()).await;
    new.map(|new| Json(new.into())).map_err(problem_of_sign_in)
}

/// Confirms the app by its first code: it is a second factor from then on.
#[utoipa::path(post, path = "/api/admin/session/app/confirm", tag = "session", request_body = CodeBody,
    responses((status = 204, description = "It is confirmed"),
        (status = 401, description = "The code is wrong", body = ProblemDocument),
        (status = 409, description = "There is none to confirm", body = ProblemDocument),
        (status = 429, description = "Too many guesses", body = ProblemDocument)))]
pub(crate) async fn confirm(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<CodeBody>,
) -> Result<StatusCode, Problem> {
    let confirmed = state.identity.confirm_authenticator(&actor, &body.code).await;
    confirmed.map(|()| StatusCode::NO_CONTENT).map_err(problem_of_sign_in)
}

/// Removes the app, with the present password, of an operator who has passkeys. Their other sessions end.
#[utoipa::path(post, path = "/api/admin/session/app/remove", tag = "session", request_body = PresentPasswordBody,
    responses((status = 204, description = "It is gone"),
        (status = 401, description = "The present password is wrong", body = ProblemDocument),
        (status = 409, description = "It is the last second factor", body = ProblemDocument),
        (status = 429, description = "Too many guesses", body = ProblemDocument)))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<PresentPasswordBody>,
) -> Result<StatusCode, Problem> {
    let removed = state.identity.remove_authenticator(&actor, body.password.as_ref()).await;
    removed.map(|()| StatusCode::NO_CONTENT).map_err(problem_of_sign_in)
}
