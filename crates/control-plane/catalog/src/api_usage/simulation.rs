//! What a limit would have refused of what was really sent.
//!
//! It decides as the limits do (`limits::flow`, `limits::window`): minutes and hours slide, as a level that every accepted
//! request raises by one and that sinks by the whole quota in a period; days and months are those of the calendar in the
//! customer's time zone, and begin anew. Requests are known by the second in which they were answered.

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::{ApiKeyId, CustomerId, RateLimitPeriod};

use super::DREW_ON_LIMITS;
use crate::{CatalogError, GenericClient, query, row};

/// How many of the busiest periods are told.
const BUSIEST: usize = 5;

/// A limit to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriedLimit {
    /// So many requests ...
    pub requests: u32,
    /// ... in this time.
    pub period: RateLimitPeriod,
    /// By whose clocks days and months begin.
    pub time_zone: Tz,
}

/// What would have become of the requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simulation {
    /// How many were sent.
    pub requests: i64,
    /// How many of them the limit would have refused.
    pub refused: i64,
    /// When it would have begun to, to the second.
    pub first_refused_at: Option<DateTime<Utc>>,
    /// The periods with most requests, the busiest first: minutes and hours of the clock, days and months of the calendar.
    pub busiest: Vec<(DateTime<Utc>, i64)>,
}

/// Tries a limit on what was sent in a span with a key and all keys that share its quota. Requests that the guard refused
/// because of the key or the customer (401, 403) would have drawn on nothing; those that a limit refused are tried again.
///
/// # Errors
/// When the database can't be asked.
pub async fn simulate(
    client: &impl GenericClient,
    (customer, quota_key): (CustomerId, ApiKeyId),
    limit: TriedLimit,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Simulation, CatalogError> {
    // What was sent before the span in the same period counts, too.
    let since = limit.period_of(from).min(from - limit.length());
    let sql = format!(
        "select extract(epoch from date_trunc('second', created_at))::bigint as second, count(*) as requests
         from admin_api_usage
         where api_key_id in (select id from admin_api_keys where customer_id = $1 and (id = $2 or quota_key_id = $2))
           and customer_id = $1 and created_at >= $3 and created_at < $4
           and (status_code = 429 or {DREW_ON_LIMITS})
         group by 1 order by 1"
    );
    let rows = query::rows(client, &sql, &[&customer.uuid(), &quota_key.uuid(), &since, &until]).await?;
    let seconds = row::all(&rows, |row| Ok((row.try_get("second")?, row.try_get("requests")?)))?;
    Ok(tried(limit, from, &seconds))
}

impl TriedLimit {
    /// A limit for a customer with this time zone. Whose zone nobody knows has days in UTC, as at the gateway.
    #[must_use]
    pub fn new(requests: u32, period: RateLimitPeriod, time_zone: &str) -> Self {
        Self { requests, period, time_zone: time_zone.parse().unwrap_or(chrono_tz::UTC) }
    }

    /// How long a sliding period is; nothing for those of the calendar.
    fn length(self) -> TimeDelta {
        match self.period {
            RateLimitPeriod::Minute => TimeDelta::minutes(1),
            RateLimitPeriod::Hour => TimeDelta::hours(1),
            RateLimitPeriod::Day | RateLimitPeriod::Month => TimeDelta::zero(),
        }
    }

    fn is_sliding(self) -> bool {
        self.length() > TimeDelta::zero()
    }

    /// The beginning of the minute, hour, day or month.
    fn period_of(self, moment: DateTime<Utc>) -> DateTime<Utc> {
        let date = moment.with_timezone(&self.time_zone).date_naive();
        match self.period {
            RateLimitPeriod::Minute => whole(moment, 60),
            RateLimitPeriod::Hour => whole(moment, 3600),
            RateLimitPeriod::Day => begin(date, self.time_zone),
            RateLimitPeriod::Month => begin(date.with_day(1).unwrap_or(date), self.time_zone),
        }
    }
}

fn whole(moment: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(moment.timestamp().div_euclid(seconds) * seconds, 0).unwrap_or(moment)
}

/// The first moment of a date. Where clocks are set forward over midnight, the day begins after the gap.
fn begin(date: NaiveDate, time_zone: Tz) -> DateTime<Utc> {
    let midnight = date.and_time(chrono::NaiveTime::MIN);
    let quarters = (0..=100).map(|quarter| midnight + TimeDelta::minutes(15 * quarter));
    let found = quarters.filter_map(|local| local.and_local_timezone(time_zone).earliest()).next();
    found.map_or_else(|| midnight.and_utc(), |begin| begin.with_timezone(&Utc))
}

/// The seconds in their order, each with how many requests were answered in it; those before `from` only fill the limit.
fn tried(limit: TriedLimit, from: DateTime<Utc>, seconds: &[(i64, i64)]) -> Simulation {
    let mut simulation = Simulation::default();
    let mut state = State { limit, used: 0.0, at: DateTime::UNIX_EPOCH };
    let mut periods: Vec<(DateTime<Utc>, i64)> = Vec::new();
    for (second, requests) in seconds {
        let Some(moment) = DateTime::from_timestamp(*second, 0) else { continue };
        let refused = requests - state.accept(moment, *requests);
        // The second in which the span begins belongs to it.
        if moment < whole(from, 1) {
            continue;
        }
        simulation.requests += requests;
        simulation.refused += refused;
        if refused > 0 {
            simulation.first_refused_at.get_or_insert(moment);
        }
        let period = limit.period_of(moment);
        match periods.last_mut().filter(|(last, _)| *last >= period) {
            Some((_, sum)) => *sum += requests,
            None => periods.push((period, *requests)),
        }
    }
    periods.sort_by_key(|(at, requests)| (std::cmp::Reverse(*requests), *at));
    periods.truncate(BUSIEST);
    simulation.busiest = periods;
    simulation
}

/// How much of the quota is used.
struct State {
    limit: TriedLimit,
    used: f64,
    at: DateTime<Utc>,
}

impl State {
    /// How many of so many requests pass.
    fn accept(&mut self, moment: DateTime<Utc>, requests: i64) -> i64 {
        let quota = f64::from(self.limit.requests);
        if self.limit.is_sliding() {
            #[expect(clippy::cast_precision_loss, reason = "seconds of at most some months")]
            let passed = (moment - self.at).num_seconds() as f64 / self.limit.length().num_seconds() as f64;
            self.used = (self.used - passed * quota).max(0.0);
            self.at = moment;
        } else {
            // A day that has begun stays begun when clocks are set back over midnight.
            let period = self.limit.period_of(moment);
            if period > self.at {
                (self.used, self.at) = (0.0, period);
            }
        }
        // A fraction of a request that rounding may lose.
        #[expect(clippy::cast_possible_truncation, reason = "at most the quota, which is a u32")]
        let room = (quota - self.used + 1e-6).floor().max(0.0) as i64;
        let accepted = requests.min(room);
        #[expect(clippy::cast_precision_loss, reason = "at most the quota, which is a u32")]
        let more = accepted as f64;
        self.used += more;
        accepted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn limit(requests: u32, period: RateLimitPeriod, time_zone: Tz) -> TriedLimit {
        TriedLimit { requests, period, time_zone }
    }

    fn sent(moments: &[(&str, i64)]) -> Vec<(i64, i64)> {
        moments.iter().map(|(moment, requests)| (at(moment).timestamp(), *requests)).collect()
    }

    #[test]
    fn a_sliding_period_gives_back_evenly() {
        let minute = limit(60, RateLimitPeriod::Minute, Tz::UTC);
        let seconds = sent(&[
            ("2026-11-05T12:00:00Z", 70),
            // Five came back, and one is wanted at most each second.
            ("2026-11-05T12:00:05Z", 7),
            ("2026-11-05T12:00:06Z", 1),
            ("2026-11-05T12:00:07Z", 2),
            // All came back.
            ("2026-11-05T12:02:00Z", 60),
        ]);
        let found = tried(minute, at("2026-11-05T12:00:00Z"), &seconds);
        assert_eq!((found.requests, found.refused), (140, 10 + 2 + 1));
        assert_eq!(found.first_refused_at, Some(at("2026-11-05T12:00:00Z")));
        assert_eq!(found.busiest, [(at("2026-11-05T12:00:00Z"), 80), (at("2026-11-05T12:02:00Z"), 60)]);
        // What was sent before the span fills the limit and isn't told.
        let later = tried(minute, at("2026-11-05T12:00:05Z"), &seconds);
        assert_eq!((later.requests, later.refused), (70, 3));
        assert_eq!(later.first_refused_at, Some(at("2026-11-05T12:00:05Z")));
    }

    #[test]
    fn days_are_those_of_the_customers_clocks() {
        let berlin = limit(10, RateLimitPeriod::Day, Tz::Europe__Berlin);
        let seconds = sent(&[
            ("2026-11-04T22:59:59Z", 10),
            ("2026-11-04T23:00:00Z", 9),
            ("2026-11-05T12:00:00Z", 3),
            ("2026-11-05T22:59:59Z", 1),
            ("2026-11-05T23:00:00Z", 10),
        ]);
        let found = tried(berlin, at("2026-11-04T00:00:00Z"), &seconds);
        assert_eq!((found.requests, found.refused), (33, 3));
        assert_eq!(found.first_refused_at, Some(at("2026-11-05T12:00:00Z")));
        assert_eq!(found.busiest[0], (at("2026-11-04T23:00:00Z"), 13));
        let utc = limit(10, RateLimitPeriod::Day, Tz::UTC);
        assert_eq!(tried(utc, at("2026-11-04T00:00:00Z"), &seconds).refused, 9 + 4);
        let month = limit(20, RateLimitPeriod::Month, Tz::UTC);
        assert_eq!(tried(month, at("2026-11-04T00:00:00Z"), &seconds).refused, 13);
        assert_eq!(tried(month, at("2026-11-05T23:00:00Z"), &seconds).refused, 10);
    }

    #[test]
    fn a_day_without_midnight_begins_after_the_gap() {
        let cairo = limit(1, RateLimitPeriod::Day, Tz::Africa__Cairo);
        // On 24 April 2026 clocks went from 0:00 to 1:00.
        assert_eq!(cairo.period_of(at("2026-04-24T10:00:00Z")), at("2026-04-23T22:00:00Z"));
        assert_eq!(tried(cairo, at("2026-01-01T00:00:00Z"), &[]), Simulation::default());
    }
}
