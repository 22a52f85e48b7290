//! What Clerk told us: its messages, done once more if need be, and comparisons with it.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::clerk::messages::{self as rows, Message};
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use domain::clerk::MessageStatus;
use problem::{PathParam, Problem, QueryParams};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::clerk_reconciliations::ReconciliationView;
use super::page::{Listing, by_id, limit, parsed};
use crate::ApiState;
use crate::problems::{problem_of, problem_of_catalog};

/// How it stands with Clerk.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClerkStatus {
    /// Organizations that aren't deleted.
    organizations: i64,
    /// Of these, those that no customer has.
    organizations_without_customer: i64,
    users: i64,
    memberships: i64,
    /// Memberships whose last change the customer's own database doesn't know.
    memberships_unsynced: i64,
    /// How many messages are `waiting`, `processed`, `ignored` and `failed`.
    messages: MessageCounts,
    last_reconciliation: Option<ReconciliationView>,
}

#[derive(Default, Serialize, ToSchema)]
pub(crate) struct MessageCounts {
    waiting: i64,
    processed: i64,
    ignored: i64,
    failed: i64,
}

/// A message of Clerk.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageView {
    id: String,
    /// What happened: `organization.created`.
    #[serde(rename = "type")]
    event_type: String,
    /// When, by Clerk's clock.
    occurred_at: DateTime<Utc>,
    /// `waiting`, `processed`, `ignored` or `failed`.
    status: String,
    /// What it waits for, or why nothing was done.
    detail: Option<String>,
    attempts: i32,
    processed_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// All that it said; only for one message.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
}

impl From<Message> for MessageView {
    fn from(row: Message) -> Self {
        Self {
            id: row.id,
            event_type: row.event_type,
            occurred_at: row.occurred_at,
            status: row.status.to_string(),
            detail: row.detail,
            attempts: row.attempts,
            processed_at: row.processed_at,
            created_at: row.created_at,
            payload: None,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessageQuery {
    /// `waiting`, `processed`, `ignored` or `failed`.
    status: Option<String>,
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Shows how it stands with Clerk.
#[utoipa::path(get, path = "/api/admin/clerk", tag = "clerk", responses((status = 200, body = ClerkStatus)))]
pub(crate) async fn status(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<ClerkStatus>, Problem> {
    let found = ::clerk::status(&state.control_plane, &actor).await.map_err(problem_of)?;
    let mut messages = MessageCounts::default();
    for (status, count) in found.messages {
        match status {
            MessageStatus::Waiting => messages.waiting = count,
            MessageStatus::Processed => messages.processed = count,
            MessageStatus::Ignored => messages.ignored = count,
            MessageStatus::Failed => messages.failed = count,
        }
    }
    Ok(Json(ClerkStatus {
        organizations: found.counts.organizations,
        organizations_without_customer: found.counts.without_customer,
        users: found.counts.users,
        memberships: found.counts.memberships,
        memberships_unsynced: found.counts.unsynced,
        messages,
        last_reconciliation: found.last_reconciliation.map(Into::into),
    }))
}

/// Lists messages, the newest first.
#[utoipa::path(get, path = "/api/admin/clerk/messages", tag = "clerk", params(MessageQuery),
    responses((status = 200, body = Listing<MessageView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<MessageQuery>,
) -> Result<Json<Listing<MessageView>>, Problem> {
    let limit = limit(query.limit)?;
    let status = parsed::<MessageStatus>("status", query.status.as_deref())?;
    let client = state.client(&actor, Right::ClerkRead).await?;
    let before = query.cursor.as_deref();
    let found =
        rows::list(&client, status, before, i64::from(limit) + 1).await.map_err(problem_of_catalog)?;
    Ok(Json(by_id(found, limit, |row| row.id.clone(), MessageView::from)))
}

/// Shows a message with all that it said.
#[utoipa::path(get, path = "/api/admin/clerk/messages/{id}", tag = "clerk",
    params(("id" = String, Path, description = "The message")), responses((status = 200, body = MessageView)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<String>,
) -> Result<Json<MessageView>, Problem> {
    let client = state.client(&actor, Right::ClerkRead).await?;
    let found = rows::get(&client, &id).await.map_err(problem_of_catalog)?;
    let (message, payload) = found.ok_or_else(|| Problem::not_found("There is no message by this id."))?;
    Ok(Json(MessageView { payload: Some(payload), ..message.into() }))
}

/// Has a message done once more, whatever became of it. A message that was overtaken by a later one changes nothing.
#[utoipa::path(post, path = "/api/admin/clerk/messages/{id}/replay", tag = "clerk",
    params(("id" = String, Path, description = "The message")), responses((status = 200, body = MessageView)))]
pub(crate) async fn replay(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<String>,
) -> Result<Json<MessageView>, Problem> {
    let message = ::clerk::replay(&state.control_plane, &actor, &id).await.map_err(problem_of)?;
    Ok(Json(message.into()))
}
