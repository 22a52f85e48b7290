//! Signing in by OpenID Connect: `/api/admin/session/openid`.
//!
//! A browser is sent to the provider with a secret in a cookie, from which all follows that must match when it comes back. A
//! program opens the browser, and is sent a code to its own port of the same machine, with which it fetches the session.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::response::{Html, IntoResponse, Response};
use cookie::{Cookie, SameSite};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity::openid::{BegunFor, OpenIdError, OpenIdProvider};
use identity::{Caller, SignInError, SignedIn};
use problem::{JsonBody, Problem, QueryParams};
use secrets::{ExposeSecret as _, OpenIdSecret, SecretString};
use serde::Deserialize;
use url::Url;
use utoipa::{IntoParams, ToSchema};

use super::authenticate::caller;
use super::sign_in::{SessionView, begun};
use super::{openid_refusals, session_cookie};
use crate::ApiState;
use crate::problem_document::ProblemDocument;
use crate::problems::problem_of_sign_in;

/// The cookie of a sign-in that is under way. Its answer comes by a link from another site, so it is not of the strict kind.
const COOKIE: &str = "__Host-sixty_openid";
/// How long somebody may take at the provider.
const LASTS: Duration = Duration::from_secs(600);
/// Takes the browser on. Not by a redirect: the session's cookie isn't sent along with what another site began.
const GO_ON: &str = r#"<!doctype html><meta charset="utf-8"><title>Signed in</title>
<meta http-equiv="refresh" content="0;url=/admin"><p>You are signed in. <a href="/admin">Go on</a></p>"#;

/// Where a program waits for its code.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BeginQuery {
    /// A port of 127.0.0.1 on which a program waits; without it the session goes into a cookie.
    #[param(minimum = 1, maximum = 65535)]
    port: Option<u16>,
    /// With a port: the SHA-256 of a text that the program will show, in lower-case hex.
    #[param(pattern = "^[0-9a-f]{64}$")]
    challenge: Option<String>,
    /// With a port: given back with the code.
    #[param(pattern = "^[0-9A-Za-z]{1,64}$")]
    state: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct CallbackQuery {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimBody {
    /// The code that came to the program's port.
    #[schema(value_type = String)]
    code: SecretString,
    /// The text whose hash was the challenge.
    #[schema(value_type = String)]
    answer: SecretString,
}

/// A program that waits on a port of the browser's machine.
struct Waiting {
    port: u16,
    challenge: String,
    state: String,
}

impl Waiting {
    fn of(query: BeginQuery) -> Result<Option<Self>, Problem> {
        let BeginQuery { port, challenge, state } = query;
        let Some(port) = port.filter(|port| *port > 0) else { return Ok(None) };
        let is_hash = |text: &String| {
            text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let challenge = challenge.filter(is_hash);
        let challenge = challenge
            .ok_or_else(|| Problem::field("challenge", "must be 64 hexadecimal digits in lower case"))?;
        let is_word = |text: &String| {
            (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let state = state
            .filter(is_word)
            .ok_or_else(|| Problem::field("state", "must be 1 to 64 letters and digits"))?;
        Ok(Some(Self { port, challenge, state }))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (port, challenge, state) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { port: port.parse().ok()?, challenge: challenge.to_owned(), state: state.to_owned() })
    }

    /// Where the browser goes on: to the program, with a code or what went wrong.
    fn url(&self, name: &str, value: &str) -> Option<Url> {
        let mut url = Url::parse(&format!("http://127.0.0.1:{}/", self.port)).ok()?;
        url.query_pairs_mut().append_pair(name, value).append_pair("state", &self.state);
        Some(url)
    }
}

/// Sends a browser to the provider.
#[utoipa::path(get, path = "/api/admin/session/openid", tag = "session", security(()), params(BeginQuery), responses(
    (status = 303, description = "To the provider; or, when a page is asked for and it can't be, to the sign-in, which says why"),
    (status = 403, description = "A page of another site begins a program's sign-in", body = ProblemDocument),
    (status = 404, description = "No provider is set up", body = ProblemDocument),
    (status = 503, description = "The provider can't be reached", body = ProblemDocument)))]
pub(crate) async fn begin(
    State(state): State<ApiState>,
    headers: HeaderMap,
    QueryParams(query): QueryParams<BeginQuery>,
) -> Result<Response, Problem> {
    // Whoever has a program's sign-in begun may be signed in here: the sign-in page, which says it, isn't seen then.
    let is_for_a_page = query.port.is_none();
    send_off(&state, &headers, query).await.or_else(|problem| {
        if is_for_a_page { openid_refusals::shown(&headers, problem) } else { Err(problem) }
    })
}

async fn send_off(state: &ApiState, headers: &HeaderMap, query: BeginQuery) -> Result<Response, Problem> {
    let provider = provider(state)?;
    let waiting = Waiting::of(query)?;
    if waiting.is_some() && session_cookie::is_from_another_site(headers) {
        // Whoever chose the challenge gets the session. The program opens the browser itself; that comes from no site.
        return Err(Problem::cross_site_request(
            "A page of another site may not begin a program's sign-in. Run `sixty login --browser`.",
        ));
    }
    let secret = OpenIdSecret::generate();
    let url = match (provider.authorization_url(&secret).await, &waiting) {
        (Ok(url), _) => url,
        // The program that waits says it.
        (Err(error), Some(program)) => return to(program.url("error", refusal(&error).detail())),
        (Err(error), None) => return Err(refusal(&error)),
    };
    let mut kept = secret.secret().expose_secret().to_owned();
    if let Some(program) = &waiting {
        kept.push_str(&format!(".{}.{}.{}", program.port, program.challenge, program.state));
    }
    let mut response = see_other(&url)?;
    keep(&mut response, kept, LASTS);
    Ok(response)
}

/// The browser as it comes back.
pub(crate) struct Returning {
    caller: Caller,
    shown: Option<(OpenIdSecret, Option<Waiting>)>,
}

impl FromRequestParts<ApiState> for Returning {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Self::Rejection> {
        let kept = session_cookie::named(&parts.headers, COOKIE);
        let shown = kept.and_then(|kept| {
            let text = kept.expose_secret();
            let (secret, program) =
                text.split_once('.').map_or((text, None), |(secret, rest)| (secret, Some(rest)));
            Some((OpenIdSecret::parse(secret)?, program.and_then(Waiting::parse)))
        });
        Ok(Self { caller: caller(state, parts), shown })
    }
}

/// Takes a browser back from the provider. Called by the provider's page.
#[utoipa::path(get, path = "/api/admin/session/openid/callback", tag = "session", security(()), responses(
    (status = 200, description = "Signed in, with a cookie", content_type = "text/html"),
    (status = 303, description = "To the program that waits; or, when a page is asked for and nobody is vouched for, to the sign-in, which says why"),
    (status = 401, description = "The provider vouches for nobody who has an account", body = ProblemDocument),
    (status = 404, description = "No provider is set up", body = ProblemDocument),
    (status = 503, description = "The provider can't be reached", body = ProblemDocument)))]
pub(crate) async fn callback(
    State(state): State<ApiState>,
    headers: HeaderMap,
    returning: Returning,
    QueryParams(query): QueryParams<CallbackQuery>,
) -> Result<Response, Problem> {
    let outcome = take_back(&state, returning, query).await;
    let mut response = outcome
        .or_else(|problem| openid_refusals::shown(&headers, problem))
        .unwrap_or_else(IntoResponse::into_response);
    // The sign-in that was under way is over, whatever came of it.
    keep(&mut response, String::new(), Duration::ZERO);
    Ok(response)
}

async fn take_back(
    state: &ApiState,
    Returning { caller, shown }: Returning,
    query: CallbackQuery,
) -> Result<Response, Problem> {
    let provider = provider(state)?;
    let (secret, waiting) = shown.ok_or_else(|| {
        Problem::sign_in_refused(
            "This browser has begun no sign-in, or more than ten minutes ago. Begin anew.",
        )
    })?;
    let outcome = finish(state, &provider, (&secret, waiting.as_ref()), (query, &caller)).await;
    match (&waiting, outcome) {
        (None, outcome) => outcome.map(|signed_in| in_cookie(&signed_in)),
        (Some(program), Ok(signed_in)) => to(program.url("code", signed_in.token.secret().expose_secret())),
        // The program says it; the browser's page is nobody's place to look.
        (Some(program), Err(problem)) => to(program.url("error", problem.detail())),
    }
}

async fn finish(
    state: &ApiState,
    provider: &OpenIdProvider,
    (secret, waiting): (&OpenIdSecret, Option<&Waiting>),
    (query, caller): (CallbackQuery, &Caller),
) -> Result<SignedIn, Problem> {
    if !query.state.is_some_and(|state| secret.has_state(&state)) {
        return Err(Problem::sign_in_refused("This answer belongs to another sign-in. Begin anew."));
    }
    if let Some(error) = query.error {
        let error: String = error.chars().filter(char::is_ascii_graphic).take(100).collect();
        return Err(Problem::sign_in_refused(format!("The provider says: {error}.")));
    }
    let code = query.code.ok_or_else(|| Problem::field("code", "is missing"))?;
    let person = provider.identify(secret, &code).await.map_err(|error| refusal(&error))?;
    let begun_for = waiting.map_or(BegunFor::Browser, |program| BegunFor::Program(&program.challenge));
    let signed_in = state.identity.sign_in_by_provider(provider, &person, (begun_for, caller)).await;
    signed_in.map_err(|error| match error {
        SignInError::Refused => Problem::sign_in_refused(
            "The provider knows you, but no operator here has your verified address. Ask an owner for an account.",
        )
        .with(openid_refusals::REASON, "no-account"),
        error => problem_of_sign_in(error),
    })
}

/// Fetches the session that a browser began for a program: once, within two minutes.
#[utoipa::path(post, path = "/api/admin/session/openid/claim", tag = "session", security(()), request_body = ClaimBody,
    responses((status = 200, body = SessionView),
        (status = 401, description = "The code or the answer is wrong, was used, or is too late", body = ProblemDocument)))]
pub(crate) async fn claim(
    State(state): State<ApiState>,
    JsonBody(body): JsonBody<ClaimBody>,
) -> Result<Response, Problem> {
    let signed_in = state.identity.claim_session(&body.code, &body.answer).await;
    signed_in.map(|signed_in| begun(StatusCode::OK, signed_in)).map_err(problem_of_sign_in)
}

fn provider(state: &ApiState) -> Result<Arc<OpenIdProvider>, Problem> {
    state.openid.clone().ok_or_else(|| {
        Problem::not_found("No OpenID provider is set up here: the operator sets SIXTY_OPENID_ISSUER.")
    })
}

fn refusal(error: &OpenIdError) -> Problem {
    tracing::warn!(%error, "a sign-in by OpenID Connect");
    match error {
        OpenIdError::Away(_) => {
            Problem::unavailable("The OpenID provider can't be reached. Try again in a moment.")
                .with(openid_refusals::REASON, "provider-away")
                .retry_after(5)
        }
        OpenIdError::TooLarge(most) => Problem::unavailable(format!(
            "The OpenID provider's answer is larger than {most} bytes, and isn't read. Whoever runs the provider has to \
             look: nothing here mends it."
        ))
        .with(openid_refusals::REASON, "provider-too-large"),
        OpenIdError::Refused(_) => Problem::sign_in_refused(format!("{error}. Begin anew.")),
    }
}

fn in_cookie(signed_in: &SignedIn) -> Response {
    let lasts = (signed_in.session.expires_at - chrono::Utc::now()).to_std().unwrap_or(Duration::ZERO);
    let mut response = Html(GO_ON).into_response();
    if let Some(cookie) = session_cookie::holding(signed_in.token.secret(), lasts) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn to(url: Option<Url>) -> Result<Response, Problem> {
    see_other(&url.ok_or_else(|| Problem::internal("The error has been logged."))?)
}

fn see_other(url: &Url) -> Result<Response, Problem> {
    let location = HeaderValue::try_from(url.as_str()).map_err(|error| Problem::from_unexpected(&error))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

/// Sets the cookie, beside others that the answer sets.
fn keep(response: &mut Response, value: String, lasts: Duration) {
    let cookie = Cookie::build((COOKIE, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::seconds(i64::try_from(lasts.as_secs()).unwrap_or(0)));
    if let Ok(mut value) = HeaderValue::try_from(cookie.to_string()) {
        value.set_sensitive(true);
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
