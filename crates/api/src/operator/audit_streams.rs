//! Streams of the audit log: to whom it is told as it is written, and how far each is behind.

use audit_streams::{NewStreamRequest, StreamChanges, StreamWithLag};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use customers::Actor;
use http::StatusCode;
use problem::{JsonBody, PathParam, Problem};
use secrets::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::merge_patch::{may_be_empty, never_empty};
use super::page::Listing;
use crate::ApiState;
use crate::problems::problem_of;

/// Somebody to whom the audit log is told.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditStreamView {
    id: Uuid,
    name: String,
    /// `https://`, `s3://BUCKET/FOLDER` or `syslog+tls://HOST:PORT`.
    endpoint: String,
    is_active: bool,
    /// Whether deliveries carry an Authorization header. Which one is never shown.
    has_authorization: bool,
    /// The authority of the endpoint's certificate; null: those that the worker's machine trusts.
    ca_certificate: Option<String>,
    /// How many rows weren't delivered yet.
    lag_rows: i64,
    /// When the oldest of them was written.
    oldest_undelivered_at: Option<DateTime<Utc>>,
    delivered_rows: i64,
    last_delivered_at: Option<DateTime<Utc>>,
    /// How often in a row it failed.
    failed_attempts: i32,
    /// Why it failed last; null when it didn't.
    last_error: Option<String>,
    /// When it is tried again, if it failed.
    next_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<StreamWithLag> for AuditStreamView {
    fn from(StreamWithLag { stream, lag }: StreamWithLag) -> Self {
        Self {
            id: stream.id,
            name: stream.name,
            endpoint: stream.endpoint,
            is_active: stream.is_active,
            has_authorization: stream.authorization_sealed.is_some(),
            ca_certificate: stream.ca_certificate,
            lag_rows: lag.rows,
            oldest_undelivered_at: lag.oldest,
            delivered_rows: stream.delivered_rows,
            last_delivered_at: stream.last_delivered_at,
            failed_attempts: stream.failed_attempts,
            next_attempt_at: stream.last_error.is_some().then_some(stream.next_attempt_at),
            last_error: stream.last_error,
            created_at: stream.created_at,
        }
    }
}

/// A new stream. The signing secret is shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewAuditStreamView {
    /// What deliveries to an HTTPS endpoint are signed with, as Standard Webhooks has it: `whsec_` and base64. Shown here
    /// and never again; null for the others.
    signing_secret: Option<String>,
    #[serde(flatten)]
    shown: AuditStreamView,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAuditStreamBody {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// `https://HOST/PATH`, `s3://BUCKET/FOLDER` or `syslog+tls://HOST:PORT`.
    #[schema(max_length = 2000)]
    endpoint: String,
    /// What goes into the Authorization header of an HTTPS endpoint.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4096)]
    authorization: Option<SecretString>,
    /// The authority of the endpoint's certificate, PEM. Default: those that the worker's machine trusts.
    #[schema(max_length = 100_000)]
    ca_certificate: Option<String>,
    /// Tell everything that the log has, and not only what is written from now on.
    #[serde(default)]
    from_beginning: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditStreamPatch {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    name: Option<String>,
    /// Whether it is delivered. One that is paused goes on later where it stopped, but for what retention removed.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    is_active: Option<bool>,
    /// What goes into the Authorization header of an HTTPS endpoint.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4096)]
    #[serde(default, deserialize_with = "may_be_empty")]
    authorization: Option<Option<SecretString>>,
    /// The authority of the endpoint's certificate, PEM.
    #[schema(max_length = 100_000)]
    #[serde(default, deserialize_with = "may_be_empty")]
    ca_certificate: Option<Option<String>>,
}

/// Lists the streams by name, with how far each is behind.
#[utoipa::path(get, path = "/api/admin/audit-streams", tag = "audit",
    responses((status = 200, body = Listing<AuditStreamView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<Listing<AuditStreamView>>, Problem> {
    let streams = state.audit_streams.list(&actor).await.map_err(problem_of)?;
    Ok(Json(Listing { data: streams.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// Has the audit log told to somebody from now on. Rows are delivered at least once, each chain in order.
#[utoipa::path(post, path = "/api/admin/audit-streams", tag = "audit", request_body = NewAuditStreamBody,
    responses((status = 201, body = NewAuditStreamView),
        (status = 409, description = "The name is taken, or there are too many", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<NewAuditStreamBody>,
) -> Result<Response, Problem> {
    let request = NewStreamRequest {
        name: body.name,
        endpoint: body.endpoint,
        authorization: body.authorization,
        ca_certificate: body.ca_certificate,
        from_beginning: body.from_beginning,
    };
    let (stream, secret) = state.audit_streams.create(&actor, &request).await.map_err(problem_of)?;
    let signing_secret = secret.map(|secret| secret.expose_secret().to_owned());
    Ok((StatusCode::CREATED, Json(NewAuditStreamView { signing_secret, shown: stream.into() }))
        .into_response())
}

/// Shows a stream, with how far it is behind.
#[utoipa::path(get, path = "/api/admin/audit-streams/{id}", tag = "audit",
    params(("id" = Uuid, Path, description = "The stream")), responses((status = 200, body = AuditStreamView)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Json<AuditStreamView>, Problem> {
    state.audit_streams.get(&actor, id).await.map(|stream| Json(stream.into())).map_err(problem_of)
}

/// Changes the given fields of a stream, and has it tried at once.
#[utoipa::path(patch, path = "/api/admin/audit-streams/{id}", tag = "audit",
    params(("id" = Uuid, Path, description = "The stream")), request_body = AuditStreamPatch,
    responses((status = 200, body = AuditStreamView),
        (status = 409, description = "The name is taken", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
    JsonBody(body): JsonBody<AuditStreamPatch>,
) -> Result<Json<AuditStreamView>, Problem> {
    let changes = StreamChanges {
        name: body.name,
        is_active: body.is_active,
        authorization: body.authorization,
        ca_certificate: body.ca_certificate,
    };
    let stream = state.audit_streams.update(&actor, id, &changes).await;
    stream.map(|stream| Json(stream.into())).map_err(problem_of)
}

/// Deletes a stream. Nothing more is told; what was told stays where it is.
#[utoipa::path(delete, path = "/api/admin/audit-streams/{id}", tag = "audit",
    params(("id" = Uuid, Path, description = "The stream")),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<StatusCode, Problem> {
    state.audit_streams.delete(&actor, id).await.map(|()| StatusCode::NO_CONTENT).map_err(problem_of)
}
