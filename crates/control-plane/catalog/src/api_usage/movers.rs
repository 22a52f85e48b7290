//! Whose use, and of what, changed most against the span before.

use chrono::{DateTime, TimeDelta, Utc};

use super::filter::UsageFilter;
use super::sources::Grouping;
use crate::filter::Filter;
use crate::{CatalogError, GenericClient, query, row};

/// Customers and keys over at least so long are compared by whole days.
const BY_DAYS_FROM: TimeDelta = TimeDelta::days(2);
/// Everything else over at least so long by whole hours, or by whole days from the second on.
const BY_HOURS_FROM: TimeDelta = TimeDelta::hours(3);
const BY_DAYS_OF_ALL_FROM: TimeDelta = TimeDelta::days(40);

/// How many are told.
const MOST: i64 = 10;

/// Whose or what's use changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mover {
    /// The customer's or key's id, or method and route.
    pub key: String,
    /// How many requests in the span.
    pub requests: i64,
    /// How many in the span before.
    pub previous_requests: i64,
    /// With a status of 400 and more.
    pub failed: i64,
    /// The same in the span before.
    pub previous_failed: i64,
}

/// The spans that were compared, and what moved.
#[derive(Debug, Clone)]
pub struct Movers {
    /// The beginning of the span.
    pub from: DateTime<Utc>,
    /// Its end.
    pub until: DateTime<Utc>,
    /// The greatest change first.
    pub movers: Vec<Mover>,
}

/// Where both spans are counted.
#[derive(Clone, Copy)]
enum Source {
    Requests,
    /// The days of each customer's keys, routes and statuses.
    Daily,
    /// The days of each key, which know nothing else.
    Keys,
    Platform(i16),
}

impl Source {
    fn of(grouping: Grouping, filter: &UsageFilter, length: TimeDelta) -> Self {
        let is_of_customers =
            grouping.is_of_customers() || filter.customer.is_some() || filter.api_key.is_some();
        let asks_for_more = !grouping.is_of_customers() || filter.asks_for_more();
        match is_of_customers {
            true if length >= BY_DAYS_FROM && asks_for_more => Self::Daily,
            true if length >= BY_DAYS_FROM => Self::Keys,
            false if length >= BY_DAYS_OF_ALL_FROM => Self::Platform(24),
            false if length >= BY_HOURS_FROM => Self::Platform(1),
            _ => Self::Requests,
        }
    }

    fn seconds(self) -> i64 {
        match self {
            Self::Requests => 1,
            Self::Daily | Self::Keys => 86_400,
            Self::Platform(hours) => i64::from(hours) * 3600,
        }
    }

    /// What is counted of each row (requests, those that failed), and the part of the table that is read.
    fn sql(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Requests => (
                "1",
                "(status_code >= 400)::integer",
                "created_at >= $3 as is_now from admin_api_usage where created_at >= $1 and created_at < $2",
            ),
            // Days in UTC, as the parameters are whole days in UTC.
            Self::Daily => (
                "requests",
                "case when status_code >= 400 then requests else 0 end",
                "usage_date >= ($3 at time zone 'UTC')::date as is_now from admin_api_usage_daily
                 where usage_date >= ($1 at time zone 'UTC')::date and usage_date < ($2 at time zone 'UTC')::date",
            ),
            Self::Keys => (
                "requests",
                "failed",
                "usage_date >= ($3 at time zone 'UTC')::date as is_now from admin_api_usage_by_key
                 where usage_date >= ($1 at time zone 'UTC')::date and usage_date < ($2 at time zone 'UTC')::date",
            ),
            Self::Platform(1) => (
                "requests",
                "case when status_code >= 400 then requests else 0 end",
                "starts_at >= $3 as is_now from admin_api_usage_platform
                 where hours = 1 and starts_at >= $1 and starts_at < $2",
            ),
            Self::Platform(_) => (
                "requests",
                "case when status_code >= 400 then requests else 0 end",
                "starts_at >= $3 as is_now from admin_api_usage_platform
                 where hours = 24 and starts_at >= $1 and starts_at < $2",
            ),
        }
    }
}

/// Whether single requests are read for it, which go after some months.
#[must_use]
pub fn movers_need_requests(
    grouping: Grouping,
    filter: &UsageFilter,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> bool {
    matches!(Source::of(grouping, filter, until - from), Source::Requests)
}

/// The ten whose requests changed most, of those that the filter takes; its own time doesn't matter. Spans of some days are compared by whole days (in UTC) that are over, so that a day
/// that has only begun doesn't look like a fall.
///
/// # Errors
/// When the database can't be asked.
pub async fn movers(
    client: &impl GenericClient,
    grouping: Grouping,
    filter: &UsageFilter,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Movers, CatalogError> {
    let source = Source::of(grouping, filter, until - from);
    let whole = |moment: DateTime<Utc>| {
        let seconds = source.seconds();
        DateTime::from_timestamp(moment.timestamp().div_euclid(seconds) * seconds, 0).unwrap_or(moment)
    };
    let (from, until) = (whole(from), whole(until));
    // Nothing is older than this, and the database knows no time that is much older.
    let oldest = DateTime::UNIX_EPOCH.min(from);
    let before = from.checked_sub_signed(until - from).map_or(oldest, |before| before.max(oldest));
    let (requests, failed, rows) = source.sql();
    let narrowing = filter.narrowing();
    let mut conditions = Filter::new("true");
    // The first four, as the sources name them.
    for parameter in [&before, &until, &from] {
        conditions.parameter(parameter);
    }
    let most = conditions.parameter(&MOST);
    narrowing.narrow(&mut conditions);
    let sql = format!(
        "select key::text as key, requests, previous_requests, failed, previous_failed
         from (
             select key, coalesce(sum(requests) filter (where is_now), 0)::bigint as requests,
                    coalesce(sum(requests) filter (where not is_now), 0)::bigint as previous_requests,
                    coalesce(sum(failed) filter (where is_now), 0)::bigint as failed,
                    coalesce(sum(failed) filter (where not is_now), 0)::bigint as previous_failed
             from (select {key} as key, {requests} as requests, {failed} as failed, {rows} and {conditions}) used
             group by key
         ) moved
         where requests <> previous_requests
         order by abs(requests - previous_requests) desc, key limit {most}",
        key = grouping.sql(),
        conditions = conditions.sql(),
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    let movers = row::all(&rows, |row| {
        Ok(Mover {
            key: row.try_get("key")?,
            requests: row.try_get("requests")?,
            previous_requests: row.try_get("previous_requests")?,
            failed: row.try_get("failed")?,
            previous_failed: row.try_get("previous_failed")?,
        })
    })?;
    Ok(Movers { from, until, movers })
}
