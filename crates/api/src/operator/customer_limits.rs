//! How many requests a customer may make, where that isn't what the configuration says for everybody.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use catalog::customer_limits::{CustomersLimit, LimitRecord};
use chrono::{DateTime, Utc};
use customers::Actor;
use customers::limits::{self, LimitRequest};
use problem::{JsonBody, PathParam, Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::page::{Listing, PageQuery};
use crate::ApiState;
use crate::problems::problem_of;

/// A limit of one customer's own.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomerLimitView {
    /// Of this route, by method and path such as `POST /api/v1/deals`; null is over all routes.
    #[schema(required)]
    route: Option<String>,
    /// So many requests in the period; null is without limit.
    #[schema(required)]
    requests: Option<i64>,
    /// `minute`, `hour`, `day` or `month`.
    #[schema(required)]
    period: Option<&'static str>,
    /// What it does while Redis is away: `local`, `open` or `closed`; null is as the configuration says.
    #[schema(required)]
    without_redis: Option<&'static str>,
    #[schema(required)]
    reason: Option<String>,
    updated_at: DateTime<Utc>,
}

/// A limit of one customer's own, and whose it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomersLimitView {
    customer_uuid: Uuid,
    /// The customerId.
    #[schema(required)]
    customer_id: Option<String>,
    customer_name: String,
    #[serde(flatten)]
    limit: CustomerLimitView,
}

/// A limit of one customer's own, as it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerLimitBody {
    /// Of this route, by method and path such as `POST /api/v1/deals`; over all routes when not given.
    route: Option<String>,
    /// So many requests in the period; without limit when not given, whatever the configuration says.
    #[schema(minimum = 0)]
    requests: Option<i64>,
    /// `minute`, `hour`, `day` or `month`; given together with `requests`.
    period: Option<String>,
    /// What it does while Redis is away: each server counts for itself (`local`), everything passes (`open`), or what isn't
    /// granted already is refused (`closed`). As the configuration says when not given.
    without_redis: Option<String>,
    /// Why.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CustomerLimitQuery {
    /// The limit of this route, by method and path such as `POST /api/v1/deals`; the one over all routes when not given.
    route: Option<String>,
}

impl From<LimitRecord> for CustomerLimitView {
    fn from(record: LimitRecord) -> Self {
        let limit = record.limit;
        let (requests, period) = limit.rate.unzip();
        Self {
            route: limit.route,
            requests,
            period: period.map(domain::RateLimitPeriod::as_str),
            without_redis: limit.without_redis.map(domain::customer_limit::WithoutRedis::as_str),
            reason: limit.reason,
            updated_at: record.updated_at,
        }
    }
}

impl From<CustomersLimit> for CustomersLimitView {
    fn from(found: CustomersLimit) -> Self {
        Self {
            customer_uuid: found.customer_id.uuid(),
            customer_id: found.customer_slug,
            customer_name: found.company_name,
            limit: found.record.into(),
        }
    }
}

/// All customers' own limits, customer by customer: who isn't held to what the configuration says.
#[utoipa::path(get, path = "/api/admin/limits", tag = "customers", params(PageQuery),
    responses((status = 200, body = Listing<CustomersLimitView>)))]
pub(crate) async fn list_all(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<Listing<CustomersLimitView>>, Problem> {
    let page = query.request()?;
    let found = limits::list_all(&state.control_plane, &actor, &page).await.map_err(problem_of)?;
    Ok(Json(Listing::of(found, CustomersLimitView::from)))
}

/// A customer's own limits. What isn't among them is as the configuration says.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/limits", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    responses((status = 200, body = Listing<CustomerLimitView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
) -> Result<Json<Listing<CustomerLimitView>>, Problem> {
    let found = limits::list(&state.control_plane, &actor, &customer).await.map_err(problem_of)?;
    Ok(Json(Listing { data: found.into_iter().map(CustomerLimitView::from).collect(), next_cursor: None }))
}

/// Sets how many requests a customer may make, over all routes or on one, in place of what the configuration says. It acts
/// on every server within a second.
#[utoipa::path(put, path = "/api/admin/customers/{customer}/limits", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    request_body = CustomerLimitBody, responses((status = 200, body = CustomerLimitView)))]
pub(crate) async fn set(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
    JsonBody(body): JsonBody<CustomerLimitBody>,
) -> Result<Json<CustomerLimitView>, Problem> {
    if let Some(route) = &body.route {
        check_route(route).map_err(|message| Problem::field("/route", message))?;
    }
    let request = LimitRequest {
        route: body.route,
        requests: body.requests,
        period: body.period,
        without_redis: body.without_redis,
        reason: body.reason,
    };
    let limit = limits::set(&state.control_plane, &actor, &customer, request).await.map_err(problem_of)?;
    Ok(Json(limit.into()))
}

/// Takes a customer's own limit away: what the configuration says holds again.
#[utoipa::path(delete, path = "/api/admin/customers/{customer}/limits", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId"), CustomerLimitQuery),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
    QueryParams(query): QueryParams<CustomerLimitQuery>,
) -> Result<StatusCode, Problem> {
    let route = query.route.as_deref();
    limits::remove(&state.control_plane, &actor, &customer, route).await.map_err(problem_of)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A limit on a route that doesn't exist would be one that nobody notices to be missing.
fn check_route(route: &str) -> Result<(), String> {
    let is_known = crm::ROUTES
        .iter()
        .any(|known| route.split_once(' ') == Some((known.method.as_str(), known.path.as_str())));
    if is_known {
        return Ok(());
    }
    Err("must be a route of the customer API by method and path, such as POST /api/v1/deals".to_owned())
}
