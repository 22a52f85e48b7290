//! How many customers there are.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::api_usage::Span;
use catalog::customers::{self as rows, Growth};
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use problem::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::choices::{PlanName, StatusName};
use super::time_range::{DEFAULT_SPAN, problem_of_span, time_range};
use crate::ApiState;
use crate::problems::problem_of_catalog;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatisticsQuery {
    /// From this time on; 30 days ago when not given.
    #[serde(rename = "created_at[gte]")]
    pub(super) from: Option<DateTime<Utc>>,
    /// Before this time; now when not given.
    #[serde(rename = "created_at[lt]")]
    pub(super) until: Option<DateTime<Utc>>,
}

/// How many customers there are, and how that came to be.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomerStatisticsView {
    /// The beginning of the first point: what was asked for, rounded down to a whole interval (in UTC).
    from: DateTime<Utc>,
    /// The end of the last point: what was asked for, rounded up.
    until: DateTime<Utc>,
    interval_seconds: i64,
    /// How many there were at the end.
    total: i64,
    /// How many were signed up.
    created: i64,
    /// How many were deleted.
    left: i64,
    /// The same of the span of the same length right before.
    previous: GrowthView,
    /// Of those who are there now, whatever the span is.
    by_status: Vec<StatusCountView>,
    /// Likewise.
    by_plan: Vec<PlanCountView>,
    /// One after the other, without a gap.
    series: Vec<GrowthPointView>,
}

#[derive(Serialize, ToSchema)]
struct GrowthView {
    total: i64,
    created: i64,
    left: i64,
}

#[derive(Serialize, ToSchema)]
struct StatusCountView {
    status: StatusName,
    customers: i64,
}

#[derive(Serialize, ToSchema)]
struct PlanCountView {
    plan: PlanName,
    customers: i64,
}

#[derive(Serialize, ToSchema)]
struct GrowthPointView {
    /// The beginning of the point.
    at: DateTime<Utc>,
    /// How many there were at its end.
    total: i64,
    created: i64,
    left: i64,
}

/// How many customers there are, who came and who left. The last point may be under way, so that less was counted in the span
/// than in the one before. Sign-ups that are under way don't count yet; customers who are
/// being removed still do.
#[utoipa::path(get, path = "/api/admin/statistics/customers", tag = "statistics", params(StatisticsQuery),
    responses((status = 200, body = CustomerStatisticsView)))]
pub(crate) async fn of_customers(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<StatisticsQuery>,
) -> Result<Json<CustomerStatisticsView>, Problem> {
    let (from, until) = time_range(query.from, query.until, DEFAULT_SPAN)?;
    let span = Span::around(from, until, None).map_err(problem_of_span)?;
    let client = state.client(&actor, Right::CustomersRead).await?;
    let (before, changes) = rows::growth(&client, span).await.map_err(problem_of_catalog)?;
    let (earlier, previous) = rows::growth(&client, span.before()).await.map_err(problem_of_catalog)?;
    let standing = rows::standing(&client).await.map_err(problem_of_catalog)?;
    let mut total = before;
    let series = span.points().map(|at| {
        let growth = changes.get(&at).copied().unwrap_or(Growth { total, created: 0, left: 0 });
        total = growth.total;
        GrowthPointView { at, total: growth.total, created: growth.created, left: growth.left }
    });
    let series: Vec<_> = series.collect();
    let now = summed(before, changes.values());
    Ok(Json(CustomerStatisticsView {
        from: span.from,
        until: span.until,
        interval_seconds: span.interval.seconds(),
        total: now.total,
        created: now.created,
        left: now.left,
        previous: summed(earlier, previous.values()),
        by_status: standing
            .by_status
            .into_iter()
            .map(|(status, customers)| StatusCountView { status: status.into(), customers })
            .collect(),
        by_plan: standing
            .by_plan
            .into_iter()
            .map(|(plan, customers)| PlanCountView { plan: plan.into(), customers })
            .collect(),
        series,
    }))
}

fn summed<'a>(before: i64, changes: impl Iterator<Item = &'a Growth>) -> GrowthView {
    let start = GrowthView { total: before, created: 0, left: 0 };
    changes.fold(start, |sum, growth| GrowthView {
        total: growth.total,
        created: sum.created + growth.created,
        left: sum.left + growth.left,
    })
}
