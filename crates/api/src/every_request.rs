//! What every request passes first: it gets an id (the caller's own, if it is a UUID) that its log lines, its answer and
//! its problem document name; its body may not pause for ever, and neither may its answer; a panic is answered; browsers
//! are told what they may do with it.
//!
//! One service, and not one for each: each would copy the request into a box of its own.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use futures_util::future::{CatchUnwind, FutureExt as _};
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderName, HeaderValue, Method, StatusCode, Version};
use pin_project_lite::pin_project;
use problem::Problem;
use telemetry::{Ended, RequestContext, SPANS};
use tokio::task::futures::TaskLocalFuture;
use tokio::time::Sleep;
use tower::util::Oneshot;
use tower::{Layer, Service, ServiceExt as _};
use tower_http::timeout::TimeoutBody;
use tracing::field::Empty;
use tracing::instrument::Instrumented;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use crate::{bodies, browsers, fallback};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Puts this round all routes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EveryRequest {
    /// How long a request may take.
    pub(crate) longest: Duration,
    /// How long its body may pause.
    pub(crate) slowest_body: Duration,
    /// Whether callers come in over HTTPS.
    pub(crate) is_https: bool,
}

impl<S> Layer<S> for EveryRequest {
    type Service = Answering<S>;

    fn layer(&self, inner: S) -> Answering<S> {
        Answering { inner, limits: *self }
    }
}

/// Routes, with what every request passes round them.
#[derive(Clone, Debug)]
pub struct Answering<S> {
    inner: S,
    limits: EveryRequest,
}

impl<S> Service<Request> for Answering<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<S>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Whether the routes are ready is asked for each request.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.clone().answer(request)
    }
}

impl<S> Answering<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    /// Answers a request. The routes see it when the answer is polled: what they do and log then, panics too, is the
    /// request's.
    pub(crate) fn answer(self, mut request: Request) -> Answer<S> {
        let given =
            request.headers().get(&HEADER).and_then(|value| value.to_str().ok()?.parse::<Uuid>().ok());
        let (came_at, started) = (SystemTime::now(), Instant::now());
        let id = given.unwrap_or_else(|| new_id(came_at));
        let method = telemetry::method_name(request.method());
        let is_head = request.method() == Method::HEAD;
        let has_one_connection = request.version() <= Version::HTTP_11;
        let context = RequestContext {
            id,
            is_new: given.is_none(),
            came_at,
            started,
            method,
            uri: request.uri().clone(),
            ended: Cell::new(None),
            left: RefCell::new(None),
        };
        let has_body = !request.body().is_end_stream();
        if has_body {
            let slowest = self.limits.slowest_body;
            request = request
                .map(|body| Body::new(bodies::Bounded::new(TimeoutBody::new(slowest, body), &bodies::ROOM)));
        }
        let span = tracing::trace_span!(
            target: SPANS,
            "request",
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = Empty,
            http.response.status_code = Empty,
            sixty.request.id = %id,
            sixty.customer.id = Empty,
        );
        let bounded = Bounded {
            answer: Some(AssertUnwindSafe(self.inner.oneshot(request)).catch_unwind()),
            longest: self.limits.longest,
            timer: None,
        };
        let answer = context.scope(bounded).instrument(span.clone());
        Answer { id, is_head, is_https: self.limits.is_https, has_one_connection, has_body, span, answer }
    }
}

pin_project! {
    /// An answer that will be named after its request.
    pub struct Answer<S>
    where
        S: Service<Request>,
    {
        id: Uuid,
        // Asks for what an answer would be, without its body.
        is_head: bool,
        is_https: bool,
        // HTTP/1: what is left of a body stands in the way of the next request.
        has_one_connection: bool,
        has_body: bool,
        span: Span,
        #[pin]
        answer: Instrumented<TaskLocalFuture<RequestContext, Bounded<Oneshot<S, Request>>>>,
    }
}

impl<S: Service<Request, Response = Response, Error = Infallible>> Future for Answer<S> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.answer.poll(context).map(|answer| {
            if !this.span.is_disabled() {
                note_status(this.span, answer.status());
            }
            let is_body_left = *this.has_one_connection
                && match answer.status() {
                    StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => true,
                    // There may be no room for it.
                    StatusCode::SERVICE_UNAVAILABLE => *this.has_body,
                    _ => false,
                };
            let mut answer = named(answer, *this.id, *this.is_head, *this.is_https);
            if is_body_left {
                // The connection ends with this answer: who is told sends no further request into it.
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer)
        })
    }
}

pin_project! {
    /// An answer that doesn't panic and doesn't take for ever.
    struct Bounded<F> {
        // Gone once it was answered in its place.
        #[pin]
        answer: Option<CatchUnwind<AssertUnwindSafe<F>>>,
        longest: Duration,
        // Only requests that wait need a timer.
        timer: Option<Pin<Box<Sleep>>>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for Bounded<F> {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        let mut this = self.project();
        let Some(answer) = this.answer.as_mut().as_pin_mut() else { return Poll::Pending };
        let answered: Poll<Result<Result<Response, Infallible>, Box<dyn Any + Send>>> = answer.poll(context);
        let (how, mut instead) = match answered {
            Poll::Ready(Ok(Ok(response))) => return Poll::Ready(response),
            Poll::Ready(Err(panic)) => (Ended::Panicked, fallback::panicked(panic)),
            Poll::Pending => {
                let longest = *this.longest;
                let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(longest)));
                ready!(timer.as_mut().poll(context));
                (Ended::GivenUp, given_up(longest))
            }
        };
        RequestContext::ends(how);
        // What is dropped here counts the request, and leaves what it knew of it.
        this.answer.set(None);
        instead.headers_mut().extend(RequestContext::left());
        Poll::Ready(instead)
    }
}

/// A new id, in the order of time up to a millisecond. `Uuid::now_v7` orders them within it too, by a counter under a lock
/// that all threads would take for every request.
fn new_id(now: SystemTime) -> Uuid {
    let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let random = Uuid::new_v4().into_bytes();
    let mut tail = [0; 10];
    // Without the two bytes that say that it is a random one.
    tail[..6].copy_from_slice(&random[..6]);
    tail[6..].copy_from_slice(&random[9..13]);
    let milliseconds = u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &tail).into_uuid()
}

fn given_up(longest: Duration) -> Response {
    Problem::request_timeout(format!(
        "The request was given up after {} seconds. Read what it was to change before you send it again.",
        longest.as_secs()
    ))
    .into_response()
}

fn note_status(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
}

/// The answer with its request id, in the problem document too if it is one.
fn named(mut response: Response, id: Uuid, is_head: bool, is_https: bool) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let headers = std::mem::take(response.headers_mut());
        response = problem.instance(id.to_string()).into_response();
        if is_head {
            let length = response.body().size_hint().exact().map(HeaderValue::from);
            response.headers_mut().extend(length.map(|length| (CONTENT_LENGTH, length)));
            *response.body_mut() = Body::empty();
        }
        // What inner layers added stays; what describes the body was made anew.
        for name in headers.keys().filter(|name| **name != CONTENT_LENGTH) {
            if !response.headers().contains_key(name) {
                for value in headers.get_all(name) {
                    response.headers_mut().append(name, value.clone());
                }
            }
        }
    }
    // On the stack: every answer has this header.
    let mut text = Uuid::encode_buffer();
    if let Ok(value) = HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)) {
        response.headers_mut().insert(HEADER, value);
    }
    browsers::harden(response.headers_mut(), is_https);
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use http::header;
    use tower::ServiceExt as _;

    use super::*;

    async fn asked(route: axum::routing::MethodRouter) -> (StatusCode, String, serde_json::Value) {
        let layer = EveryRequest {
            longest: Duration::from_millis(1),
            slowest_body: Duration::from_millis(1),
            is_https: false,
        };
        let router = Router::new().route("/", route).layer(layer);
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let status = response.status();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, id, serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn ids_are_new_and_in_the_order_of_time() {
        let ids: Vec<_> = std::iter::repeat_with(|| new_id(SystemTime::now())).take(1_000).collect();
        let milliseconds = |id: &Uuid| id.as_u128() >> 80;
        assert!(ids.is_sorted_by_key(milliseconds));
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
        assert!(ids.iter().all(|id| id.get_version_num() == 7 && id.get_variant() == uuid::Variant::RFC4122));
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_a_problem_with_a_request_id() {
        let (status, id, problem) = asked(get(std::future::pending::<()>)).await;
        assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(
            (problem["status"].as_u64(), problem["instance"].as_str()),
            (Some(408), Some(id.as_str()))
        );
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing_of_it() {
        async fn panics() {
            panic!("the password is hunter2");
        }
        let (status, id, problem) = asked(get(panics)).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(problem["instance"].as_str(), Some(id.as_str()));
        assert!(!problem.to_string().contains("hunter2"));
    }
}
