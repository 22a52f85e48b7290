//! Operations: listed, read, watched live, retried, taken back.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use catalog::operations::{self as rows, Operation, OperationFilter, OperationStep};
use chrono::{DateTime, Utc};
use customers::{Actor, Right, operations};
use domain::{OperationId, OperationStatus};
use futures_util::stream::{self, Stream, StreamExt as _};
use http::{HeaderValue, StatusCode, header};
use problem::{PathParam, Problem, QueryParams};
use provisioning::Changes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::customer_name::CustomerName;
use super::page::{Listing, by_id, limit, parsed, several};
use super::streams::OpenStream;
use crate::ApiState;
use crate::problems::{problem_of, problem_of_catalog};

/// Long work on a customer.
#[derive(Serialize, ToSchema, PartialEq)]
pub(crate) struct OperationView {
    id: Uuid,
    /// `customer_create`, `customer_delete` or `customer_restore`.
    kind: String,
    /// The customer's short name.
    customer_id: String,
    customer_uuid: Uuid,
    /// `queued`, `running`, `succeeded`, `failed`, `dead` or `canceled`.
    status: String,
    attempts: i32,
    /// The last thing that went wrong.
    error: Option<String>,
    requested_by: Option<String>,
    /// Whether a sign-up or a restore is being undone: what it made is removed, because it could not be done or was to be taken
    /// back. Also of one whose undoing is `dead`; of none that is over.
    is_being_undone: bool,
    cancel_requested_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    /// The steps, in the order in which they were planned.
    steps: Vec<StepView>,
}

#[derive(Serialize, ToSchema, PartialEq)]
struct StepView {
    name: String,
    /// `pending`, `running`, `succeeded` or `failed`.
    status: String,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    detail: Option<String>,
}

impl OperationView {
    pub(crate) fn new(operation: Operation, steps: Vec<OperationStep>) -> Self {
        Self {
            id: operation.id.uuid(),
            kind: operation.kind.to_string(),
            is_being_undone: operation.is_being_undone(),
            customer_id: operation.customer_slug,
            customer_uuid: operation.customer_id.uuid(),
            status: operation.status.to_string(),
            attempts: operation.attempts,
            error: operation.error,
            requested_by: operation.requested_by,
            cancel_requested_at: operation.cancel_requested_at,
            created_at: operation.created_at,
            started_at: operation.started_at,
            finished_at: operation.finished_at,
            steps: steps
                .into_iter()
                .map(|step| StepView {
                    name: step.name,
                    status: step.status.to_string(),
                    started_at: step.started_at,
                    finished_at: step.finished_at,
                    detail: step.detail,
                })
                .collect(),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OperationQuery {
    /// Only in this state: `queued`, `running`, `succeeded`, `failed`, `dead` or `canceled`; several with commas between
    /// them.
    status: Option<String>,
    /// Only of this customer: the UUID or the customerId, also of one who is gone or never was there.
    customer: Option<String>,
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Where an operation is read.
pub(crate) fn location(id: OperationId) -> HeaderValue {
    HeaderValue::try_from(format!("/api/admin/operations/{id}"))
        .unwrap_or_else(|_| HeaderValue::from_static("/"))
}

/// The answer to work that has begun.
pub(crate) fn accepted(operation: Operation) -> Response {
    let location = location(operation.id);
    let view = OperationView::new(operation, Vec::new());
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)).into_response()
}

/// Lists operations, the newest first, without their steps.
#[utoipa::path(get, path = "/api/admin/operations", tag = "operations", params(OperationQuery),
    responses((status = 200, body = Listing<OperationView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<OperationQuery>,
) -> Result<Json<Listing<OperationView>>, Problem> {
    let limit = limit(query.limit)?;
    let statuses = several::<OperationStatus>("status", query.status.as_deref())?;
    let before = parsed::<OperationId>("cursor", query.cursor.as_deref())?;
    let client = state.client(&actor, Right::CustomersRead).await?;
    let mut filter = OperationFilter { statuses, before, ..OperationFilter::default() };
    match query.customer.as_deref().map(CustomerName::from) {
        Some(CustomerName::Id(id)) => filter.customer_id = Some(id),
        // Several sign-ups may have been tried with one name.
        Some(CustomerName::Slug(slug)) => filter.customer_slug = Some(slug),
        None => {}
    }
    let found = rows::list(&client, &filter, i64::from(limit) + 1).await.map_err(problem_of_catalog)?;
    Ok(Json(by_id(found, limit, |row| row.id.to_string(), |row| OperationView::new(row, Vec::new()))))
}

async fn view(state: &ApiState, actor: &Actor, id: OperationId) -> Result<OperationView, Problem> {
    let operation = operations::get(&state.control_plane, actor, id).await.map_err(problem_of)?;
    let client = state.client(actor, Right::CustomersRead).await?;
    let steps = rows::steps(&client, id).await.map_err(problem_of_catalog)?;
    Ok(OperationView::new(operation, steps))
}

/// One operation with its steps.
#[utoipa::path(get, path = "/api/admin/operations/{id}", tag = "operations",
    params(("id" = Uuid, Path, description = "The operation")), responses((status = 200, body = OperationView)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<OperationId>,
) -> Result<Json<OperationView>, Problem> {
    view(&state, &actor, id).await.map(Json)
}

/// The operation, live: an event `operation` with the whole of it at once and at every change, until it has ended.
#[utoipa::path(get, path = "/api/admin/operations/{id}/events", tag = "operations",
    params(("id" = Uuid, Path, description = "The operation")),
    responses((status = 200, description = "Server-sent events; the data is an operation", content_type = "text/event-stream", body = OperationView),
        (status = 429, description = "Too many streams are open", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn events(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<OperationId>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let open = state.streams.open(actor.credential())?;
    // Subscribed before it is read, so that no change falls in between.
    let changes = state.watcher.subscribe(id);
    let first = view(&state, &actor, id).await?;
    let watch = Watch { _open: open, state, actor, id, changes, next: Some(first), last: None };
    let stop = watch.state.stop.clone();
    let events = stream::unfold(watch, Watch::next_event).take_until(stop.cancelled_owned());
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

struct Watch {
    /// Given back when they hang up.
    _open: OpenStream,
    state: ApiState,
    actor: Actor,
    id: OperationId,
    changes: Changes,
    next: Option<OperationView>,
    last: Option<OperationView>,
}

impl Watch {
    async fn next_event(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.last.as_ref().is_some_and(|last| last.finished_at.is_some()) {
            return None;
        }
        let changed = loop {
            if let Some(view) = self.next.take()
                && self.last.as_ref() != Some(&view)
            {
                break view;
            }
            self.changes.next().await;
            // The admin database being away is waited out: the stream goes on when it is back.
            self.next = view(&self.state, &self.actor, self.id).await.ok();
        };
        let data = serde_json::to_string(&changed).unwrap_or_default();
        self.last = Some(changed);
        Some((Ok(Event::default().event("operation").data(data)), self))
    }
}

/// Queues a dead operation again.
#[utoipa::path(post, path = "/api/admin/operations/{id}/retry", tag = "operations",
    params(("id" = Uuid, Path, description = "The operation")),
    responses((status = 202, body = OperationView),
        (status = 409, description = "The operation isn't dead", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn retry(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<OperationId>,
) -> Result<Response, Problem> {
    operations::retry(&state.control_plane, &actor, id).await.map(accepted).map_err(problem_of)
}

/// Asks for a sign-up that is under way to be taken back.
#[utoipa::path(post, path = "/api/admin/operations/{id}/cancel", tag = "operations",
    params(("id" = Uuid, Path, description = "The operation")),
    responses((status = 202, body = OperationView),
        (status = 409, description = "The operation can't be taken back", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn cancel(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<OperationId>,
) -> Result<Response, Problem> {
    operations::cancel(&state.control_plane, &actor, id).await.map(accepted).map_err(problem_of)
}
