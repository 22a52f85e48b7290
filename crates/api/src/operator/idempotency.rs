//! `Idempotency-Key` on every POST of the operator API: the request is done once, and its answer given again for a day.
//!
//! Only successes are kept. A request that was refused changed nothing, so its key is given back and it is judged anew. An
//! answer is given again to who may still do what was done, and a password that was revealed is never kept: each time that it
//! is shown leaves its row in the audit log.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest as _, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use customers::Actor;
use customers::idempotency::{self, Attempt, Begun, KeptAnswer, KeyedRequest};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use problem::{Problem, RawBody};
use secrets::{ExposeSecret, SecretString};
use tracing::Instrument as _;

use super::connection_urls;
use crate::ApiState;
use crate::problems::problem_of;

/// The header that tells an answer given again from the first one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The headers that belong to an answer. The others, such as the request id, are made anew.
const KEPT: [HeaderName; 4] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG, header::CACHE_CONTROL];

/// The largest answer that is kept, in bytes; the operator API's are a few kilobytes.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// When whoever meets the first request under way may look again, in seconds.
const LOOK_AGAIN: u64 = 2;

pub(crate) async fn idempotency(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    if request.method() != Method::POST || route == Some(connection_urls::PATH) {
        return next.run(request).await;
    }
    match problem::idempotency_key(request.headers()) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => keyed(&state, &key, request, next).await.unwrap_or_else(IntoResponse::into_response),
        Err(problem) => problem.into_response(),
    }
}

async fn keyed(state: &ApiState, key: &str, request: Request, next: Next) -> Result<Response, Problem> {
    let actor = request.extensions().get::<Actor>().cloned().unwrap_or_default();
    let (parts, body) = request.into_parts();
    let RawBody(body) = RawBody::from_request(Request::from_parts(parts.clone(), body), &()).await?;
    let asked = KeyedRequest {
        actor: &actor,
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        body: &body,
        key,
    };
    match idempotency::begin(&state.control_plane, &asked).await.map_err(problem_of)? {
        Begun::New(attempt) => {
            let request = Request::from_parts(parts, Body::from(body));
            // In a task of its own: a caller who hangs up must not leave it half done and its answer unkept.
            let done = tokio::spawn(perform(attempt, actor, request, next).in_current_span());
            // Who panicked may have changed something: the key stays taken, and its outcome unknown.
            done.await.map_err(|panicked| Problem::from_unexpected(&panicked))
        }
        Begun::Done(answer) => Ok(again(answer)),
        Begun::Reused => Err(Problem::idempotency_key_reused(
            "This Idempotency-Key was used for a request with another body or query. Use a new key for a new request.",
        )),
        Begun::Running => Err(Problem::idempotency_in_progress(
            "The first request with this Idempotency-Key is still being done. Send it again in a moment for its answer.",
        )
        .retry_after(LOOK_AGAIN)),
        Begun::Unknown => Err(Problem::idempotency_outcome_unknown(
            "A request with this Idempotency-Key was begun, but its answer was lost, so that it may or may not have taken \
             effect. It is not done again: look with GET whether it did, and if not, send it with a new key.",
        )),
    }
}

async fn perform(attempt: Attempt, actor: Actor, request: Request, next: Next) -> Response {
    let response = attempt.hold_while(next.run(request)).await;
    if response.status().is_success() {
        return keep(attempt, &actor, response).await;
    }
    let problem = response.extensions().get::<Problem>();
    if problem.is_some_and(|problem| problem.kind() == "outcome-unknown") {
        attempt.leave_unknown().await;
    } else {
        attempt.free().await;
    }
    response
}

async fn keep(attempt: Attempt, actor: &Actor, response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let text = to_bytes(body, LARGEST_ANSWER).await.ok().and_then(|body| String::from_utf8(body.into()).ok());
    let Some(text) = text else {
        attempt.leave_unknown().await;
        tracing::error!("an answer is too large to be kept, or no text");
        return Problem::outcome_unknown("It was done, but its answer can't be shown. Look with GET.")
            .into_response();
    };
    let kept =
        |name: &HeaderName| Some((name.to_string(), parts.headers.get(name)?.to_str().ok()?.to_owned()));
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        headers: KEPT.iter().filter_map(kept).collect(),
        body: SecretString::from(text.clone()),
    };
    attempt.keep(answer, actor.asked()).await;
    Response::from_parts(parts, Body::from(text))
}

fn again(answer: KeptAnswer) -> Response {
    let mut response = Response::new(Body::from(answer.body.expose_secret().to_owned()));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
