//! What is limited: a policy counts the requests of one subject over one period.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::{ApiKeyId, CustomerId, RateLimitPeriod};

/// Whose requests are counted together. The customer is always part of it: two customers never share a count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The customer.
    pub customer: CustomerId,
    /// Which of the customer's requests.
    pub scope: Scope,
}

/// Which of a customer's requests are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Those that show this key.
    Key(ApiKeyId),
    /// All of them.
    Customer,
    /// Those of one route, named as the configuration names it: `POST /api/v1/deals`.
    Route(Arc<str>),
    /// Those of one feature module.
    Module {
        /// Its key.
        key: &'static str,
        /// Which count of it, in microseconds since 1970: when somebody set what was used, or 0.
        count: i64,
    },
}

impl Subject {
    /// The requests that show a key.
    #[must_use]
    pub fn key(customer: CustomerId, key: ApiKeyId) -> Self {
        Self { customer, scope: Scope::Key(key) }
    }

    /// All requests of a customer.
    #[must_use]
    pub fn customer(customer: CustomerId) -> Self {
        Self { customer, scope: Scope::Customer }
    }

    /// A customer's requests of one route.
    #[must_use]
    pub fn route(customer: CustomerId, route: Arc<str>) -> Self {
        Self { customer, scope: Scope::Route(route) }
    }

    /// A customer's requests of one feature module. Each time that somebody sets the number of those used, another count
    /// begins.
    #[must_use]
    pub fn module(customer: CustomerId, key: &'static str, set_at: Option<DateTime<Utc>>) -> Self {
        let count = set_at.map_or(0, |moment| moment.timestamp_micros());
        Self { customer, scope: Scope::Module { key, count } }
    }
}

/// Over which time a quota is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A period that begins with every request (GCRA): the whole quota may be used at once, and comes back evenly,
    /// one request every `period / quota`. For minutes and hours. Anything under a millisecond counts as one.
    Sliding(Duration),
    /// A day or a month of the calendar, as the clocks of a time zone show it: at its end everything comes back.
    Calendar {
        /// A day or a month.
        unit: CalendarUnit,
        /// Whose midnight counts.
        time_zone: Tz,
    },
    /// Until a moment that somebody else decides, such as the reset date of a module's quota. What is used after
    /// that moment is counted anew, until a later moment is named.
    Until(DateTime<Utc>),
}

/// The length of a calendar period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// From midnight to midnight: 23, 24 or 25 hours.
    Day,
    /// From the first to the first.
    Month,
}

impl Period {
    /// The period that a key's row or the configuration names, for a customer of this time zone.
    #[must_use]
    pub fn named(period: RateLimitPeriod, time_zone: Tz) -> Self {
        match period {
            RateLimitPeriod::Minute => Self::Sliding(Duration::from_secs(60)),
            RateLimitPeriod::Hour => Self::Sliding(Duration::from_secs(3600)),
            RateLimitPeriod::Day => Self::Calendar { unit: CalendarUnit::Day, time_zone },
            RateLimitPeriod::Month => Self::Calendar { unit: CalendarUnit::Month, time_zone },
        }
    }
}

/// What a limit does while Redis can't be asked. Tokens that a node had leased before are spent in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnRedisLoss {
    /// Each node goes on alone, with what it knows to be used: at worst every node accepts the remaining quota.
    #[default]
    NodeLocal,
    /// Everything is accepted, and counted.
    Open,
    /// What isn't leased already is refused.
    Closed,
}

/// One limit that a request must pass.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How the headers name it: `key`, `customer`, `route`, `module`. Printable ASCII without quotes.
    pub name: &'static str,
    /// Whose requests are counted.
    pub subject: Subject,
    /// How many requests are accepted in the period. 0 refuses all.
    pub quota: u64,
    /// The period.
    pub period: Period,
    /// What holds while Redis can't be asked.
    pub on_redis_loss: OnRedisLoss,
}
