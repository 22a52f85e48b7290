//! Counts: one usage record for every request that showed a key we know, whatever became of it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::principal::Principal;
use domain::usage::UsageRecord;
use http::{Method, header};
use metering::Meter;
use problem::Problem;
use telemetry::RequestContext;
use uuid::Uuid;

/// Takes down what was used. It must neither wait nor fail: the answer leaves when it returns.
pub trait UsageRecorder: Send + Sync {
    /// Takes one record.
    fn record(&self, record: UsageRecord);
}

impl UsageRecorder for Meter {
    fn record(&self, record: UsageRecord) {
        Self::record(self, record);
    }
}

/// The status under which a request is counted whose caller hung up before the answer.
const CALLER_GONE: u16 = 499;
/// The outcome of such a request, of one that was served, and of one whose refusal has no problem document.
const GONE: &str = "caller-gone";
const OK: &str = "ok";
const FAILED: &str = "failed";

/// A request under way. It is counted when it is dropped, so also when its caller hangs up; and before its answer
/// leaves, because the guard drops it then.
pub(crate) struct Counted {
    recorder: Arc<dyn UsageRecorder>,
    /// The route, with its parameters' names.
    endpoint: Arc<str>,
    method: Method,
    /// And whether no other request has it.
    request_id: Option<(Uuid, bool)>,
    request_size_bytes: Option<u64>,
    came_at: DateTime<Utc>,
    started: Instant,
    caller: Option<Arc<Principal>>,
    module: Option<&'static str>,
    answer: Answer,
}

/// What is counted of an answer.
struct Answer {
    status: u16,
    outcome: &'static str,
    size_bytes: Option<u64>,
}

impl Counted {
    pub(crate) fn begin(recorder: Arc<dyn UsageRecorder>, request: &Request, endpoint: Arc<str>) -> Self {
        Self {
            recorder,
            endpoint,
            method: request.method().clone(),
            request_id: RequestContext::current_id(),
            request_size_bytes: content_length(request.headers()),
            came_at: Utc::now(),
            started: Instant::now(),
            caller: None,
            module: None,
            answer: Answer { status: CALLER_GONE, outcome: GONE, size_bytes: None },
        }
    }

    /// When the request came.
    pub(crate) fn came_at(&self) -> DateTime<Utc> {
        self.came_at
    }

    pub(crate) fn caller_is(&mut self, principal: &Arc<Principal>) {
        self.caller = Some(Arc::clone(principal));
    }

    pub(crate) fn module_is(&mut self, module: &'static str) {
        self.module = Some(module);
    }

    /// Writes down what became of the request; tells the outcome and how long it took.
    pub(crate) fn end(mut self, response: &Response) -> (&'static str, Duration) {
        let outcome = outcome(response);
        self.answer = Answer {
            status: response.status().as_u16(),
            outcome,
            size_bytes: response.body().size_hint().exact(),
        };
        (outcome, self.started.elapsed())
    }
}

/// `ok`, or the kind of problem.
fn outcome(response: &Response) -> &'static str {
    match response.extensions().get::<Problem>() {
        Some(problem) => problem.kind(),
        None if response.status().is_client_error() || response.status().is_server_error() => FAILED,
        None => OK,
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some(principal) = self.caller.take() else { return };
        let id = match self.request_id {
            Some((id, true)) => id,
            _ => Uuid::now_v7(),
        };
        self.recorder.record(UsageRecord {
            id,
            request_id: self.request_id.map_or(id, |(id, _)| id),
            api_key_id: principal.caller.usage_id(),
            customer_id: principal.customer.id,
            endpoint: Arc::clone(&self.endpoint),
            method: method(&self.method),
            status_code: self.answer.status,
            response_time_ms: u32::try_from(self.started.elapsed().as_millis()).unwrap_or(u32::MAX),
            request_size_bytes: self.request_size_bytes,
            response_size_bytes: self.answer.size_bytes,
            module: self.module.map(Cow::Borrowed),
            outcome: Cow::Borrowed(self.answer.outcome),
            created_at: self.came_at,
        });
    }
}

/// The method's name; without a copy for those that have routes.
fn method(method: &Method) -> Cow<'static, str> {
    let known = [Method::GET, Method::POST, Method::PATCH, Method::PUT, Method::DELETE];
    let names = ["GET", "POST", "PATCH", "PUT", "DELETE"];
    match known.iter().zip(names).find(|(known, _)| *known == method) {
        Some((_, name)) => Cow::Borrowed(name),
        None => Cow::Owned(method.to_string()),
    }
}

fn content_length(headers: &http::HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
