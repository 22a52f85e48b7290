//! Counts: one usage record for every request that showed a key we know, whatever became of it.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chrono::Utc;
use domain::principal::Principal;
use domain::usage::UsageRecord;
use domain::{ApiKeyId, CustomerId};
use http::header;
use uuid::Uuid;

use crate::Gateway;

/// The id of a request, put into its extensions by whoever gives it out.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

/// Where `authenticate`, further in, leaves word of who it found.
#[derive(Clone, Default)]
pub(crate) struct Caller(Arc<OnceLock<Arc<Principal>>>);

impl Caller {
    pub(crate) fn set(&self, principal: &Arc<Principal>) {
        // A second layer of authentication would find the same key: the first word stands.
        let _ = self.0.set(Arc::clone(principal));
    }
}

/// The status under which a request is counted whose caller hung up before the answer.
const CALLER_GONE: u16 = 499;

/// A request under way. It is counted when it is dropped, so also when its caller hangs up.
struct Counted {
    gateway: Gateway,
    caller: Caller,
    started: Instant,
    record: Option<UsageRecord>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let (Some(principal), Some(record)) = (self.caller.0.get(), self.record.take()) {
            self.gateway.meter.record(UsageRecord {
                api_key_id: principal.api_key_id,
                customer_id: principal.customer_id,
                response_time_ms: u32::try_from(self.started.elapsed().as_millis()).unwrap_or(u32::MAX),
                ..record
            });
        }
    }
}

pub(crate) async fn meter(State(gateway): State<Gateway>, mut request: Request, next: Next) -> Response {
    let caller = Caller::default();
    request.extensions_mut().insert(caller.clone());
    let mut counted =
        Counted { gateway, caller, started: Instant::now(), record: Some(unanswered(&request)) };
    let response = next.run(request).await;
    if let Some(record) = &mut counted.record {
        record.status_code = response.status().as_u16();
        record.response_size_bytes = response.body().size_hint().exact();
    }
    response
}

/// What is known of a request before its answer; who asks isn't.
fn unanswered(request: &Request) -> UsageRecord {
    let extensions = request.extensions();
    UsageRecord {
        id: Uuid::now_v7(),
        request_id: extensions.get::<RequestId>().map_or_else(Uuid::now_v7, |id| id.0),
        api_key_id: ApiKeyId(Uuid::nil()),
        customer_id: CustomerId(Uuid::nil()),
        endpoint: extensions.get::<MatchedPath>().map_or_else(String::new, |path| path.as_str().to_owned()),
        method: request.method().to_string(),
        status_code: CALLER_GONE,
        response_time_ms: 0,
        request_size_bytes: content_length(request.headers()),
        response_size_bytes: None,
        module: None,
        outcome: String::new(),
        created_at: Utc::now(),
    }
}

fn content_length(headers: &http::HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
