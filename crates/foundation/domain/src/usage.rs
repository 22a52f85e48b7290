//! What a request used, and the interface through which it is written down.

use std::borrow::Cow;
use std::sync::Arc;

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
    pub endpoint: Arc<str>,
    /// The method.
    pub method: Cow<'static, str>,
    /// The answer's status.
    pub status_code: u16,
    /// How long the answer took, in milliseconds.
    pub response_time_ms: u32,
    /// The size of the request's body, in bytes, where it was told.
    pub request_size_bytes: Option<u64>,
    /// The size of the answer's body, in bytes, where it is known.
    pub response_size_bytes: Option<u64>,
    /// The key of the feature module that the route belongs to, if it belongs to one and the request got as far as its limits.
    pub module: Option<Cow<'static, str>>,
    /// What became of the request: `ok`, or the last segment of the problem's type, such as `api-key-revoked`.
    pub outcome: Cow<'static, str>,
    /// When the request came. Microseconds count, as PostgreSQL keeps them; what is finer is dropped.
    pub created_at: DateTime<Utc>,
}

impl UsageRecord {
    /// The outcome of a request that was answered as it asked.
    pub const OK: &str = "ok";

    /// The outcome of a request whose key may not be used from where it came.
    pub const NETWORK_NOT_ALLOWED: &str = "network-not-allowed";

    /// Whether its key was taken, whatever became of the request then. A key that was revoked or has expired is shown and not
    /// used, and so is one that somebody shows from a network that isn't its own.
    #[must_use]
    pub fn used_its_key(&self) -> bool {
        self.status_code != 401 && self.outcome != Self::NETWORK_NOT_ALLOWED
    }

    /// The outcome of a request that the limit of its feature module refused.
    pub const MODULE_LIMIT_REACHED: &str = "module-limit-reached";

    /// Whether it drew on the limits: those of its key, customer, route and module. What the guard refused drew on none; what
    /// was refused or failed behind it did.
    ///
    /// Only the guard answers 401 and 429. A 403 may be a handler's as well: a value that needs another module, say. The guard
    /// notes the module of a route when every step but the limits is passed, so a 403 without one was refused before them; and
    /// of the limits only that of a module answers so.
    #[must_use]
    pub fn drew_on_limits(&self) -> bool {
        match self.status_code {
            401 | 429 => false,
            403 => self.module.is_some() && self.outcome != Self::MODULE_LIMIT_REACHED,
            _ => true,
        }
    }
}

/// Usage was not written down.
#[derive(Debug, thiserror::Error)]
pub enum UsageSinkError {
    /// Nobody knows whether it was: the database is away, or went away meanwhile. The same call is right another time.
    #[error("usage can't be written: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It was not, and never will be: a record has a value that the database doesn't take.
    #[error("usage is refused: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A place in a spool: the number of a segment, and a byte in it. Ordered as the spool is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SpoolPosition {
    /// The segment's number.
    pub segment: u64,
    /// The number of bytes of the segment before this place.
    pub byte: u64,
}

/// How far a spool has been handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpoolProgress {
    /// Everything before this place has been.
    pub position: SpoolPosition,
    /// How many records that were.
    pub records: u64,
}

/// Records of a spool that are handed over together.
#[derive(Debug, Clone, Copy)]
pub struct HandOver<'a> {
    /// Which spool.
    pub spool: Uuid,
    /// How far the spool has been handed over, to the knowledge of the caller.
    pub from: SpoolPosition,
    /// How far it will have been.
    pub to: SpoolPosition,
    /// What lies between the two. Empty when nothing there is worth writing down.
    pub records: &'a [UsageRecord],
}

/// What became of a hand-over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandedOver {
    /// The records are written down, and the spool has been handed over up to `to`.
    Written,
    /// Nothing was written: the spool has been handed over up to this place, which isn't `from`. An earlier call did
    /// more than its caller got to know, or somebody else hands the same spool over.
    StandsAt(SpoolProgress),
}

/// Where usage is written down.
#[async_trait]
pub trait UsageSink: Send + Sync + 'static {
    /// Writes the records, all or none, and notes when each key was last used (not when it was refused). Records that were written before, by
    /// whichever way, are left out.
    async fn write(&self, records: &[UsageRecord]) -> Result<(), UsageSinkError>;

    /// How far a spool has been handed over. A spool that isn't known becomes known, at its very beginning.
    async fn open_spool(&self, spool: Uuid) -> Result<SpoolProgress, UsageSinkError>;

    /// Does what [`write`](Self::write) does and moves the spool from `from` to `to`, both or neither, and only if the
    /// spool stands at `from`. Therefore each record is written once, whoever calls this and however often.
    async fn hand_over(&self, batch: HandOver<'_>) -> Result<HandedOver, UsageSinkError>;

    /// Forgets a spool. Only once its folder is gone for good: its records would be handed over again.
    async fn forget_spool(&self, spool: Uuid) -> Result<(), UsageSinkError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passed_the_guard_drew_on_the_limits_and_nothing_else_did() {
        let drew = |status_code, module: Option<&'static str>, outcome: &'static str| {
            let record = UsageRecord {
                id: Uuid::nil(),
                request_id: Uuid::nil(),
                api_key_id: ApiKeyId::generate(),
                customer_id: CustomerId::generate(),
                endpoint: "/api/v1/deals".into(),
                method: "POST".into(),
                status_code,
                response_time_ms: 1,
                request_size_bytes: None,
                response_size_bytes: None,
                module: module.map(Cow::Borrowed),
                outcome: outcome.into(),
                created_at: DateTime::UNIX_EPOCH,
            };
            record.drew_on_limits()
        };
        let module = Some("crm_core");
        for (status, outcome) in [(201, "ok"), (400, "invalid-fields"), (503, "unavailable")] {
            assert!(drew(status, module, outcome), "{outcome}");
        }
        // No route, so no module; its limits are the key's and the customer's.
        assert!(drew(404, None, "not-found"));
        // Of a value that needs another module, by the handler; of the route itself, by the guard.
        assert!(drew(403, module, "module-disabled"));
        assert!(!drew(403, None, "module-disabled"));
        for (status, module, outcome) in [
            (401, None, "api-key-revoked"),
            (403, None, "permission-missing"),
            (403, module, UsageRecord::MODULE_LIMIT_REACHED),
            (429, module, "quota-exceeded"),
        ] {
            assert!(!drew(status, module, outcome), "{outcome}");
        }
    }
}
