//! Comparisons with Clerk: what was compared, and what each found.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::clerk::reconciliations::{self, ReconciliationSummary};
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use http::StatusCode;
use problem::{JsonBody, PathParam, Problem, QueryParams};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::{Listing, PageQuery, limit, parsed};
use crate::ApiState;
use crate::problems::{problem_of, problem_of_catalog};

/// How many comparisons are shown.
const SHOWN: i64 = 50;

/// A comparison with Clerk.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReconciliationView {
    id: Uuid,
    started_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
    /// How many organizations were compared.
    organizations: i32,
    /// How many memberships were compared.
    memberships: i32,
    /// How many differences were found: `/differences` lists them.
    differences: i32,
    /// Why it didn't come to its end, or left something as it is.
    error: Option<String>,
}

impl From<ReconciliationSummary> for ReconciliationView {
    fn from(row: ReconciliationSummary) -> Self {
        Self {
            id: row.id,
            started_at: row.started_at,
            finished_at: row.finished_at,
            organizations: row.organizations,
            memberships: row.memberships,
            differences: row.differences,
            error: row.error,
        }
    }
}

/// Something that Clerk and this platform knew otherwise.
#[derive(Serialize, ToSchema)]
pub(crate) struct DifferenceView {
    /// `organization_missing`, `organization_changed`, `organization_gone`, `customer_missing`, `membership_missing`, `role_changed` or
    /// `membership_gone`: from this platform's side.
    kind: String,
    /// The organization's id at Clerk.
    #[schema(required = true)]
    organization: Option<String>,
    /// The user's id at Clerk.
    #[schema(required = true)]
    user: Option<String>,
}

impl From<&Value> for DifferenceView {
    fn from(found: &Value) -> Self {
        let text = |name: &str| found.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            kind: text("kind").unwrap_or_default(),
            organization: text("organization"),
            user: text("user"),
        }
    }
}

/// How a comparison is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReconciliationRequest {
    /// Say what is different, and leave it.
    #[serde(default)]
    dry_run: bool,
}

/// A comparison that was asked for.
#[derive(Serialize, ToSchema)]
pub(crate) struct RequestedReconciliation {
    /// The job that makes it; none when one was asked for already.
    job_id: Option<Uuid>,
}

/// Lists comparisons with Clerk, the newest first, fifty at most.
#[utoipa::path(get, path = "/api/admin/clerk/reconciliations", tag = "clerk",
    responses((status = 200, body = Listing<ReconciliationView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<Listing<ReconciliationView>>, Problem> {
    let client = state.client(&actor, Right::ClerkRead).await?;
    let found = reconciliations::list(&client, SHOWN).await.map_err(problem_of_catalog)?;
    Ok(Json(Listing { data: found.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// Lists what a comparison found, in the order in which it was found.
#[utoipa::path(get, path = "/api/admin/clerk/reconciliations/{id}/differences", tag = "clerk",
    params(("id" = Uuid, Path, description = "The comparison"), PageQuery),
    responses((status = 200, body = Listing<DifferenceView>)))]
pub(crate) async fn differences(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<Listing<DifferenceView>>, Problem> {
    let limit = i64::from(limit(query.limit)?);
    // What was found doesn't change any more, so that a place in it is a cursor.
    let after = i64::from(parsed::<u32>("cursor", query.cursor.as_deref())?.unwrap_or(0));
    let client = state.client(&actor, Right::ClerkRead).await?;
    let found =
        reconciliations::differences(&client, id, after, limit + 1).await.map_err(problem_of_catalog)?;
    let found =
        found.ok_or_else(|| Problem::not_found("There is no such comparison, or it was made long ago."))?;
    let has_more = found.len() as i64 > limit;
    let data = found.iter().take(limit as usize).map(DifferenceView::from).collect();
    Ok(Json(Listing { data, next_cursor: has_more.then(|| (after + limit).to_string()) }))
}

/// Asks for a comparison with Clerk now. It is made by a worker that knows the key of Clerk's Backend API.
#[utoipa::path(post, path = "/api/admin/clerk/reconciliations", tag = "clerk", request_body = ReconciliationRequest,
    responses((status = 202, body = RequestedReconciliation)))]
pub(crate) async fn reconcile(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(request): JsonBody<ReconciliationRequest>,
) -> Result<(StatusCode, Json<RequestedReconciliation>), Problem> {
    let job = ::clerk::request_reconciliation(&state.control_plane, &actor, request.dry_run)
        .await
        .map_err(problem_of)?;
    Ok((StatusCode::ACCEPTED, Json(RequestedReconciliation { job_id: job.map(|id| id.uuid()) })))
}
