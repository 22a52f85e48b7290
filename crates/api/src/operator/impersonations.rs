//! Acting in a customer's place: `/api/admin/customers/{customer}/impersonations`.

use axum::extract::State;
use axum::response::Response;
use axum::{Extension, Json};
use catalog::api_keys::ApiKeyRecord;
use chrono::{DateTime, Utc};
use customers::Actor;
use domain::ApiKeyId;
use http::HeaderValue;
use identity::impersonation::{ImpersonationRequest, OwnImpersonation};
use problem::{JsonBody, PathParam, Problem, QueryParams};
use secrets::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::api_keys::shown_once;
use super::page::{Listing, PageQuery};
use crate::ApiState;
use crate::problem_document::ProblemDocument;
use crate::problems::problem_of;

/// An operator who acts, or acted, in a customer's place.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImpersonationView {
    /// The id of the key: the audit rows and the usage name it.
    id: Uuid,
    customer_uuid: Uuid,
    operator_id: Option<Uuid>,
    /// Why. The customer reads it in their own log.
    reason: Option<String>,
    /// What the key may do.
    permissions: Vec<String>,
    /// `active`, `revoked` or `expired`.
    status: String,
    /// When it ends, at most half an hour after its beginning.
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    /// When it was ended before that.
    ended_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<ApiKeyRecord> for ImpersonationView {
    fn from(row: ApiKeyRecord) -> Self {
        Self {
            id: row.id.uuid(),
            customer_uuid: row.customer_id.uuid(),
            operator_id: row.impersonated_by,
            reason: row.impersonation_reason,
            permissions: row.permissions,
            status: row.status.to_string(),
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            ended_at: row.revoked_at,
            created_at: row.created_at,
        }
    }
}

/// An impersonation of one's own, with whom it is of.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnImpersonationView {
    #[serde(flatten)]
    shown: ImpersonationView,
    /// The customer's short name.
    #[schema(required)]
    customer_id: Option<String>,
    /// The customer's name for people.
    #[schema(required)]
    customer_name: Option<String>,
}

impl From<OwnImpersonation> for OwnImpersonationView {
    fn from(own: OwnImpersonation) -> Self {
        Self { shown: own.key.into(), customer_id: own.customer_slug, customer_name: own.customer_name }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OwnImpersonationQuery {
    /// Only those that go on now (`true`), or only those that have ended (`false`).
    active: Option<bool>,
}

/// In whose place whoever asks acts, or acted, the newest first, at most 100. Needs a session: no token acts in anybody's
/// place.
#[utoipa::path(get, path = "/api/admin/impersonations", tag = "impersonation", params(OwnImpersonationQuery),
    responses((status = 200, body = Listing<OwnImpersonationView>)))]
pub(crate) async fn own(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<OwnImpersonationQuery>,
) -> Result<Json<Listing<OwnImpersonationView>>, Problem> {
    let rows = state.identity.own_impersonations(&actor, query.active).await.map_err(problem_of)?;
    Ok(Json(Listing { data: rows.into_iter().map(OwnImpersonationView::from).collect(), next_cursor: None }))
}

/// An impersonation that has begun. Shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewImpersonationView {
    /// The key with which the operator calls the customer API. It is shown here and never again.
    key: String,
    #[serde(flatten)]
    shown: ImpersonationView,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImpersonationBody {
    /// Why. The customer reads it in their own log.
    #[schema(min_length = 3, max_length = 500)]
    reason: String,
    /// For how long; 15 when not given.
    #[schema(minimum = 1, maximum = 30)]
    minutes: Option<i64>,
    /// Whether to write, too; that needs a permission of its own.
    #[serde(default)]
    write: bool,
}

/// Who acts, or acted, in a customer's place, the newest first.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/impersonations", tag = "impersonation",
    params(("customer" = String, Path, description = "The UUID or the customerId"), PageQuery),
    responses((status = 200, body = Listing<ImpersonationView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<Listing<ImpersonationView>>, Problem> {
    let found = state.identity.impersonations(&actor, &customer, &query.request()?).await;
    Ok(Json(Listing::of(found.map_err(problem_of)?, ImpersonationView::from)))
}

/// Begins to act in a customer's place, with a key that is shown once and ends by itself. The customer's own log tells of it;
/// every answer to the key has `X-Impersonated-By`. Only an operator who is signed in does this.
#[utoipa::path(post, path = "/api/admin/customers/{customer}/impersonations", tag = "impersonation",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    request_body = ImpersonationBody, responses((status = 201, body = NewImpersonationView),
        (status = 409, description = "The customer has no database that could tell of it", body = ProblemDocument)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
    JsonBody(body): JsonBody<ImpersonationBody>,
) -> Result<Response, Problem> {
    let request = ImpersonationRequest { reason: body.reason, minutes: body.minutes, write: body.write };
    let begun = state.identity.impersonate(&actor, &customer, &request, &*state.customer_log).await;
    let (row, key) = begun.map_err(problem_of)?;
    let location = HeaderValue::try_from(format!("/api/admin/customers/{}/impersonations", row.customer_id))
        .unwrap_or_else(|_| HeaderValue::from_static("/"));
    let view = NewImpersonationView { key: key.secret().expose_secret().to_owned(), shown: row.into() };
    Ok(shown_once(location, view))
}

/// Ends an impersonation of one's own, also for whom the permission to begin one was taken from meanwhile. Anybody who may
/// revoke keys can revoke its key.
#[utoipa::path(post, path = "/api/admin/customers/{customer}/impersonations/{id}/end", tag = "impersonation",
    params(("customer" = String, Path, description = "The UUID or the customerId"),
        ("id" = Uuid, Path, description = "The impersonation")),
    responses((status = 200, body = ImpersonationView)))]
pub(crate) async fn end(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam((customer, id)): PathParam<(String, ApiKeyId)>,
) -> Result<Json<ImpersonationView>, Problem> {
    let ended = state.identity.end_impersonation(&actor, &customer, id, &*state.customer_log).await;
    ended.map(|row| Json(row.into())).map_err(problem_of)
}
