//! A customer's API keys.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use catalog::api_keys::ApiKeyRecord;
use chrono::{DateTime, Utc};
use customers::api_keys::{self, KeyChangesRequest, NewKeyRequest};
use customers::{Actor, version};
use domain::ApiKeyId;
use domain::customer::ApiKeyStatus;
use domain::customer_limit::WithoutRedis;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use problem::{JsonBody, PathParam, Problem, QueryParams};
use secrets::{ApiKey, ExposeSecret};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::entity_tag;
use super::merge_patch::{may_be_empty, never_empty};
use super::page::{Listing, page_request, parsed};
use crate::ApiState;
use crate::problems::problem_of;

/// An API key, without the key itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiKeyView {
    id: Uuid,
    customer_uuid: Uuid,
    /// The beginning of the key.
    prefix: String,
    name: String,
    description: Option<String>,
    permissions: Vec<String>,
    /// From where it may be used: ranges, IPv4 and IPv6; from everywhere when empty.
    allowed_networks: Vec<String>,
    rate_limit_requests: i32,
    rate_limit_period: String,
    /// What the limit does while Redis is away: `local`, `open` or `closed`; null is as the configuration says.
    without_redis: Option<&'static str>,
    /// `active`, `revoked` or `expired`.
    status: String,
    /// The key that it replaces.
    rotated_from: Option<Uuid>,
    /// The key that replaces it, once it was rotated.
    #[schema(required)]
    replaced_by: Option<Uuid>,
    /// The key whose quota it draws on: itself, or the first of its line of rotations.
    quota_key_id: Uuid,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// A new API key. Shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewApiKeyView {
    /// The key itself. It is shown here and never again.
    key: String,
    #[serde(flatten)]
    api_key: ApiKeyView,
}

impl NewApiKeyView {
    pub(super) fn new(key: &ApiKey, row: ApiKeyRecord) -> Self {
        Self { key: key.secret().expose_secret().to_owned(), api_key: row.into() }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApiKeyBody {
    /// A name for people.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it is for.
    #[schema(min_length = 1, max_length = 1000)]
    description: Option<String>,
    /// What it may do, such as `read:*` or `write:contacts`; everything when not given.
    permissions: Option<Vec<String>>,
    /// From where it may be used: addresses and ranges such as `192.0.2.0/24` or `2001:db8::/32`; from everywhere when
    /// empty or not given.
    #[schema(max_items = 100)]
    allowed_networks: Option<Vec<String>>,
    /// When it stops working; never when not given.
    expires_at: Option<DateTime<Utc>>,
    /// How many requests it may make in a period; 1000 when not given.
    #[schema(minimum = 1)]
    rate_limit_requests: Option<i32>,
    /// `minute`, `hour`, `day` or `month`; a month when not given.
    rate_limit_period: Option<String>,
    /// What the limit does while Redis is away: each server counts for itself (`local`), everything passes (`open`), or what
    /// isn't granted already is refused (`closed`). As the configuration says when not given.
    without_redis: Option<String>,
}

impl From<ApiKeyRecord> for ApiKeyView {
    fn from(row: ApiKeyRecord) -> Self {
        Self {
            id: row.id.uuid(),
            customer_uuid: row.customer_id.uuid(),
            prefix: row.key_prefix,
            name: row.name,
            description: row.description,
            permissions: row.permissions,
            allowed_networks: row.allowed_networks.iter().map(ToString::to_string).collect(),
            rate_limit_requests: row.rate_limit_requests,
            rate_limit_period: row.rate_limit_period.to_string(),
            without_redis: row.without_redis.map(WithoutRedis::as_str),
            status: row.status.to_string(),
            rotated_from: row.rotated_from.map(ApiKeyId::uuid),
            replaced_by: row.replaced_by.map(ApiKeyId::uuid),
            quota_key_id: row.quota_key_id.unwrap_or(row.id).uuid(),
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            created_at: row.created_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApiKeyQuery {
    /// `active`, `revoked` or `expired`.
    status: Option<String>,
    /// At most so many rows, up to 200.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists a customer's keys, the newest first.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/api-keys", tag = "api keys",
    params(("customer" = String, Path, description = "The UUID or the customerId"), ApiKeyQuery),
    responses((status = 200, body = Listing<ApiKeyView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
    QueryParams(query): QueryParams<ApiKeyQuery>,
) -> Result<Json<Listing<ApiKeyView>>, Problem> {
    let status = parsed::<ApiKeyStatus>("status", query.status.as_deref())?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found =
        api_keys::list(&state.control_plane, &actor, &customer, status, &page).await.map_err(problem_of)?;
    Ok(Json(Listing::of(found, ApiKeyView::from)))
}

/// One of a customer's keys.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/api-keys/{id}", tag = "api keys",
    params(("customer" = String, Path, description = "The UUID or the customerId"), ("id" = Uuid, Path, description = "The key")),
    responses((status = 200, body = ApiKeyView)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam((customer, id)): PathParam<(String, ApiKeyId)>,
) -> Result<Response, Problem> {
    api_keys::get(&state.control_plane, &actor, &customer, id).await.map(tagged).map_err(problem_of)
}

/// Makes a key and shows it, once.
#[utoipa::path(post, path = "/api/admin/customers/{customer}/api-keys", tag = "api keys",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    request_body = NewApiKeyBody, responses((status = 201, body = NewApiKeyView)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
    JsonBody(body): JsonBody<NewApiKeyBody>,
) -> Result<Response, Problem> {
    let request = NewKeyRequest {
        name: body.name,
        description: body.description,
        permissions: body.permissions,
        allowed_networks: body.allowed_networks,
        expires_at: body.expires_at,
        rate_limit_requests: body.rate_limit_requests,
        rate_limit_period: body.rate_limit_period,
        without_redis: body.without_redis,
    };
    let (row, key) =
        api_keys::create(&state.control_plane, &actor, &customer, &request).await.map_err(problem_of)?;
    let location = location(&row);
    Ok(shown_once(location, NewApiKeyView::new(&key, row)))
}

/// Where a key is read.
pub(super) fn location(row: &ApiKeyRecord) -> HeaderValue {
    HeaderValue::try_from(format!("/api/admin/customers/{}/api-keys/{}", row.customer_id, row.id))
        .unwrap_or_else(|_| HeaderValue::from_static("/"))
}

/// An answer that shows a key, which nobody between here and the caller may keep.
pub(super) fn shown_once(location: HeaderValue, view: impl Serialize) -> Response {
    let headers =
        [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (StatusCode::CREATED, headers, Json(view)).into_response()
}

/// What to change about a key. A field that isn't given stays; null empties one that may be empty.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKeyPatch {
    /// A name for people.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    name: Option<String>,
    /// What it is for.
    #[schema(min_length = 1, max_length = 1000)]
    #[serde(default, deserialize_with = "may_be_empty")]
    description: Option<Option<String>>,
    /// What it may do.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    permissions: Option<Vec<String>>,
    /// From where it may be used; from everywhere when empty.
    #[schema(max_items = 100, nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    allowed_networks: Option<Vec<String>>,
    /// When it stops working; never when null. A key that had expired works again.
    #[serde(default, deserialize_with = "may_be_empty")]
    expires_at: Option<Option<DateTime<Utc>>>,
    /// How many requests it may make in a period.
    #[schema(minimum = 1, nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    rate_limit_requests: Option<i32>,
    /// `minute`, `hour`, `day` or `month`.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    rate_limit_period: Option<String>,
    /// What the limit does while Redis is away: `local`, `open` or `closed`; as the configuration says when null.
    #[serde(default, deserialize_with = "may_be_empty")]
    without_redis: Option<Option<String>>,
}

/// Changes the given fields of a key.
#[utoipa::path(patch, path = "/api/admin/customers/{customer}/api-keys/{id}", tag = "api keys",
    params(("customer" = String, Path, description = "The UUID or the customerId"), ("id" = Uuid, Path, description = "The key"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that you read")),
    request_body = ApiKeyPatch, responses((status = 200, body = ApiKeyView),
        (status = 409, description = "A revoked key gets no more time", body = crate::problem_document::ProblemDocument),
        (status = 412, description = "The key was changed since", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam((customer, id)): PathParam<(String, ApiKeyId)>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<ApiKeyPatch>,
) -> Result<Response, Problem> {
    let request = KeyChangesRequest {
        name: body.name,
        description: body.description,
        permissions: body.permissions,
        allowed_networks: body.allowed_networks,
        expires_at: body.expires_at,
        rate_limit_requests: body.rate_limit_requests,
        rate_limit_period: body.rate_limit_period,
        without_redis: body.without_redis,
    };
    let if_match = entity_tag::if_match(&headers)?;
    let row = api_keys::update(&state.control_plane, &actor, (&customer, id), &request, if_match).await;
    row.map(tagged).map_err(problem_of)
}

fn tagged(row: ApiKeyRecord) -> Response {
    entity_tag::tagged_as(version::key_tag(&row), Json(ApiKeyView::from(row)))
}

/// Takes a key back, at once and for good.
#[utoipa::path(post, path = "/api/admin/customers/{customer}/api-keys/{id}/revoke", tag = "api keys",
    params(("customer" = String, Path, description = "The UUID or the customerId"), ("id" = Uuid, Path, description = "The key")),
    responses((status = 200, body = ApiKeyView)))]
pub(crate) async fn revoke(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam((customer, id)): PathParam<(String, ApiKeyId)>,
) -> Result<Json<ApiKeyView>, Problem> {
    let row = api_keys::revoke(&state.control_plane, &actor, &customer, id).await.map_err(problem_of)?;
    Ok(Json(row.into()))
}
