//! Who works on the platform: `/api/admin/operators`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use catalog::operators::OperatorRow;
use chrono::{DateTime, Utc};
use customers::Actor;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity::operators::{self, NewOperatorRequest, OperatorChanges};
use problem::{JsonBody, PathParam, Problem, QueryParams};
use secrets::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::entity_tag;
use super::merge_patch::never_empty;
use super::page::{Listing, PageQuery};
use crate::ApiState;
use crate::problem_document::ProblemDocument;
use crate::problems::{problem_of, problem_of_sign_in};

/// An operator.
#[derive(Serialize, ToSchema)]
pub(crate) struct OperatorView {
    id: Uuid,
    email: String,
    name: String,
    /// `owner`, `admin`, `support`, `billing`, `read-only`.
    roles: Vec<String>,
    /// Whether they are kept out.
    disabled: bool,
    /// Whether they have an authenticator app or a passkey.
    has_second_factor: bool,
    /// Whether they have an authenticator app.
    has_authenticator: bool,
    /// How many passkeys they have.
    passkeys: i64,
    /// Whether they have a password that somebody else made.
    password_must_change: bool,
    last_signed_in_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<OperatorRow> for OperatorView {
    fn from(row: OperatorRow) -> Self {
        let has_second_factor = row.has_second_factor();
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            roles: row.roles.iter().map(ToString::to_string).collect(),
            disabled: row.disabled_at.is_some(),
            has_second_factor,
            has_authenticator: row.totp_confirmed_at.is_some(),
            passkeys: row.passkeys,
            password_must_change: row.password_must_change,
            last_signed_in_at: row.last_signed_in_at,
            created_at: row.created_at,
        }
    }
}

/// An operator with a password for one sign-in. Shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneTimePasswordView {
    /// For the next sign-in, where they choose another one. It is shown here and never again.
    one_time_password: String,
    #[serde(flatten)]
    operator: OperatorView,
}

impl OneTimePasswordView {
    fn new((row, password): (OperatorRow, SecretString)) -> Self {
        Self { one_time_password: password.expose_secret().to_owned(), operator: row.into() }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOperatorBody {
    /// What they sign in with.
    email: String,
    /// What people call them.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What they may do: `owner`, `admin`, `support`, `billing`, `read-only`.
    #[schema(min_items = 1)]
    roles: Vec<String>,
}

/// What to change about an operator. A field that isn't given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorPatch {
    /// What people call them.
    #[schema(min_length = 1, max_length = 200, nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    name: Option<String>,
    /// What they may do.
    #[schema(min_items = 1, nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    roles: Option<Vec<String>>,
    /// Whether they are kept out: their sessions end, and their tokens are revoked.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    disabled: Option<bool>,
}

/// The operators, by address.
#[utoipa::path(get, path = "/api/admin/operators", tag = "operators", params(PageQuery),
    responses((status = 200, body = Listing<OperatorView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<Listing<OperatorView>>, Problem> {
    let page = state.identity.operators(&actor, &query.request()?).await.map_err(problem_of)?;
    Ok(Json(Listing::of(page, OperatorView::from)))
}

/// Makes an operator, and shows the password of their first sign-in, once.
#[utoipa::path(post, path = "/api/admin/operators", tag = "operators", request_body = NewOperatorBody,
    responses((status = 201, body = OneTimePasswordView),
        (status = 409, description = "The address is taken", body = ProblemDocument)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<NewOperatorBody>,
) -> Result<Response, Problem> {
    let request = NewOperatorRequest { email: body.email, name: body.name, roles: body.roles };
    let made = state.identity.create_operator(&actor, &request).await.map_err(problem_of_sign_in)?;
    let location = HeaderValue::try_from(format!("/api/admin/operators/{}", made.0.id));
    let mut response = (StatusCode::CREATED, Json(OneTimePasswordView::new(made))).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// One operator.
#[utoipa::path(get, path = "/api/admin/operators/{id}", tag = "operators",
    params(("id" = Uuid, Path, description = "The operator")),
    responses((status = 200, body = OperatorView)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Response, Problem> {
    state.identity.operator(&actor, id).await.map(tagged).map_err(problem_of)
}

/// Changes name, roles, and whether an operator may come in. Somebody stays an owner, always.
#[utoipa::path(patch, path = "/api/admin/operators/{id}", tag = "operators",
    params(("id" = Uuid, Path, description = "The operator"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that you read")),
    request_body = OperatorPatch, responses((status = 200, body = OperatorView),
        (status = 409, description = "Nobody would be an owner any more", body = ProblemDocument),
        (status = 412, description = "The operator was changed since", body = ProblemDocument)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<OperatorPatch>,
) -> Result<Response, Problem> {
    let changes = OperatorChanges { name: body.name, roles: body.roles, disabled: body.disabled };
    let if_match = entity_tag::if_match(&headers)?;
    let row = state.identity.update_operator(&actor, id, &changes, if_match).await;
    row.map(tagged).map_err(problem_of)
}

fn tagged(row: OperatorRow) -> Response {
    entity_tag::tagged_as(operators::tag(&row), Json(OperatorView::from(row)))
}

/// Gives an operator a password for one sign-in, shown once. Their sessions end.
#[utoipa::path(post, path = "/api/admin/operators/{id}/reset-password", tag = "operators",
    params(("id" = Uuid, Path, description = "The operator")),
    responses((status = 200, body = OneTimePasswordView)))]
pub(crate) async fn reset_password(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Json<OneTimePasswordView>, Problem> {
    let made = state.identity.reset_password(&actor, id).await.map_err(problem_of_sign_in)?;
    Ok(Json(OneTimePasswordView::new(made)))
}

/// Takes an operator's authenticator app, passkeys and recovery codes away: at the next sign-in they set a new second factor
/// up. Their sessions end.
#[utoipa::path(post, path = "/api/admin/operators/{id}/reset-second-factor", tag = "operators",
    params(("id" = Uuid, Path, description = "The operator")),
    responses((status = 200, body = OperatorView)))]
pub(crate) async fn reset_second_factor(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Json<OperatorView>, Problem> {
    let row = state.identity.reset_second_factor(&actor, id).await.map_err(problem_of)?;
    Ok(Json(row.into()))
}

/// What ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedOutView {
    sessions_ended: u64,
    tokens_revoked: u64,
}

/// Ends all sessions of an operator, and revokes all their tokens.
#[utoipa::path(post, path = "/api/admin/operators/{id}/sign-out", tag = "operators",
    params(("id" = Uuid, Path, description = "The operator")),
    responses((status = 200, body = SignedOutView)))]
pub(crate) async fn sign_out(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Json<SignedOutView>, Problem> {
    let (sessions_ended, tokens_revoked) =
        state.identity.sign_out_everywhere(&actor, id).await.map_err(problem_of)?;
    Ok(Json(SignedOutView { sessions_ended, tokens_revoked }))
}
