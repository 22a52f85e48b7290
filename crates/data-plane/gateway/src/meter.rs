//! Counts: one usage record for every request that showed a key we know, whatever became of it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::principal::Principal;
use domain::usage::UsageRecord;
use domain::{ApiKeyId, CustomerId};
use http::header;
use metering::Meter;
use problem::Problem;
use telemetry::{Ended, RequestContext};
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

/// The status and the outcome under which a request is counted that its handler didn't answer: its caller hung up before
/// that, or the layers round the guard answered in its place.
const CALLER_GONE: (u16, &str) = (499, "caller-gone");
const PANICKED: (u16, &str) = (500, "internal");
const GIVEN_UP: (u16, &str) = (408, "request-timeout");
/// The outcome of a request that was served, and of one whose refusal has no problem document.
const OK: &str = "ok";
const FAILED: &str = "failed";

/// A request that says its body is longer is counted as one that says nothing: bodies end far before it. Lengths are added
/// up in the admin database, where a few of the largest that HTTP can say would be more than a number holds, and every
/// record after them would be refused.
const LONGEST_BODY: u64 = 1 << 30;

/// What is counted of a request under way. None of its words is the caller's: routes, modules and outcomes are ours, methods are
/// HTTP's own or `OTHER`, ids are UUIDs. A record is short whatever its request was.
pub(crate) struct Counted {
    /// The route, with its parameters' names. There until it is counted.
    endpoint: Option<Arc<str>>,
    method: &'static str,
    /// And whether no other request has it.
    request_id: Option<(Uuid, bool)>,
    request_size_bytes: Option<u64>,
    came_at: DateTime<Utc>,
    started: Instant,
    caller: Option<Ids>,
    module: Option<&'static str>,
    answer: Answer,
}

/// Whose request it is. Not the principal itself: who holds it counts that, and other threads would see.
#[derive(Clone, Copy)]
struct Ids {
    api_key: ApiKeyId,
    customer: CustomerId,
}

/// What is counted of an answer.
struct Answer {
    status: u16,
    outcome: &'static str,
    size_bytes: Option<u64>,
    /// How long it took; none when there was none.
    after: Option<Duration>,
}

impl Counted {
    pub(crate) fn begin(request: &Request, endpoint: Arc<str>) -> Self {
        let known = RequestContext::of_current(|current| {
            ((current.id, current.is_new), current.came_at, current.started)
        });
        let (request_id, came_at, started) = match known {
            Some((id, came_at, started)) => (Some(id), came_at, started),
            None => (None, SystemTime::now(), Instant::now()),
        };
        Self {
            endpoint: Some(endpoint),
            method: telemetry::method_name(request.method()),
            request_id,
            request_size_bytes: content_length(request.headers()),
            came_at: came_at.into(),
            started,
            caller: None,
            module: None,
            answer: Answer { status: CALLER_GONE.0, outcome: CALLER_GONE.1, size_bytes: None, after: None },
        }
    }

    /// When the request came.
    pub(crate) fn came_at(&self) -> DateTime<Utc> {
        self.came_at
    }

    /// The same moment, for measuring.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    pub(crate) fn caller_is(&mut self, principal: &Principal) {
        self.caller = Some(Ids { api_key: principal.caller.usage_id(), customer: principal.customer.id });
    }

    pub(crate) fn module_is(&mut self, module: &'static str) {
        self.module = Some(module);
    }

    /// Notes what became of the request; tells the outcome and how long it took.
    pub(crate) fn end(&mut self, response: &Response) -> (&'static str, Duration) {
        let (outcome, after) = (outcome(response), self.started.elapsed());
        self.answer = Answer {
            status: response.status().as_u16(),
            outcome,
            size_bytes: response.body().size_hint().exact(),
            after: Some(after),
        };
        (outcome, after)
    }

    /// The same for a request that is dropped. None when it was answered.
    pub(crate) fn end_unanswered(&mut self) -> Option<(&'static str, Duration)> {
        if self.answer.after.is_some() {
            return None;
        }
        let (status, outcome) = match RequestContext::ended() {
            Some(Ended::GivenUp) => GIVEN_UP,
            Some(Ended::Panicked) => PANICKED,
            // What a panic passes on its way out goes before anybody has caught it.
            None if std::thread::panicking() => PANICKED,
            None => CALLER_GONE,
        };
        let after = self.started.elapsed();
        self.answer = Answer { status, outcome, size_bytes: None, after: Some(after) };
        Some((outcome, after))
    }

    /// Hands the record over, the first time that it is called.
    pub(crate) fn write_down(&mut self, recorder: &dyn UsageRecorder) {
        let Some(caller) = self.caller.take() else { return };
        let Some(endpoint) = self.endpoint.take() else { return };
        let id = match self.request_id {
            Some((id, true)) => id,
            _ => Uuid::now_v7(),
        };
        let after = self.answer.after.unwrap_or_else(|| self.started.elapsed());
        recorder.record(UsageRecord {
            id,
            request_id: self.request_id.map_or(id, |(id, _)| id),
            api_key_id: caller.api_key,
            customer_id: caller.customer,
            endpoint,
            method: Cow::Borrowed(self.method),
            status_code: self.answer.status,
            response_time_ms: u32::try_from(after.as_millis()).unwrap_or(u32::MAX),
            request_size_bytes: self.request_size_bytes,
            response_size_bytes: self.answer.size_bytes,
            module: self.module.map(Cow::Borrowed),
            outcome: Cow::Borrowed(self.answer.outcome),
            created_at: self.came_at,
        });
    }
}

/// `ok`, or under which name the problem is counted.
fn outcome(response: &Response) -> &'static str {
    match response.extensions().get::<Problem>() {
        Some(problem) => problem.outcome(),
        None if response.status().is_client_error() || response.status().is_server_error() => FAILED,
        None => OK,
    }
}

/// How long the request says its body is.
fn content_length(headers: &http::HeaderMap) -> Option<u64> {
    let told: u64 = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()?;
    (told <= LONGEST_BODY).then_some(told)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    #[test]
    fn a_length_that_no_body_can_have_is_none() {
        let counted = |told: &'static str| {
            let told = HeaderValue::from_static(told);
            content_length(&HeaderMap::from_iter([(header::CONTENT_LENGTH, told)]))
        };
        assert_eq!(counted("0"), Some(0));
        assert_eq!(counted("1073741824"), Some(LONGEST_BODY));
        for too_much in ["1073741825", "9223372036854775807", "18446744073709551615", "99999999999999999999"]
        {
            assert_eq!(counted(too_much), None, "{too_much}");
        }
    }
}
