//! What customers used.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::api_usage::{self as rows, UsageFilter, UsageTotals};
use catalog::{CatalogError, GenericClient, TimeRange};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use customers::{Actor, Right};
use domain::ApiKeyId;
use problem::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::customer_name::customer_id;
use super::page::parsed;
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// The span that is reported unless told otherwise.
const DEFAULT_SPAN: TimeDelta = TimeDelta::days(30);

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
    /// Only answers with this status.
    status_code: Option<String>,
    /// Only with this outcome: `ok`, or the last part of a problem's type, such as `rate-limited`.
    outcome: Option<String>,
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
struct TotalsView {
    requests: i64,
    /// With a status below 400.
    successful: i64,
    failed: i64,
    avg_response_time_ms: Option<f64>,
    p50_response_time_ms: Option<i32>,
    p95_response_time_ms: Option<i32>,
    p99_response_time_ms: Option<i32>,
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
    let status_code = status_code(query.status_code.as_deref())?;
    let api_key = parsed::<ApiKeyId>("api_key_id", query.api_key_id.as_deref())?;
    let client = state.client(&actor, Right::UsageRead).await?;
    let filter = UsageFilter {
        customer: customer_id(&client, query.customer.as_deref()).await?,
        api_key,
        time: TimeRange { from: Some(from), until: Some(until) },
        endpoint: query.endpoint,
        status_code,
        outcome: query.outcome,
    };
    report(&client, &filter, (from, until)).await.map(Json).map_err(problem_of_catalog)
}

fn status_code(given: Option<&str>) -> Result<Option<u16>, Problem> {
    let wrong = || Problem::field("status_code", "must be a status of HTTP, from 100 to 599");
    let parsed = given.map(|text| text.parse::<u16>().map_err(|_| wrong())).transpose()?;
    if parsed.is_some_and(|status| !(100..600).contains(&status)) {
        return Err(wrong());
    }
    Ok(parsed)
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
