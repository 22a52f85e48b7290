//! What customers used.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::api_usage::{self as rows, UsageFilter, UsageTotals};
use catalog::{CatalogError, GenericClient, TimeRange};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use customers::{Actor, Right};
use problem::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::time_range::{DEFAULT_SPAN, time_range};
use super::usage_filter::UsageFilterQuery;
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// The longest span: a year and a month of one customer's or key's requests, a quarter of everybody's.
const LONGEST_OF_ONE: TimeDelta = TimeDelta::days(400);
const LONGEST_OF_ALL: TimeDelta = TimeDelta::days(92);

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageQuery {
    /// From this time on; 30 days ago when not given. At most 92 days, or 400 of one customer or key, are told.
    #[serde(rename = "created_at[gte]")]
    from: Option<DateTime<Utc>>,
    /// Before this time; now when not given.
    #[serde(rename = "created_at[lt]")]
    until: Option<DateTime<Utc>>,
}

/// What was used in a span of time.
#[derive(Serialize, ToSchema)]
pub(crate) struct UsageView {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    total: TotalsView,
    by_day: Vec<DayView>,
    /// The busiest first, at most 200; so are the others.
    by_key: Vec<KeyView>,
    by_route: Vec<RouteView>,
    by_status: Vec<StatusView>,
    by_outcome: Vec<OutcomeView>,
    /// How many rows there are besides those that are shown.
    left_out: LeftOutView,
}

#[derive(Serialize, ToSchema)]
struct LeftOutView {
    by_key: i64,
    by_route: i64,
    by_status: i64,
    by_outcome: i64,
}

#[derive(Serialize, ToSchema)]
struct DayView {
    /// The day, in UTC.
    date: NaiveDate,
    #[serde(flatten)]
    totals: TotalsView,
}

#[derive(Serialize, ToSchema)]
struct KeyView {
    api_key_id: Uuid,
    #[serde(flatten)]
    totals: TotalsView,
}

#[derive(Serialize, ToSchema)]
struct RouteView {
    method: String,
    /// The route, by its pattern.
    endpoint: String,
    #[serde(flatten)]
    totals: TotalsView,
}

#[derive(Serialize, ToSchema)]
struct StatusView {
    status_code: i32,
    #[serde(flatten)]
    totals: TotalsView,
}

#[derive(Serialize, ToSchema)]
struct OutcomeView {
    /// `ok`, or the last part of the problem's type; null where it wasn't written down.
    outcome: Option<String>,
    #[serde(flatten)]
    totals: TotalsView,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TotalsView {
    requests: i64,
    /// With a status below 400.
    successful: i64,
    failed: i64,
    /// Those of them with a status from 400 to 499: the caller's fault.
    client_errors: i64,
    /// Those with a status of 500 and more: ours.
    server_errors: i64,
    #[schema(required = true)]
    avg_response_time_ms: Option<f64>,
    #[schema(required = true)]
    p50_response_time_ms: Option<i32>,
    #[schema(required = true)]
    p95_response_time_ms: Option<i32>,
    #[schema(required = true)]
    p99_response_time_ms: Option<i32>,
    #[schema(required = true)]
    max_response_time_ms: Option<i32>,
    request_size_bytes: i64,
    response_size_bytes: i64,
}

impl From<UsageTotals> for TotalsView {
    fn from(totals: UsageTotals) -> Self {
        Self {
            requests: totals.total_requests,
            successful: totals.successful_requests,
            failed: totals.failed_requests,
            client_errors: totals.failed_requests - totals.server_errors,
            server_errors: totals.server_errors,
            avg_response_time_ms: totals.avg_response_time_ms,
            p50_response_time_ms: totals.p50_response_time_ms,
            p95_response_time_ms: totals.p95_response_time_ms,
            p99_response_time_ms: totals.p99_response_time_ms,
            max_response_time_ms: totals.max_response_time_ms,
            request_size_bytes: totals.request_size_bytes,
            response_size_bytes: totals.response_size_bytes,
        }
    }
}

/// How many requests were made, in all and by day, key, route, status and outcome, and how fast they were answered.
#[utoipa::path(get, path = "/api/admin/usage", tag = "usage", params(UsageFilterQuery, UsageQuery), responses((status = 200, body = UsageView)))]
pub(crate) async fn usage(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(filter): QueryParams<UsageFilterQuery>,
    QueryParams(query): QueryParams<UsageQuery>,
) -> Result<Json<UsageView>, Problem> {
    let (from, until) = time_range(query.from, query.until, DEFAULT_SPAN)?;
    let filter = filter.checked()?;
    check_length(until - from, filter.is_of_one())?;
    let client = state.client(&actor, Right::UsageRead).await?;
    let filter = filter.found(&client).await?;
    let from = from_what_is_kept(&client, from, query.from.is_some()).await?;
    let filter = UsageFilter { time: TimeRange { from: Some(from), until: Some(until) }, ..filter };
    report(&client, &filter, (from, until)).await.map(Json).map_err(problem_of_catalog)
}

/// Single requests are counted, which go after some months: nobody shall take what is left for all there was.
async fn from_what_is_kept(
    client: &impl GenericClient,
    from: DateTime<Utc>,
    is_given: bool,
) -> Result<DateTime<Utc>, Problem> {
    let kept_since = rows::requests_kept_since(client).await.map_err(problem_of_catalog)?;
    match kept_since.filter(|kept_since| from < *kept_since) {
        None => Ok(from),
        Some(kept_since) if !is_given => Ok(kept_since),
        Some(kept_since) => {
            let message = format!(
                "single requests are kept since {kept_since}: ask from then on, or GET /api/admin/usage/series for the days \
                 before"
            );
            Err(Problem::field("created_at[gte]", message))
        }
    }
}

/// Single requests are read for it, and everybody's are many.
fn check_length(length: TimeDelta, is_of_one: bool) -> Result<(), Problem> {
    let longest = if is_of_one { LONGEST_OF_ONE } else { LONGEST_OF_ALL };
    if length <= longest {
        return Ok(());
    }
    let message = format!(
        "the span is longer than {} days, which is the most for {}: make it shorter, or ask GET /api/admin/usage/series",
        longest.num_days(),
        if is_of_one { "one customer or key" } else { "everybody together" },
    );
    Err(Problem::field("created_at[gte]", message))
}

async fn report(
    client: &impl GenericClient,
    filter: &UsageFilter,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<UsageView, CatalogError> {
    let total = rows::totals_of(client, filter).await?.into();
    let by_day = rows::by_day(client, filter).await?.into_iter();
    let by_key = rows::by_key(client, filter).await?;
    let by_route = rows::by_route(client, filter).await?;
    let by_status = rows::by_status(client, filter).await?;
    let by_outcome = rows::by_outcome(client, filter).await?;
    Ok(UsageView {
        from,
        until,
        total,
        left_out: LeftOutView {
            by_key: by_key.left_out,
            by_route: by_route.left_out,
            by_status: by_status.left_out,
            by_outcome: by_outcome.left_out,
        },
        by_day: by_day.map(|day| DayView { date: day.usage_date, totals: day.totals.into() }).collect(),
        by_key: by_key
            .rows
            .into_iter()
            .map(|key| KeyView { api_key_id: key.api_key_id.uuid(), totals: key.totals.into() })
            .collect(),
        by_route: by_route
            .rows
            .into_iter()
            .map(|route| RouteView {
                method: route.method,
                endpoint: route.endpoint,
                totals: route.totals.into(),
            })
            .collect(),
        by_status: by_status
            .rows
            .into_iter()
            .map(|status| StatusView { status_code: status.status_code, totals: status.totals.into() })
            .collect(),
        by_outcome: by_outcome
            .rows
            .into_iter()
            .map(|outcome| OutcomeView { outcome: outcome.outcome, totals: outcome.totals.into() })
            .collect(),
    })
}
