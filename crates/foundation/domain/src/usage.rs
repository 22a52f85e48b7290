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
    /// When the request came.
    pub created_at: DateTime<Utc>,
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
