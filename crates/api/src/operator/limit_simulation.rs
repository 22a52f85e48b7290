//! What another limit of an API key would have refused.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::api_usage::{TriedLimit, requests_kept_since, simulate};
use catalog::{api_keys, customers as customer_rows};
use chrono::{DateTime, TimeDelta, Utc};
use customers::{Actor, Right, UseCaseError};
use domain::{ApiKeyId, RateLimitPeriod};
use problem::{PathParam, Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::time_range::time_range;
use crate::ApiState;
use crate::problems::{problem_of, problem_of_catalog};

/// The span that is tried unless told otherwise, and the longest.
const DEFAULT_SPAN: TimeDelta = TimeDelta::days(7);
const LONGEST_SPAN: TimeDelta = TimeDelta::days(31);
/// The largest limit that a key can have.
const LARGEST_LIMIT: u32 = i32::MAX.unsigned_abs();

/// The time in which a limit counts.
#[derive(Deserialize, Clone, Copy, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LimitPeriod {
    Minute,
    Hour,
    Day,
    Month,
}

impl From<LimitPeriod> for RateLimitPeriod {
    fn from(period: LimitPeriod) -> Self {
        match period {
            LimitPeriod::Minute => Self::Minute,
            LimitPeriod::Hour => Self::Hour,
            LimitPeriod::Day => Self::Day,
            LimitPeriod::Month => Self::Month,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LimitSimulationQuery {
    /// How many requests the limit allows ...
    #[param(minimum = 1, maximum = 2147483647)]
    requests: u32,
    /// ... in which time.
    #[param(inline)]
    period: LimitPeriod,
    /// From this time on; seven days ago when not given. At most 31 days are tried.
    #[serde(rename = "created_at[gte]")]
    from: Option<DateTime<Utc>>,
    /// Before this time; now when not given.
    #[serde(rename = "created_at[lt]")]
    until: Option<DateTime<Utc>>,
}

/// What a limit would have refused of what was really sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct LimitSimulationView {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    /// Days and months begin by the clocks of this zone, the customer's.
    time_zone: String,
    /// How many were sent with the key, and with those that share its quota since it was rotated: also those that a limit
    /// refused, not those that were refused because of the key or the customer (401, 403).
    requests: i64,
    /// How many of them this limit would have refused.
    refused: i64,
    /// From 0 to 1; 0 when none was sent.
    refused_share: f64,
    /// When it would have begun to, to the second; null when it would have refused nothing.
    #[schema(required = true)]
    first_refused_at: Option<DateTime<Utc>>,
    /// The five periods with most requests, the busiest first.
    busiest: Vec<BusyPeriodView>,
}

#[derive(Serialize, ToSchema)]
struct BusyPeriodView {
    /// The beginning of the minute or hour, or of the customer's day or month.
    at: DateTime<Utc>,
    requests: i64,
}

/// What this limit would have refused of what was really sent with the key. It decides as the real one does (minutes and
/// hours slide, days and months are the calendar's in the customer's time zone) by the second in which each request was
/// answered: a sliding limit may be a second off. What the caller would have sent instead is not known.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/api-keys/{id}/limit-simulation", tag = "api keys",
    params(("customer" = String, Path, description = "The UUID or the customerId"), ("id" = uuid::Uuid, Path, description = "The key"), LimitSimulationQuery),
    responses((status = 200, body = LimitSimulationView)))]
pub(crate) async fn limit_simulation(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam((name, id)): PathParam<(String, ApiKeyId)>,
    QueryParams(query): QueryParams<LimitSimulationQuery>,
) -> Result<Json<LimitSimulationView>, Problem> {
    let (from, until) = time_range(query.from, query.until, DEFAULT_SPAN)?;
    if until - from > LONGEST_SPAN {
        return Err(Problem::field("created_at[gte]", "must be at most 31 days before the end"));
    }
    if !(1..=LARGEST_LIMIT).contains(&query.requests) {
        return Err(Problem::field("requests", format!("must be from 1 to {LARGEST_LIMIT}")));
    }
    let client = state.client(&actor, Right::UsageRead).await?;
    let customer = customer_rows::by_slug_or_id(&client, &name)
        .await
        .map_err(problem_of_catalog)?
        .ok_or_else(|| problem_of(UseCaseError::no_customer(&name)))?;
    let key = api_keys::get(&client, customer.id, id)
        .await
        .map_err(problem_of_catalog)?
        .ok_or_else(|| Problem::not_found(format!("{name} has no API key {id}.")))?;
    let kept_since = requests_kept_since(&client).await.map_err(problem_of_catalog)?;
    if let Some(kept_since) = kept_since.filter(|kept_since| from < *kept_since) {
        let message = format!("must not be before {kept_since}: single requests are kept since then");
        return Err(Problem::field("created_at[gte]", message));
    }
    let limit = TriedLimit::new(query.requests, query.period.into(), &customer.timezone);
    let quota_key = key.quota_key_id.unwrap_or(key.id);
    let found = simulate(&client, (customer.id, quota_key), limit, (from, until))
        .await
        .map_err(problem_of_catalog)?;
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let refused_share = if found.requests > 0 { found.refused as f64 / found.requests as f64 } else { 0.0 };
    Ok(Json(LimitSimulationView {
        from,
        until,
        time_zone: limit.time_zone.to_string(),
        requests: found.requests,
        refused: found.refused,
        refused_share,
        first_refused_at: found.first_refused_at,
        busiest: found.busiest.into_iter().map(|(at, requests)| BusyPeriodView { at, requests }).collect(),
    }))
}
