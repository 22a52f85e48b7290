//! The requests behind every number of usage.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::TimeRange;
use catalog::api_usage::{RequestFilter, RequestRow, UsageFilter, requests, requests_kept_since};
use chrono::{DateTime, TimeDelta, Utc};
use customers::{Actor, Right};
use problem::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::page::{Listing, page_request};
use super::time_range::time_range;
use super::usage_filter::UsageFilterQuery;
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// The span that is shown unless told otherwise.
const DEFAULT_SPAN: TimeDelta = TimeDelta::hours(1);

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RequestQuery {
    /// Only those that took at least so long.
    #[param(minimum = 0, nullable = false)]
    min_response_time_ms: Option<i32>,
    /// From this time on; an hour ago when not given.
    #[serde(rename = "created_at[gte]")]
    from: Option<DateTime<Utc>>,
    /// Before this time; now when not given.
    #[serde(rename = "created_at[lt]")]
    until: Option<DateTime<Utc>>,
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A request of a customer's program, as it was answered.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestView {
    id: Uuid,
    /// When it was answered.
    created_at: DateTime<Utc>,
    customer: RequestCustomerView,
    api_key_id: Uuid,
    /// The beginning of the key; null when its row is gone, or when it was no key but a person's session.
    #[schema(required = true)]
    api_key_prefix: Option<String>,
    /// As the answer's `X-Request-Id` told it; null where it wasn't written down.
    #[schema(required = true)]
    request_id: Option<Uuid>,
    method: String,
    /// The route, by its pattern.
    endpoint: String,
    status_code: i32,
    /// `ok`, or the last part of the problem's type; null where it wasn't written down.
    #[schema(required = true)]
    outcome: Option<String>,
    /// The feature module's key; null for routes of none.
    #[schema(required = true)]
    module: Option<String>,
    #[schema(required = true)]
    response_time_ms: Option<i32>,
    #[schema(required = true)]
    request_size_bytes: Option<i64>,
    #[schema(required = true)]
    response_size_bytes: Option<i64>,
}

/// Whose request it was. Usage stays when its customer goes.
#[derive(Serialize, ToSchema)]
struct RequestCustomerView {
    id: Uuid,
    /// The customer's short name.
    #[schema(required = true)]
    customer_id: Option<String>,
    #[schema(required = true)]
    company_name: Option<String>,
}

impl From<RequestRow> for RequestView {
    fn from(row: RequestRow) -> Self {
        Self {
            id: row.id,
            created_at: row.created_at,
            customer: RequestCustomerView {
                id: row.customer_id.uuid(),
                customer_id: row.customer_slug,
                company_name: row.company_name,
            },
            api_key_id: row.api_key_id.uuid(),
            api_key_prefix: row.api_key_prefix,
            request_id: row.request_id,
            method: row.method,
            endpoint: row.endpoint,
            status_code: row.status_code,
            outcome: row.outcome,
            module: row.module,
            response_time_ms: row.response_time_ms,
            request_size_bytes: row.request_size_bytes,
            response_size_bytes: row.response_size_bytes,
        }
    }
}

/// A page of single requests.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestsView {
    /// The rows.
    data: Vec<RequestView>,
    /// Give it as `?cursor=` for the next page; null at the end.
    #[schema(required)]
    next_cursor: Option<String>,
    /// Since when every request is there: older ones were removed by retention, and are in the sums alone. Null while none
    /// was.
    #[schema(required)]
    kept_since: Option<DateTime<Utc>>,
}

/// Single requests, the newest first. They are kept for some months. A page holds what is found within some seconds: where
/// what is looked for is rare it may be short, even empty, and still have a `next_cursor` to go on.
#[utoipa::path(get, path = "/api/admin/usage/requests", tag = "usage", params(UsageFilterQuery, RequestQuery),
    responses((status = 200, body = RequestsView)))]
pub(crate) async fn usage_requests(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(filter): QueryParams<UsageFilterQuery>,
    QueryParams(query): QueryParams<RequestQuery>,
) -> Result<Json<RequestsView>, Problem> {
    let (from, until) = time_range(query.from, query.until, DEFAULT_SPAN)?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    if query.min_response_time_ms.is_some_and(i32::is_negative) {
        return Err(Problem::field("min_response_time_ms", "must not be negative"));
    }
    let filter = filter.checked()?;
    let client = state.client(&actor, Right::UsageRead).await?;
    let filter = filter.found(&client).await?;
    let time = TimeRange { from: Some(from), until: Some(until) };
    let filter = RequestFilter {
        usage: UsageFilter { time, ..filter },
        min_response_time_ms: query.min_response_time_ms,
    };
    let found = requests(&client, &filter, &page).await.map_err(problem_of_catalog)?;
    let kept_since = requests_kept_since(&client).await.map_err(problem_of_catalog)?;
    let Listing { data, next_cursor } = Listing::of(found, RequestView::from);
    Ok(Json(RequestsView { data, next_cursor, kept_since }))
}
