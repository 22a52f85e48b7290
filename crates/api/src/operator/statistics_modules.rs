//! How many customers have which module.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::modules;
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use problem::{Problem, QueryParams};
use serde::Serialize;
use utoipa::ToSchema;

use super::statistics::StatisticsQuery;
use super::time_range::{DEFAULT_SPAN, time_range};
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// Every module, in the order of the price list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModuleStatisticsView {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    data: Vec<ModuleCountView>,
}

#[derive(Serialize, ToSchema)]
struct ModuleCountView {
    module_key: String,
    module_name: String,
    /// How many customers have it on at the end of the span: now, unless the span ended earlier.
    customers: i64,
    /// How many had it on at the beginning of the span. Of what was earlier is told what is known: the last switch of each
    /// customer's module is, earlier plans aren't.
    previous_customers: i64,
    /// For how many customers it is decided otherwise than by the plan, now.
    overrides: i64,
}

/// How many customers have which module at the end of the span, and had at its beginning.
#[utoipa::path(get, path = "/api/admin/statistics/modules", tag = "statistics", params(StatisticsQuery),
    responses((status = 200, body = ModuleStatisticsView)))]
pub(crate) async fn of_modules(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<StatisticsQuery>,
) -> Result<Json<ModuleStatisticsView>, Problem> {
    let (from, until) = time_range(query.from, query.until, DEFAULT_SPAN)?;
    let ended = query.until.filter(|until| *until < Utc::now());
    let client = state.client(&actor, Right::CustomersRead).await?;
    let adoption = modules::adoption(&client, from, ended).await.map_err(problem_of_catalog)?;
    let data = adoption
        .into_iter()
        .map(|module| ModuleCountView {
            module_key: module.module_key,
            module_name: module.module_name,
            customers: module.customers,
            previous_customers: module.previous_customers,
            overrides: module.overrides,
        })
        .collect();
    Ok(Json(ModuleStatisticsView { from, until, data }))
}
