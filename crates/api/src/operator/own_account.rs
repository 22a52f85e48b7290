//! What operators do with their own account: sessions, API tokens, recovery codes.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use catalog::operator_sessions::SessionRow;
use catalog::operator_tokens::TokenRow;
use chrono::{DateTime, Utc};
use customers::Actor;
use domain::operator::Credential;
use http::StatusCode;
use identity::tokens::TokenRequest;
use problem::{JsonBody, PathParam, Problem, QueryParams};
use secrets::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::page::{Listing, PageQuery};
use crate::ApiState;
use crate::problems::problem_of;

/// A session of an operator.
#[derive(Serialize, ToSchema)]
pub(crate) struct OperatorSessionView {
    id: Uuid,
    /// Whether it is the one that asks.
    is_this_one: bool,
    /// Where the sign-in came from.
    ip_address: Option<String>,
    /// The program.
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    /// To the minute.
    last_used_at: DateTime<Utc>,
    /// When it ends, whatever is done in it.
    expires_at: DateTime<Utc>,
}

impl OperatorSessionView {
    /// All of an operator's, as this one sees them.
    pub(super) fn listing(rows: Vec<SessionRow>, actor: &Actor) -> Listing<Self> {
        let view = |row: SessionRow| Self {
            id: row.id,
            is_this_one: actor.credential() == Credential::Session(row.id),
            ip_address: row.ip_address.map(|address| address.to_string()),
            user_agent: row.user_agent,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        };
        Listing { data: rows.into_iter().map(view).collect(), next_cursor: None }
    }
}

/// The operator's own sessions, the newest first.
#[utoipa::path(get, path = "/api/admin/sessions", tag = "session",
    responses((status = 200, body = Listing<OperatorSessionView>)))]
pub(crate) async fn sessions(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<Listing<OperatorSessionView>>, Problem> {
    let rows = state.identity.own_sessions(&actor).await.map_err(problem_of)?;
    Ok(Json(OperatorSessionView::listing(rows, &actor)))
}

/// Ends one of the operator's own sessions.
#[utoipa::path(delete, path = "/api/admin/sessions/{id}", tag = "session",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 204, description = "It has ended")))]
pub(crate) async fn end_session(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<StatusCode, Problem> {
    let ended = state.identity.end_own_session(&actor, id).await;
    ended.map(|()| StatusCode::NO_CONTENT).map_err(problem_of)
}

/// An API token, without the token itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenView {
    id: Uuid,
    name: String,
    /// The beginning of the token.
    prefix: String,
    /// What it may do, as long as its operator may.
    permissions: Vec<String>,
    expires_at: DateTime<Utc>,
    /// To the minute.
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<TokenRow> for TokenView {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            prefix: row.token_prefix,
            permissions: row.permissions.iter().map(ToString::to_string).collect(),
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            created_at: row.created_at,
        }
    }
}

/// A new API token. Shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewTokenView {
    /// The token itself. It is shown here and never again.
    token: String,
    #[serde(flatten)]
    shown: TokenView,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTokenBody {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it may do, such as `customers:read`; at most what you may.
    #[schema(min_items = 1)]
    permissions: Vec<String>,
    /// Until when; 90 days from now when not given, 366 at most.
    expires_at: Option<DateTime<Utc>>,
}

/// The operator's own API tokens, the newest first, also those that have ended.
#[utoipa::path(get, path = "/api/admin/tokens", tag = "session", params(PageQuery),
    responses((status = 200, body = Listing<TokenView>)))]
pub(crate) async fn tokens(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<Listing<TokenView>>, Problem> {
    let page = state.identity.own_tokens(&actor, &query.request()?).await.map_err(problem_of)?;
    Ok(Json(Listing::of(page, TokenView::from)))
}

/// Makes an API token and shows it, once. It may do what it names, as long as its operator may.
#[utoipa::path(post, path = "/api/admin/tokens", tag = "session", request_body = NewTokenBody,
    responses((status = 201, body = NewTokenView)))]
pub(crate) async fn create_token(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<NewTokenBody>,
) -> Result<Response, Problem> {
    let request =
        TokenRequest { name: body.name, permissions: body.permissions, expires_at: body.expires_at };
    let (row, token) = state.identity.create_token(&actor, &request).await.map_err(problem_of)?;
    let view = NewTokenView { token: token.secret().expose_secret().to_owned(), shown: row.into() };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Takes one of the operator's own API tokens back, at once and for good.
#[utoipa::path(post, path = "/api/admin/tokens/{id}/revoke", tag = "session",
    params(("id" = Uuid, Path, description = "The token")),
    responses((status = 200, body = TokenView)))]
pub(crate) async fn revoke_token(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Json<TokenView>, Problem> {
    state.identity.revoke_own_token(&actor, id).await.map(|row| Json(row.into())).map_err(problem_of)
}

/// Recovery codes. Shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RecoveryCodesView {
    /// Each works once.
    recovery_codes: Vec<String>,
}

/// Replaces the operator's recovery codes by new ones, shown once.
#[utoipa::path(post, path = "/api/admin/session/recovery-codes", tag = "session",
    responses((status = 200, body = RecoveryCodesView)))]
pub(crate) async fn recovery_codes(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Json<RecoveryCodesView>, Problem> {
    let codes = state.identity.new_recovery_codes(&actor).await.map_err(problem_of)?;
    let recovery_codes = codes.iter().map(|code| code.expose_secret().to_owned()).collect();
    Ok(Json(RecoveryCodesView { recovery_codes }))
}
