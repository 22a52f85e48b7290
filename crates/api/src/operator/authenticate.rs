//! Whether an operator asks, and which. The handler finds them as an [`Actor`] in the request's extensions.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use catalog::operator_sessions::LiveSession;
use customers::Actor;
use domain::operator::NotSignedIn;
use http::request::Parts;
use http::{HeaderMap, HeaderName, header};
use identity::known::{Cause, operator_of};
use identity::{Caller, NextStep};
use problem::Problem;
use secrets::{BearerKind, ExposeSecret as _};

use super::session_cookie;
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// What a page sends with a request that it makes by itself: `true`. It doesn't count as using the session.
const BACKGROUND: HeaderName = HeaderName::from_static("sixty-background");

pub(crate) async fn authenticate(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match actor(&state, &parts).await {
        Ok(actor) => {
            parts.extensions.insert(actor);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn actor(state: &ApiState, parts: &Parts) -> Result<Actor, Problem> {
    match known(state, parts).await? {
        Known::Actor(actor) => Ok(actor),
        Known::Session(session) => complete(&session, caller(state, parts)),
    }
}

/// The operator of a session whose sign-in is done.
pub(super) fn complete(session: &LiveSession, caller: Caller) -> Result<Actor, Problem> {
    let Some(step) = NextStep::of(session) else { return Ok(operator_of(session, caller)) };
    let detail = match step {
        NextStep::ShowCode => {
            "Show your second factor first: a code with POST /api/admin/session/code, or a passkey in the dashboard."
        }
        NextStep::SetUpAuthenticator => {
            "Set an authenticator app up first: POST /api/admin/session/authenticator; or a passkey, in the dashboard."
        }
        NextStep::ChangePassword => "Choose a password of your own first: PUT /api/admin/session/password.",
    };
    Err(Problem::sign_in_unfinished(detail).with("next", step.as_str()))
}

/// Who shows something that we know.
pub(super) enum Known {
    /// Somebody who signs in or has done so.
    Session(LiveSession),
    /// A program, with a token.
    Actor(Actor),
}

/// Who asks. What is in a cookie counts when there is no header, and for pages of this server only.
pub(super) async fn known(state: &ApiState, parts: &Parts) -> Result<Known, Problem> {
    if !parts.headers.contains_key(header::AUTHORIZATION)
        && let Some(token) = session_cookie::shown(&parts.headers)
    {
        let token = token.expose_secret();
        let caller = caller(state, parts);
        if let Err(refusal) = session_cookie::refuse_other_sites(&parts.method, &parts.headers) {
            let request = (parts.method.as_str(), parts.uri.path());
            state.identity.note_other_site(token, request, &caller).await;
            return Err(refusal);
        }
        return session(state, token, (true, cause(&parts.headers)), &caller).await;
    }
    let token = gateway::bearer_token(&parts.headers)?;
    let caller = caller(state, parts);
    if state.operator_token.as_ref().is_some_and(|configured| configured.matches(token)) {
        return Ok(Known::Actor(Actor::bootstrap().from(caller.ip_address, caller.user_agent)));
    }
    match BearerKind::of(token) {
        Some(BearerKind::Session) => session(state, token, (false, cause(&parts.headers)), &caller).await,
        Some(BearerKind::Token) => {
            let found = state.identity.bearer_of_token(token, caller.clone()).await;
            if let Some(actor) = found.map_err(problem_of_catalog)? {
                return Ok(Known::Actor(actor));
            }
            state.identity.note_ended(token, &caller).await;
            Err(Problem::unauthenticated(
                "The operator token is not the right one: it has expired, was revoked, or never was.",
            ))
        }
        Some(BearerKind::Claim) => Err(Problem::unauthenticated(
            "This code only fetches a session: POST /api/admin/session/openid/claim.",
        )),
        None if token.starts_with("sk_") => Err(Problem::unauthenticated(
            "This is a customer's API key; operators show a token that begins with op_.",
        )),
        None => Err(Problem::unauthenticated("The operator token is not the right one.")),
    }
}

/// A request that nobody caused says so. An event stream can't: browsers open it without headers of ours, so that it is
/// known by what it takes.
fn cause(headers: &HeaderMap) -> Cause {
    let is_stream = headers.get(header::ACCEPT).is_some_and(|accepts| accepts == "text/event-stream");
    let is_background = headers
        .get(BACKGROUND)
        .is_some_and(|given| given.as_bytes().trim_ascii().eq_ignore_ascii_case(b"true"));
    if is_stream || is_background { Cause::Background } else { Cause::Person }
}

async fn session(
    state: &ApiState,
    token: &str,
    (in_cookie, cause): (bool, Cause),
    caller: &Caller,
) -> Result<Known, Problem> {
    let found = state.identity.session(token, in_cookie, cause).await.map_err(problem_of_catalog)?;
    if let Some(session) = found {
        return Ok(Known::Session(session));
    }
    state.identity.note_ended(token, caller).await;
    Err(Problem::unauthenticated("The session has ended: sign in again."))
}

/// From where a request came.
pub(super) fn caller(state: &ApiState, parts: &Parts) -> Caller {
    let shortened = |text: &str| text.chars().take(500).collect();
    Caller {
        ip_address: state.trusted_proxies.client_address(&parts.extensions, &parts.headers).0,
        user_agent: parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(shortened),
    }
}

/// The session of whoever signs in or has done so, however far they are.
pub(crate) struct OpenSession {
    pub(super) session: LiveSession,
    pub(super) caller: Caller,
}

impl FromRequestParts<ApiState> for OpenSession {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        match known(state, parts).await? {
            Known::Session(session) => Ok(Self { session, caller: caller(state, parts) }),
            Known::Actor(_) => Err(Problem::forbidden(NotSignedIn.to_string())),
        }
    }
}
