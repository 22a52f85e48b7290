//! Whose use, and of what, changed most.

use std::collections::HashMap;

use axum::extract::State;
use axum::{Extension, Json};
use catalog::api_usage::{self, Mover, requests_kept_since};
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use problem::{Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::time_range::{DEFAULT_SPAN, time_range};
use super::usage_filter::UsageFilterQuery;
use super::usage_labels::{GroupBy, labels_of};
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// Of what the changes are told.
#[derive(Deserialize, Clone, Copy, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MoverKind {
    Customer,
    ApiKey,
    /// Method and route.
    Route,
}

impl From<MoverKind> for GroupBy {
    fn from(kind: MoverKind) -> Self {
        match kind {
            MoverKind::Customer => Self::Customer,
            MoverKind::ApiKey => Self::ApiKey,
            MoverKind::Route => Self::Route,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MoversQuery {
    /// Of what; of customers when not given.
    #[param(inline, required = false, nullable = false)]
    by: Option<MoverKind>,
    /// From this time on; 30 days ago when not given.
    #[serde(rename = "created_at[gte]")]
    from: Option<DateTime<Utc>>,
    /// Before this time; now when not given.
    #[serde(rename = "created_at[lt]")]
    until: Option<DateTime<Utc>>,
}

/// What changed most against the span of the same length right before.
#[derive(Serialize, ToSchema)]
pub(crate) struct MoversView {
    /// The beginning of what was compared: what was asked for, rounded down as `until` is.
    from: DateTime<Utc>,
    /// Its end: what was asked for, rounded down to the whole days or hours (in UTC) by which long spans are compared. A
    /// day that has only begun would look like a fall.
    until: DateTime<Utc>,
    /// At most ten, the greatest change first.
    data: Vec<MoverView>,
}

#[derive(Serialize, ToSchema)]
struct MoverView {
    /// The customer's or the key's UUID, or method and route.
    key: String,
    /// Its name for people.
    label: String,
    requests: i64,
    previous_requests: i64,
    /// How many more than before; negative when fewer.
    change: i64,
    /// With a status of 400 and more.
    failed: i64,
    previous_failed: i64,
}

/// The customers, keys or routes whose requests changed most against the span of the same length right before. Spans of
/// two days and more are compared by whole days, routes over three hours and more by whole hours. With a filter, only the
/// requests that it takes are counted.
#[utoipa::path(get, path = "/api/admin/usage/movers", tag = "usage", params(UsageFilterQuery, MoversQuery),
    responses((status = 200, body = MoversView)))]
pub(crate) async fn usage_movers(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(filter): QueryParams<UsageFilterQuery>,
    QueryParams(query): QueryParams<MoversQuery>,
) -> Result<Json<MoversView>, Problem> {
    let range = time_range(query.from, query.until, DEFAULT_SPAN)?;
    let by = GroupBy::from(query.by.unwrap_or(MoverKind::Customer));
    let filter = filter.checked()?;
    let client = state.client(&actor, Right::UsageRead).await?;
    let filter = filter.found(&client).await?;
    if api_usage::movers_need_requests(by.into(), &filter, range) {
        let kept_since = requests_kept_since(&client).await.map_err(problem_of_catalog)?;
        if let Some(kept_since) = kept_since.filter(|kept_since| range.0 < *kept_since) {
            let message = format!("single requests are kept since {kept_since}: ask for two days or more");
            return Err(Problem::field("created_at[gte]", message));
        }
    }
    let found = api_usage::movers(&client, by.into(), &filter, range).await.map_err(problem_of_catalog)?;
    let keys: Vec<_> = found.movers.iter().map(|mover| mover.key.clone()).collect();
    let labels = labels_of(&client, by, &keys).await.map_err(problem_of_catalog)?;
    let data = found.movers.into_iter().map(|mover| view(mover, &labels)).collect();
    Ok(Json(MoversView { from: found.from, until: found.until, data }))
}

fn view(mover: Mover, labels: &HashMap<String, String>) -> MoverView {
    MoverView {
        label: labels.get(&mover.key).unwrap_or(&mover.key).clone(),
        key: mover.key,
        requests: mover.requests,
        previous_requests: mover.previous_requests,
        change: mover.requests - mover.previous_requests,
        failed: mover.failed,
        previous_failed: mover.previous_failed,
    }
}
