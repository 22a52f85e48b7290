//! The three tables that tell what was used, each good for other questions.

use chrono::{DateTime, Utc};
use tokio_postgres::Row;

use super::filter::{Narrowing, UsageFilter};
use super::span::{Interval, Span};
use super::tally::Tally;
use crate::filter::Filter;
use crate::{CatalogError, GenericClient, query, row};

/// By what requests are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Whose they are.
    Customer,
    /// With which key they were made.
    ApiKey,
    /// Method and route.
    Route,
    /// The answer's status.
    Status,
    /// The feature module.
    Module,
    /// What came of them.
    Outcome,
}

impl Grouping {
    /// The group of a row. The columns are called the same in all tables; null and empty are the same.
    pub(super) fn sql(self) -> &'static str {
        match self {
            Self::Customer => "customer_id",
            Self::ApiKey => "api_key_id",
            Self::Route => "method || ' ' || endpoint",
            Self::Status => "status_code",
            Self::Module => "coalesce(module, '')",
            Self::Outcome => "coalesce(outcome, '')",
        }
    }

    fn sql_type(self) -> &'static str {
        match self {
            Self::Customer | Self::ApiKey => "uuid",
            Self::Status => "integer",
            Self::Route | Self::Module | Self::Outcome => "text",
        }
    }

    /// Whether only requests and the roll-ups of customers know it.
    pub(super) fn is_of_customers(self) -> bool {
        matches!(self, Self::Customer | Self::ApiKey)
    }
}

/// Where the numbers come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The requests one by one.
    Requests,
    /// The roll-ups by customer, key and day.
    Daily,
    /// The roll-ups by key and day, which know nothing else.
    Keys,
    /// The roll-ups of everybody, by the hour or the day.
    Platform(i16),
}

impl Source {
    /// The best one for questions about single customers.
    pub(super) fn of_customers(interval: Interval) -> Self {
        if interval == Interval::Day { Self::Daily } else { Self::Requests }
    }

    /// The best one to find the busiest customers and keys.
    pub(super) fn of_busiest(filter: &UsageFilter) -> Self {
        if filter.asks_for_more() { Self::Daily } else { Self::Keys }
    }

    /// The best one for questions about everybody.
    pub(super) fn of_everybody(interval: Interval) -> Self {
        match interval {
            Interval::Day => Self::Platform(24),
            Interval::Hour => Self::Platform(1),
            _ => Self::Requests,
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Requests => "admin_api_usage",
            Self::Daily => "admin_api_usage_daily",
            Self::Keys => "admin_api_usage_by_key",
            Self::Platform(_) => "admin_api_usage_platform",
        }
    }

    /// The moment to which a row belongs, as the table has it.
    fn point(self) -> &'static str {
        match self {
            Self::Requests => "date_bin(make_interval(secs => {seconds}), created_at, {from})",
            Self::Daily | Self::Keys => "usage_date::timestamp at time zone 'UTC'",
            Self::Platform(_) => "starts_at",
        }
    }

    fn requests(self) -> &'static str {
        match self {
            Self::Requests => "count(*)",
            Self::Daily | Self::Keys | Self::Platform(_) => "sum(requests)::bigint",
        }
    }
}

/// The values of a question, as the statements take them.
pub(super) struct Question<'a> {
    source: Source,
    narrowing: Narrowing<'a>,
    span: Span,
    seconds: f64,
    hours: Option<i16>,
    first_day: Option<chrono::NaiveDate>,
    end_day: Option<chrono::NaiveDate>,
}

impl<'a> Question<'a> {
    /// About the whole days, hours or parts in which the span lies.
    pub(super) fn new(source: Source, filter: &'a UsageFilter, span: Span) -> Self {
        let is_daily = matches!(source, Source::Daily | Source::Keys);
        let last_day = span.until - chrono::TimeDelta::microseconds(1);
        #[expect(clippy::cast_precision_loss, reason = "at most a day's seconds")]
        let seconds = span.interval.seconds() as f64;
        Self {
            source,
            narrowing: filter.narrowing(),
            span,
            seconds,
            hours: if let Source::Platform(hours) = source { Some(hours) } else { None },
            first_day: is_daily.then(|| span.from.date_naive()),
            end_day: is_daily.then(|| last_day.date_naive()),
        }
    }

    /// The same as one part, however long: for sums.
    pub(super) fn in_one_part(mut self) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "seconds of some years")]
        let seconds = (self.span.until - self.span.from).num_seconds() as f64;
        self.seconds = seconds;
        self
    }

    fn conditions(&self) -> Filter<'_> {
        let mut conditions = Filter::new("true");
        match self.source {
            Source::Requests => {
                conditions.and("created_at >= ?", &self.span.from);
                conditions.and("created_at < ?", &self.span.until);
            }
            Source::Daily | Source::Keys => {
                conditions.and_if("usage_date >= ?", &self.first_day);
                conditions.and_if("usage_date <= ?", &self.end_day);
            }
            Source::Platform(_) => {
                conditions.and_if("hours = ?", &self.hours);
                conditions.and("starts_at >= ?", &self.span.from);
                conditions.and("starts_at < ?", &self.span.until);
            }
        }
        self.narrowing.narrow(&mut conditions);
        conditions
    }

    /// The busiest groups, the busiest first.
    pub(super) async fn busiest(
        &self,
        client: &impl GenericClient,
        grouping: Grouping,
        top: u8,
    ) -> Result<Busiest, CatalogError> {
        let mut conditions = self.conditions();
        let one_more = i64::from(top) + 1;
        let limit = conditions.parameter(&one_more);
        let sql = format!(
            "select key::text as key from (
                 select {key} as key, {requests} as requests from {table} where {conditions} group by 1
             ) groups
             order by requests desc, groups.key limit {limit}",
            key = grouping.sql(),
            requests = self.source.requests(),
            table = self.source.table(),
            conditions = conditions.sql(),
        );
        let rows = query::rows(client, &sql, conditions.parameters()).await?;
        let mut keys = row::all(&rows, |row| Ok(row.try_get("key")?))?;
        let has_others = keys.len() > usize::from(top);
        keys.truncate(usize::from(top));
        Ok(Busiest { keys, has_others })
    }

    /// What there was of each of these groups at each point. Everything else is a group without a name, or left out.
    pub(super) async fn points(
        &self,
        client: &impl GenericClient,
        groups: Option<(Grouping, &[String])>,
        others: Others,
    ) -> Result<Vec<Point>, CatalogError> {
        let keys = groups.map(|(_, keys)| keys);
        let mut conditions = self.conditions();
        let key = match (groups, &keys) {
            (Some((grouping, _)), Some(keys)) => {
                let (column, kind) = (grouping.sql(), grouping.sql_type());
                let named = format!("{column} = any(?::text[]::{kind}[])");
                match others {
                    Others::AreLeftOut => {
                        conditions.and(&named, keys);
                        column.to_owned()
                    }
                    Others::AreTogether => {
                        let keys = conditions.parameter(keys);
                        format!("case when {} then {column} end", named.replace('?', &keys))
                    }
                }
            }
            _ => "null::text".to_owned(),
        };
        let mut point = self.source.point().to_owned();
        if self.source == Source::Requests {
            point = point.replace("{seconds}", &format!("{}::float8", conditions.parameter(&self.seconds)));
            point = point.replace("{from}", &conditions.parameter(&self.span.from));
        }
        let sql = match self.source {
            Source::Requests => of_requests(&key, &point, conditions.sql()),
            Source::Daily | Source::Keys | Source::Platform(_) => {
                of_roll_ups(self.source.table(), &key, &point, conditions.sql())
            }
        };
        let rows = query::rows(client, &sql, conditions.parameters()).await?;
        rows.iter().map(Point::read).collect()
    }
}

/// Which groups had most requests.
#[derive(Debug, Default)]
pub(super) struct Busiest {
    pub(super) keys: Vec<String>,
    pub(super) has_others: bool,
}

/// What becomes of requests that are in none of the groups asked for.
#[derive(Clone, Copy)]
pub(super) enum Others {
    AreTogether,
    AreLeftOut,
}

/// A part of what a group used at a point: there may be several of each.
pub(super) struct Point {
    pub(super) key: Option<String>,
    pub(super) at: DateTime<Utc>,
    pub(super) tally: Tally,
}

impl Point {
    fn read(row: &Row) -> Result<Self, CatalogError> {
        Ok(Self { key: row.try_get("key")?, at: row.try_get("point")?, tally: Tally::read(row)? })
    }
}

fn of_requests(key: &str, point: &str, conditions: &str) -> String {
    format!(
        "select key::text as key, point, bucket, time_count as answers, requests, successful, server_errors,
                time_sum, time_count, time_max, request_size, response_size
         from (
             select {key} as key, {point} as point, admin_response_time_bucket(response_time_ms) as bucket,
                    count(*) as requests, count(*) filter (where status_code < 400) as successful,
                    count(*) filter (where status_code >= 500) as server_errors,
                    coalesce(sum(response_time_ms), 0)::bigint as time_sum, count(response_time_ms) as time_count,
                    max(response_time_ms) as time_max, coalesce(sum(request_size_bytes), 0)::bigint as request_size,
                    coalesce(sum(response_size_bytes), 0)::bigint as response_size
             from admin_api_usage where {conditions} group by 1, 2, 3
         ) counted"
    )
}

fn of_roll_ups(table: &str, key: &str, point: &str, conditions: &str) -> String {
    format!(
        "with chosen as materialized (
             select {key} as key, {point} as point, status_code, requests, response_time_ms_sum,
                    response_time_ms_count, response_time_ms_max, request_size_bytes, response_size_bytes,
                    response_times
             from {table} where {conditions}
         )
         select key::text as key, point, null::integer as bucket, 0::bigint as answers,
                sum(requests)::bigint as requests,
                coalesce(sum(requests) filter (where status_code < 400), 0)::bigint as successful,
                coalesce(sum(requests) filter (where status_code >= 500), 0)::bigint as server_errors,
                sum(response_time_ms_sum)::bigint as time_sum, sum(response_time_ms_count)::bigint as time_count,
                max(response_time_ms_max) as time_max, sum(request_size_bytes)::bigint as request_size,
                sum(response_size_bytes)::bigint as response_size
         from chosen group by key, point
         union all
         select key::text, point, (place - 1)::integer, sum(answers)::bigint, 0, 0, 0, 0, 0, null, 0, 0
         from chosen cross join unnest(response_times) with ordinality as times (answers, place)
         where answers > 0 group by key, point, place"
    )
}
