//! What customers used.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::api_usage::{self as rows, UsageFilter, UsageTotals};
use catalog::{CatalogError, GenericClient, TimeRange};
use chrono::{DateTime, NaiveDate, Utc};
use customers::{Actor, Right};
use problem::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::time_range::DEFAULT_SPAN;
use super::usage_filter::{GivenFilter, with_customer};
use crate::ApiState;
use crate::problems::problem_of_catalog;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageQuery {
    /// Only of this customer: the UUID or the customerId, also of one who is gone.
    customer: Option<String>,
    /// Only of this key.
    api_key_id: Option<String>,
    /// Only of this route, by its pattern such as `/api/v1/deals/{id}`.
    endpoint: Option<String>,
    /// Only by this method.
    method: Option<String>,
    /// Only answers with this status.
    status_code: Option<String>,
    /// Only with this outcome: `ok`, or the last part of a problem's type, such as `rate-limited`.
    outcome: Option<String>,
    /// Only of this feature module, by its key; empty for routes of none.
    module: Option<String>,
    /// From this time on; 30 days ago when not given.
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
    by_key: Vec<KeyView>,
    by_route: Vec<RouteView>,
    by_status: Vec<StatusView>,
    by_outcome: Vec<OutcomeView>,
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
#[utoipa::path(get, path = "/api/admin/usage", tag = "usage", params(UsageQuery), responses((status = 200, body = UsageView)))]
pub(crate) async fn usage(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<UsageQuery>,
) -> Result<Json<UsageView>, Problem> {
    let until = query.until.unwrap_or_else(Utc::now);
    let from = match query.from {
        Some(from) => from,
        None => until.checked_sub_signed(DEFAULT_SPAN).unwrap_or(until),
    };
    let filter = GivenFilter {
        api_key_id: query.api_key_id,
        endpoint: query.endpoint,
        method: query.method,
        status_code: query.status_code,
        outcome: query.outcome,
        module: query.module,
    };
    let filter = filter.checked()?;
    let client = state.client(&actor, Right::UsageRead).await?;
    let filter = with_customer(&client, filter, query.customer.as_deref()).await?;
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

async fn report(
    client: &impl GenericClient,
    filter: &UsageFilter,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<UsageView, CatalogError> {
    let total = rows::totals_of(client, filter).await?.into();
    let by_day = rows::by_day(client, filter).await?.into_iter();
    let by_key = rows::by_key(client, filter).await?.into_iter();
    let by_route = rows::by_route(client, filter).await?.into_iter();
    let by_status = rows::by_status(client, filter).await?.into_iter();
    let by_outcome = rows::by_outcome(client, filter).await?.into_iter();
    Ok(UsageView {
        from,
        until,
        total,
        by_day: by_day.map(|day| DayView { date: day.usage_date, totals: day.totals.into() }).collect(),
        by_key: by_key
            .map(|key| KeyView { api_key_id: key.api_key_id.uuid(), totals: key.totals.into() })
            .collect(),
        by_route: by_route
            .map(|route| RouteView {
                method: route.method,
                endpoint: route.endpoint,
                totals: route.totals.into(),
            })
            .collect(),
        by_status: by_status
            .map(|status| StatusView { status_code: status.status_code, totals: status.totals.into() })
            .collect(),
        by_outcome: by_outcome
            .map(|outcome| OutcomeView { outcome: outcome.outcome, totals: outcome.totals.into() })
            .collect(),
    })
}
