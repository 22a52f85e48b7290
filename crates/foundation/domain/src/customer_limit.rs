//! How many requests a customer may make over all keys, where somebody decided otherwise than the configuration.

use serde::{Deserialize, Serialize};

use crate::RateLimitPeriod;
use crate::customer::named_enum;

named_enum!(
    /// What a limit does while Redis is away.
    WithoutRedis {
        /// Each server counts for itself.
        Local = "local",
        /// Everything passes.
        Open = "open",
        /// What isn't granted already is refused.
        Closed = "closed",
    }
);

/// A customer's own limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerLimit {
    /// Of one route, by method and path such as `POST /api/v1/deals`; over all routes when `None`.
    pub route: Option<String>,
    /// So many requests in a period; without limit when `None`, whatever the configuration says.
    pub rate: Option<(u64, RateLimitPeriod)>,
    /// What holds while Redis is away; as the configuration says when `None`.
    pub without_redis: Option<WithoutRedis>,
}
