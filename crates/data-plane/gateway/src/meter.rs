//! Counts: one usage record for every request that showed a key we know, whatever became of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::response::Response;
use chrono::Utc;
use domain::principal::Principal;
use domain::usage::UsageRecord;
use domain::{ApiKeyId, CustomerId};
use http::header;
use metering::Meter;
use problem::Problem;
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

/// The id of a request, put into its extensions by whoever gives it out.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

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
    started: Instant,
    caller: Option<Arc<Principal>>,
    record: Option<UsageRecord>,
}

impl Counted {
    pub(crate) fn begin(recorder: Arc<dyn UsageRecorder>, request: &Request, path: String) -> Self {
        Self { recorder, started: Instant::now(), caller: None, record: Some(unanswered(request, path)) }
    }

    pub(crate) fn caller_is(&mut self, principal: &Arc<Principal>) {
        self.caller = Some(Arc::clone(principal));
    }

    pub(crate) fn module_is(&mut self, module: &'static str) {
        if let Some(record) = &mut self.record {
            record.module = Some(module.to_owned());
        }
    }

    /// Writes down what became of the request; tells the outcome and how long it took.
    pub(crate) fn end(mut self, response: &Response) -> (&'static str, Duration) {
        let outcome = outcome(response);
        if let Some(record) = &mut self.record {
            record.status_code = response.status().as_u16();
            record.response_size_bytes = response.body().size_hint().exact();
            outcome.clone_into(&mut record.outcome);
        }
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
        if let (Some(principal), Some(record)) = (&self.caller, self.record.take()) {
            self.recorder.record(UsageRecord {
                api_key_id: principal.api_key_id,
                customer_id: principal.customer_id,
                response_time_ms: u32::try_from(self.started.elapsed().as_millis()).unwrap_or(u32::MAX),
                ..record
            });
        }
    }
}

/// What is known of a request before its answer; who asks isn't.
fn unanswered(request: &Request, path: String) -> UsageRecord {
    let extensions = request.extensions();
    UsageRecord {
        id: Uuid::now_v7(),
        request_id: extensions.get::<RequestId>().map_or_else(Uuid::now_v7, |id| id.0),
        api_key_id: ApiKeyId(Uuid::nil()),
        customer_id: CustomerId(Uuid::nil()),
        endpoint: path,
        method: request.method().to_string(),
        status_code: CALLER_GONE,
        response_time_ms: 0,
        request_size_bytes: content_length(request.headers()),
        response_size_bytes: None,
        module: None,
        outcome: GONE.to_owned(),
        created_at: Utc::now(),
    }
}

fn content_length(headers: &http::HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
