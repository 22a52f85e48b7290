//! What a request used, and the interface through which it is written down.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{ApiKeyId, CustomerId};

/// One request that showed an API key we know: a row of `admin_api_usage`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRecord {
    /// The record's own id, made once: writing it again changes nothing.
    pub id: Uuid,
    /// The request's id, also in its `X-Request-Id`. The caller may have chosen it, so it need not be unique.
    pub request_id: Uuid,
    /// The key that was shown.
    pub api_key_id: ApiKeyId,
    /// Whose key it is.
    pub customer_id: CustomerId,
    /// The route, with its parameters' names instead of their values: `/api/v1/deals/{id}`.
    pub endpoint: String,
    /// The method.
    pub method: String,
    /// The answer's status.
    pub status_code: u16,
    /// How long the answer took, in milliseconds.
    pub response_time_ms: u32,
    /// The size of the request's body, in bytes, where it was told.
    pub request_size_bytes: Option<u64>,
    /// The size of the answer's body, in bytes, where it is known.
    pub response_size_bytes: Option<u64>,
    /// The key of the feature module that the route belongs to, if it belongs to one.
    pub module: Option<String>,
    /// What became of the request: `ok`, or the last segment of the problem's type, such as `api-key-revoked`.
    pub outcome: String,
    /// When the request came. Microseconds count, as PostgreSQL keeps them; what is finer is dropped.
    pub created_at: DateTime<Utc>,
}

impl UsageRecord {
    /// The outcome of a request that was answered as it asked. Only these count towards a module's usage.
    pub const OK: &str = "ok";
}

/// The usage could not be written down.
#[derive(Debug, thiserror::Error)]
#[error("usage can't be written: {0}")]
pub struct UsageUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where usage is written down.
#[async_trait]
pub trait UsageSink: Send + Sync + 'static {
    /// Writes the records, all or none, and notes when each key was last used.
    async fn write(&self, records: &[UsageRecord]) -> Result<(), UsageUnavailable>;
}
