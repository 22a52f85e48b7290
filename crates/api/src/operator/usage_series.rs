//! Usage over time.

use std::collections::HashMap;

use axum::extract::State;
use axum::{Extension, Json};
use catalog::GenericClient;
use catalog::api_usage::{
    Grouping, Interval, Series, SeriesGroup, SeriesRequest, Span, requests_kept_since, series,
};
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use problem::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::time_range::{DEFAULT_SPAN, problem_of_span, time_range};
use super::usage::TotalsView;
use super::usage_filter::UsageFilterQuery;
use super::usage_labels::{GroupBy, labels_of};
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// How many groups have a name of their own unless told otherwise, and at most.
const DEFAULT_TOP: u8 = 8;
const LARGEST_TOP: u8 = 20;

/// How long a point is.
#[derive(Deserialize, Clone, Copy, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PointLength {
    Minute,
    FiveMinutes,
    FifteenMinutes,
    Hour,
    /// In UTC.
    Day,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesQuery {
    /// How long each point is; when not given, so that there are some tens to two hundred of them. At most 400 points
    /// are answered.
    #[param(inline, required = false, nullable = false)]
    interval: Option<PointLength>,
    /// By what requests are put together; all in one group when not given.
    #[param(inline, required = false, nullable = false)]
    group_by: Option<GroupBy>,
    /// How many groups have a name of their own; all further ones are together in the last.
    #[param(minimum = 1, maximum = 20, default = 8, nullable = false)]
    top: Option<u8>,
    /// From this time on; 30 days ago when not given.
    #[serde(rename = "created_at[gte]")]
    from: Option<DateTime<Utc>>,
    /// Before this time; now when not given.
    #[serde(rename = "created_at[lt]")]
    until: Option<DateTime<Utc>>,
}

/// What was used over time.
#[derive(Serialize, ToSchema)]
pub(crate) struct SeriesView {
    /// The beginning of the first point: what was asked for, rounded down to a whole interval (in UTC).
    from: DateTime<Utc>,
    /// The end of the last point: what was asked for, rounded up.
    until: DateTime<Utc>,
    interval_seconds: i64,
    total: TotalsView,
    /// What of it is in points that are over: what `previous` is to be compared with.
    compared: TotalsView,
    /// As many points right before the span.
    previous: TotalsView,
    /// The busiest first; the others last.
    groups: Vec<SeriesGroupView>,
}

/// What one group used over time.
#[derive(Serialize, ToSchema)]
struct SeriesGroupView {
    /// The customer's or the key's UUID, method and route, the status, the module's key or the outcome (both empty where
    /// there is none), or `all` when nothing is put together; null for all others.
    #[schema(required = true)]
    key: Option<String>,
    /// Its name for people.
    label: String,
    total: TotalsView,
    /// One after the other, without a gap.
    points: Vec<SeriesPointView>,
}

#[derive(Serialize, ToSchema)]
struct SeriesPointView {
    /// The beginning of the point.
    at: DateTime<Utc>,
    requests: i64,
    /// With a status of 400 and more.
    failed: i64,
    /// From 400 to 499.
    client_errors: i64,
    /// 500 and more.
    server_errors: i64,
    #[schema(required = true)]
    p50_response_time_ms: Option<i32>,
    #[schema(required = true)]
    p95_response_time_ms: Option<i32>,
    #[schema(required = true)]
    p99_response_time_ms: Option<i32>,
}

/// How many requests were made and how fast they were answered, point by point. Counts are exact. Percentiles are told to
/// 6.25 %, and exactly below 16 ms. Points shorter than an hour, and hours of single customers or keys, are counted
/// from single requests, which are kept for some months; everything else from roll-ups, which are kept for ever.
#[utoipa::path(get, path = "/api/admin/usage/series", tag = "usage", params(UsageFilterQuery, SeriesQuery),
    responses((status = 200, body = SeriesView)))]
pub(crate) async fn usage_series(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(filter): QueryParams<UsageFilterQuery>,
    QueryParams(query): QueryParams<SeriesQuery>,
) -> Result<Json<SeriesView>, Problem> {
    let (from, until) = time_range(query.from, query.until, DEFAULT_SPAN)?;
    let interval = query.interval.map(Interval::from);
    let span = Span::around(from, until, interval).map_err(problem_of_span)?;
    let top = query.top.unwrap_or(DEFAULT_TOP);
    if !(1..=LARGEST_TOP).contains(&top) {
        return Err(Problem::field("top", format!("must be from 1 to {LARGEST_TOP}")));
    }
    let filter = filter.checked()?;
    let client = state.client(&actor, Right::UsageRead).await?;
    let filter = filter.found(&client).await?;
    let grouping = query.group_by.map(Grouping::from);
    let mut request = SeriesRequest { filter: &filter, span, grouping, top, now: Utc::now() };
    if let Some(kept_since) = gone_before(&client, &request).await? {
        if interval.is_some() {
            let message = format!("single requests are kept since {kept_since}: ask for days before that");
            return Err(Problem::field("interval", message));
        }
        request.span = Span::around(from, until, Some(Interval::Day)).map_err(problem_of_span)?;
    }
    let found = series(&client, &request).await.map_err(problem_of_catalog)?;
    let labels = match query.group_by {
        Some(group_by) => labels_of(&client, group_by, &keys(&found)).await.map_err(problem_of_catalog)?,
        None => HashMap::new(),
    };
    Ok(Json(view(found, request.span, grouping.is_some(), &labels)))
}

/// The moment before which requests are gone that would have to be counted.
async fn gone_before(
    client: &impl GenericClient,
    request: &SeriesRequest<'_>,
) -> Result<Option<DateTime<Utc>>, Problem> {
    if !request.needs_requests() {
        return Ok(None);
    }
    let kept_since = requests_kept_since(client).await.map_err(problem_of_catalog)?;
    Ok(kept_since.filter(|kept_since| request.span.from < *kept_since))
}

fn keys(series: &Series) -> Vec<String> {
    series.groups.iter().filter_map(|group| group.key.clone()).collect()
}

fn view(series: Series, span: Span, is_grouped: bool, labels: &HashMap<String, String>) -> SeriesView {
    let groups = series.groups.into_iter().map(|group| {
        let (key, label) = match &group.key {
            Some(key) => (Some(key.clone()), labels.get(key).unwrap_or(key).clone()),
            None if is_grouped => (None, "Others".to_owned()),
            None => (Some("all".to_owned()), "All requests".to_owned()),
        };
        SeriesGroupView { key, label, total: group.total.totals().into(), points: points(&group, span) }
    });
    SeriesView {
        groups: groups.collect(),
        from: span.from,
        until: span.until,
        interval_seconds: span.interval.seconds(),
        total: series.total.totals().into(),
        compared: series.compared.totals().into(),
        previous: series.previous.totals().into(),
    }
}

fn points(group: &SeriesGroup, span: Span) -> Vec<SeriesPointView> {
    let point = |at: DateTime<Utc>| {
        let totals = group.points.get(&at).map(catalog::api_usage::Tally::totals).unwrap_or_default();
        SeriesPointView {
            at,
            requests: totals.total_requests,
            failed: totals.failed_requests,
            client_errors: totals.failed_requests - totals.server_errors,
            server_errors: totals.server_errors,
            p50_response_time_ms: totals.p50_response_time_ms,
            p95_response_time_ms: totals.p95_response_time_ms,
            p99_response_time_ms: totals.p99_response_time_ms,
        }
    };
    span.points().map(point).collect()
}

impl From<PointLength> for Interval {
    fn from(length: PointLength) -> Self {
        match length {
            PointLength::Minute => Self::Minute,
            PointLength::FiveMinutes => Self::FiveMinutes,
            PointLength::FifteenMinutes => Self::FifteenMinutes,
            PointLength::Hour => Self::Hour,
            PointLength::Day => Self::Day,
        }
    }
}
