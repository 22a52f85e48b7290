//! Signing in and out: `/api/admin/session`.

use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use catalog::operator_sessions::LiveSession;
use chrono::{DateTime, Utc};
use domain::operator::Credential;
use http::request::Parts;
use http::{StatusCode, header};
use identity::authenticator::NewAuthenticator;
use identity::sign_in::Password;
use identity::{Caller, NextStep, SignedIn};
use problem::{JsonBody, Problem};
use secrets::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::authenticate::{Known, OpenSession, caller, complete, known};
use super::{schemas, session_cookie};
use crate::ApiState;
use crate::problem_document::ProblemDocument;
use crate::problems::{problem_of, problem_of_catalog, problem_of_sign_in};

/// From where somebody signs in.
pub(crate) struct Stranger {
    caller: Caller,
    /// Whether a page of another site asks.
    from_elsewhere: Option<Problem>,
}

impl FromRequestParts<ApiState> for Stranger {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Self::Rejection> {
        let from_elsewhere = session_cookie::refuse_other_sites(&parts.method, &parts.headers).err();
        Ok(Self { caller: caller(state, parts), from_elsewhere })
    }
}

/// Where the session's token goes.
#[derive(Deserialize, ToSchema, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Keep {
    /// Into the answer, for programs.
    #[default]
    Token,
    /// Into a cookie that scripts can't read, for pages of this server.
    Cookie,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInBody {
    /// The account.
    email: String,
    /// Its password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// A code of the authenticator app, or a recovery code; it can be shown in a second step.
    #[schema(value_type = Option<String>)]
    code: Option<SecretString>,
    /// Where the session's token goes.
    #[serde(default)]
    keep: Keep,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeBody {
    /// A code of the authenticator app, or a recovery code.
    #[schema(value_type = String)]
    pub(super) code: SecretString,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    /// The present one.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
    /// At least 12 characters, and not easily guessed.
    #[schema(value_type = String, format = Password)]
    new_password: SecretString,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    id: Uuid,
    operator_id: Uuid,
    email: String,
    name: String,
    roles: Vec<String>,
    /// What is to be done before the session is worth something: `show_code`, `set_up_authenticator`,
    /// `change_password`; null when it is. A passkey does instead of a code, and instead of an app.
    next: Option<String>,
    /// What the account has beside the password: `authenticator`, `passkey`.
    second_factors: Vec<String>,
    /// When it ends, whatever is done in it.
    expires_at: DateTime<Utc>,
    /// What the session is used with from now on; not when it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// For whoever loses the device. Each works once; shown here and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
}

impl From<&LiveSession> for SessionView {
    fn from(session: &LiveSession) -> Self {
        Self {
            id: session.id,
            operator_id: session.operator_id,
            email: session.email.clone(),
            name: session.name.clone(),
            roles: session.roles.iter().map(ToString::to_string).collect(),
            next: NextStep::of(session).map(|step| step.as_str().to_owned()),
            second_factors: second_factors(session),
            expires_at: session.expires_at,
            token: None,
            recovery_codes: None,
        }
    }
}

fn second_factors(session: &LiveSession) -> Vec<String> {
    let app = session.has_authenticator.then_some("authenticator");
    let passkey = session.has_passkey.then_some("passkey");
    app.into_iter().chain(passkey).map(str::to_owned).collect()
}

/// Signs in. What `next` names is to be done then.
///
/// Guesses at an account, and from a network, are slowed: 429 says for how long.
#[utoipa::path(post, path = "/api/admin/session", tag = "session", security(()),
    request_body = SignInBody, responses((status = 201, body = SessionView),
        (status = 401, description = "Address, password or code are wrong", body = ProblemDocument),
        (status = 429, description = "Too many guesses", body = ProblemDocument)))]
pub(crate) async fn sign_in(
    State(state): State<ApiState>,
    stranger: Stranger,
    JsonBody(body): JsonBody<SignInBody>,
) -> Result<Response, Problem> {
    let in_cookie = body.keep == Keep::Cookie;
    if let Some(problem) = stranger.from_elsewhere.filter(|_| in_cookie) {
        return Err(problem);
    }
    let shown = Password { email: &body.email, password: &body.password, in_cookie };
    let mut signed_in = state.identity.sign_in(&shown, &stranger.caller).await.map_err(problem_of_sign_in)?;
    if let Some(code) = &body.code
        && NextStep::of(&signed_in.session) == Some(NextStep::ShowCode)
    {
        let session = &signed_in.session;
        signed_in =
            state.identity.show_code(session, code, &stranger.caller).await.map_err(problem_of_sign_in)?;
    }
    Ok(begun(StatusCode::CREATED, signed_in))
}

/// Shows a code of the authenticator app, or a recovery code. The session has another token from then on. The first code of
/// an app that was just set up confirms it, and the recovery codes are shown.
#[utoipa::path(post, path = "/api/admin/session/code", tag = "session", request_body = CodeBody,
    responses((status = 200, body = SessionView),
        (status = 401, description = "The code is wrong, was used, or the sign-in is over", body = ProblemDocument),
        (status = 409, description = "An app must be set up first", body = ProblemDocument),
        (status = 429, description = "Too many guesses", body = ProblemDocument)))]
pub(crate) async fn show_code(
    State(state): State<ApiState>,
    open: OpenSession,
    JsonBody(body): JsonBody<CodeBody>,
) -> Result<Response, Problem> {
    let signed_in = state.identity.show_code(&open.session, &body.code, &open.caller).await;
    signed_in.map(|signed_in| begun(StatusCode::OK, signed_in)).map_err(problem_of_sign_in)
}

/// An authenticator app to be.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuthenticatorView {
    /// In base32, to be typed in. Shown here and never again.
    secret: String,
    /// `otpauth://...`, to be shown as a QR code.
    url: String,
}

/// Makes the secret of an authenticator app, for an account without a second factor. The first code that is shown confirms it.
#[utoipa::path(post, path = "/api/admin/session/authenticator", tag = "session",
    responses((status = 200, body = AuthenticatorView),
        (status = 409, description = "There is a second factor already", body = ProblemDocument)))]
pub(crate) async fn set_up_authenticator(
    State(state): State<ApiState>,
    open: OpenSession,
) -> Result<Json<AuthenticatorView>, Problem> {
    let new = state.identity.set_up_authenticator(&open.session).await.map_err(problem_of_sign_in)?;
    Ok(Json(new.into()))
}

impl From<NewAuthenticator> for AuthenticatorView {
    fn from(new: NewAuthenticator) -> Self {
        Self { secret: new.secret.expose_secret().to_owned(), url: new.url.expose_secret().to_owned() }
    }
}

/// Changes the password. The operator's other sessions end.
#[utoipa::path(put, path = "/api/admin/session/password", tag = "session", request_body = PasswordBody,
    responses((status = 204, description = "It is changed"),
        (status = 401, description = "The present password is wrong", body = ProblemDocument),
        (status = 429, description = "Too many guesses", body = ProblemDocument)))]
pub(crate) async fn change_password(
    State(state): State<ApiState>,
    open: OpenSession,
    JsonBody(body): JsonBody<PasswordBody>,
) -> Result<StatusCode, Problem> {
    // Whoever must change it may, and nothing else.
    let session = LiveSession { password_must_change: false, ..open.session };
    let actor = complete(&session, open.caller)?;
    let changed = state.identity.change_password(&actor, &body.password, &body.new_password).await;
    changed.map(|()| StatusCode::NO_CONTENT).map_err(problem_of_sign_in)
}

/// Ends the session.
#[utoipa::path(delete, path = "/api/admin/session", tag = "session",
    responses((status = 204, description = "It has ended")))]
pub(crate) async fn sign_out(State(state): State<ApiState>, open: OpenSession) -> Result<Response, Problem> {
    state.identity.sign_out(&open.session, &open.caller).await.map_err(problem_of)?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = session_cookie::gone().filter(|_| open.session.in_cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// With what somebody came in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CredentialKind {
    /// A session of a person.
    Session,
    /// An API token of a person.
    Token,
    /// The token of the configuration: an owner without an account.
    Bootstrap,
}

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(crate) struct WhoView {
    /// `session`, `token`, or `bootstrap`: the token of the configuration.
    credential: CredentialKind,
    #[schema(required)]
    operator_id: Option<Uuid>,
    #[schema(required)]
    email: Option<String>,
    #[schema(required)]
    name: Option<String>,
    #[schema(schema_with = schemas::roles)]
    roles: Vec<String>,
    /// What may be done with this credential, now; nothing while the sign-in isn't complete.
    #[schema(schema_with = schemas::permissions)]
    permissions: Vec<String>,
    /// The session, if it is one.
    #[schema(required)]
    session: Option<SessionView>,
}

/// Who asks, and what they may do.
#[utoipa::path(get, path = "/api/admin/session", tag = "session", responses((status = 200, body = WhoView)))]
pub(crate) async fn who(State(state): State<ApiState>, request: Parts) -> Result<Json<WhoView>, Problem> {
    match known(&state, &request).await? {
        Known::Session(session) => {
            let rights =
                complete(&session, Caller::default()).map(|actor| actor.rights()).unwrap_or_default();
            let view = SessionView::from(&session);
            Ok(Json(WhoView {
                credential: CredentialKind::Session,
                operator_id: Some(session.operator_id),
                roles: view.roles.clone(),
                permissions: rights.iter().map(|right| right.to_string()).collect(),
                session: Some(view),
                email: Some(session.email),
                name: Some(session.name),
            }))
        }
        Known::Actor(actor) => {
            let operator = state.identity.account(&actor).await.map_err(problem_of_catalog)?;
            let credential = match actor.credential() {
                Credential::Token(_) => CredentialKind::Token,
                _ => CredentialKind::Bootstrap,
            };
            Ok(Json(WhoView {
                credential,
                operator_id: actor.operator_id(),
                roles: operator
                    .as_ref()
                    .map_or_else(Vec::new, |row| row.roles.iter().map(ToString::to_string).collect()),
                permissions: actor.rights().iter().map(|right| right.to_string()).collect(),
                session: None,
                name: operator.as_ref().map(|row| row.name.clone()),
                email: operator.map(|row| row.email),
            }))
        }
    }
}

/// A session with its token, where it was asked to be.
pub(super) fn begun(status: StatusCode, signed_in: SignedIn) -> Response {
    let SignedIn { token, session, recovery_codes } = signed_in;
    let mut view = SessionView::from(&session);
    if !recovery_codes.is_empty() {
        let shown = |code: &SecretString| code.expose_secret().to_owned();
        view.recovery_codes = Some(recovery_codes.iter().map(shown).collect());
    }
    if !session.in_cookie {
        view.token = Some(token.secret().expose_secret().to_owned());
        return (status, Json(view)).into_response();
    }
    let lasts = (session.expires_at - Utc::now()).to_std().unwrap_or(Duration::ZERO);
    let mut response = (status, Json(view)).into_response();
    if let Some(cookie) = session_cookie::holding(token.secret(), lasts) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
