//! What was used before Redis began to count: PostgreSQL knows.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::policy::Subject;

/// The span over which use is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From this moment on; none for "since the quota was last reset", when only its next reset date is known.
    pub since: Option<DateTime<Utc>>,
    /// Before this moment; none when nobody has said when the window ends.
    pub until: Option<DateTime<Utc>>,
}

/// The use can't be found out now.
#[derive(Debug, thiserror::Error)]
#[error("what was used can't be read: {0}")]
pub struct SeedError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Who knows how many requests were accepted, when Redis doesn't: in a fresh Redis, in one that was flushed, and
/// once at the beginning of every window. Never asked for sliding periods.
#[async_trait]
pub trait QuotaSeed: Send + Sync {
    /// How many requests of the subject were accepted in the span.
    async fn used(&self, subject: &Subject, span: Span) -> Result<u64, SeedError>;
}
