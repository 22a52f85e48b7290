//! Background jobs: what waits, what runs, what died and why.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::jobs::{self as rows, JobFilter, JobRow};
use chrono::{DateTime, Utc};
use customers::{Actor, Right, jobs};
use domain::JobId;
use domain::job::JobStatus;
use problem::{PathParam, Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::page::{Listing, by_id, limit, parsed, several};
use crate::ApiState;
use crate::problems::{problem_of, problem_of_catalog};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobQuery {
    /// `queued`, `running`, `succeeded` or `dead`; several with commas between them.
    status: Option<String>,
    /// Only of this kind.
    kind: Option<String>,
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A background job.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobView {
    id: Uuid,
    kind: String,
    payload: serde_json::Value,
    /// `queued`, `running`, `succeeded` or `dead`.
    status: String,
    attempts: i32,
    max_attempts: i32,
    /// How often the job took its worker down.
    crashes: i32,
    max_crashes: i32,
    run_at: DateTime<Utc>,
    last_error: Option<String>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<JobRow> for JobView {
    fn from(row: JobRow) -> Self {
        Self {
            id: row.id.uuid(),
            kind: row.kind,
            payload: row.payload,
            status: row.status.to_string(),
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            crashes: row.crashes,
            max_crashes: row.max_crashes,
            run_at: row.run_at,
            last_error: row.last_error,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// Lists jobs, the newest first.
#[utoipa::path(get, path = "/api/admin/jobs", tag = "jobs", params(JobQuery), responses((status = 200, body = Listing<JobView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<JobQuery>,
) -> Result<Json<Listing<JobView>>, Problem> {
    let limit = limit(query.limit)?;
    let filter = JobFilter {
        statuses: several::<JobStatus>("status", query.status.as_deref())?,
        kind: query.kind,
        before: parsed::<JobId>("cursor", query.cursor.as_deref())?,
    };
    let client = state.client(&actor, Right::JobsRead).await?;
    let found = rows::list(&client, &filter, i64::from(limit) + 1).await.map_err(problem_of_catalog)?;
    Ok(Json(by_id(found, limit, |row| row.id.to_string(), JobView::from)))
}

/// One job.
#[utoipa::path(get, path = "/api/admin/jobs/{id}", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job")), responses((status = 200, body = JobView)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<JobId>,
) -> Result<Json<JobView>, Problem> {
    let client = state.client(&actor, Right::JobsRead).await?;
    let found = rows::get(&client, id).await.map_err(problem_of_catalog)?;
    let nothing = || Problem::not_found("There is no such job, or it was done long ago.");
    found.map(|job| Json(job.into())).ok_or_else(nothing)
}

/// Queues a dead job again.
#[utoipa::path(post, path = "/api/admin/jobs/{id}/retry", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job")), responses((status = 200, body = JobView),
        (status = 409, description = "The job isn't dead", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn retry(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<JobId>,
) -> Result<Json<JobView>, Problem> {
    jobs::retry(&state.control_plane, &actor, id).await.map(|job| Json(job.into())).map_err(problem_of)
}

/// Takes a job off that waits or is dead: it doesn't run, and isn't counted as dead any more. Doing it again
/// changes nothing.
#[utoipa::path(post, path = "/api/admin/jobs/{id}/cancel", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job")), responses((status = 200, body = JobView),
        (status = 409, description = "The job runs or has ended, or what is under way needs it", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn cancel(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<JobId>,
) -> Result<Json<JobView>, Problem> {
    jobs::cancel(&state.control_plane, &actor, id).await.map(|job| Json(job.into())).map_err(problem_of)
}
