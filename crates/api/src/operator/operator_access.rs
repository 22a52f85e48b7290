//! Where an operator is signed in and what programs act for them, for whoever manages operators. Nothing that opens
//! anything: no token, no hash.

use axum::extract::State;
use axum::{Extension, Json};
use customers::Actor;
use http::StatusCode;
use problem::{PathParam, Problem, QueryParams};
use uuid::Uuid;

use super::own_account::{OperatorSessionView, TokenView};
use super::page::{Listing, PageQuery};
use crate::ApiState;
use crate::problems::problem_of;

/// Where an operator is signed in, the newest first.
#[utoipa::path(get, path = "/api/admin/operators/{id}/sessions", tag = "operators",
    params(("id" = Uuid, Path, description = "The operator")),
    responses((status = 200, body = Listing<OperatorSessionView>)))]
pub(crate) async fn sessions(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Json<Listing<OperatorSessionView>>, Problem> {
    let rows = state.identity.sessions_of(&actor, id).await.map_err(problem_of)?;
    Ok(Json(OperatorSessionView::listing(rows, &actor)))
}

/// Ends one session of an operator, at once.
#[utoipa::path(delete, path = "/api/admin/operators/{id}/sessions/{session_id}", tag = "operators",
    params(("id" = Uuid, Path, description = "The operator"), ("session_id" = Uuid, Path, description = "Their session")),
    responses((status = 204, description = "It has ended")))]
pub(crate) async fn end_session(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam((id, session_id)): PathParam<(Uuid, Uuid)>,
) -> Result<StatusCode, Problem> {
    let ended = state.identity.end_session_of(&actor, id, session_id).await;
    ended.map(|()| StatusCode::NO_CONTENT).map_err(problem_of)
}

/// An operator's API tokens, the newest first, also those that have ended.
#[utoipa::path(get, path = "/api/admin/operators/{id}/tokens", tag = "operators",
    params(("id" = Uuid, Path, description = "The operator"), PageQuery),
    responses((status = 200, body = Listing<TokenView>)))]
pub(crate) async fn tokens(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
    QueryParams(query): QueryParams<PageQuery>,
) -> Result<Json<Listing<TokenView>>, Problem> {
    let page = state.identity.tokens_of(&actor, id, &query.request()?).await.map_err(problem_of)?;
    Ok(Json(Listing::of(page, TokenView::from)))
}

/// Takes one API token of an operator back, at once and for good.
#[utoipa::path(post, path = "/api/admin/operators/{id}/tokens/{token_id}/revoke", tag = "operators",
    params(("id" = Uuid, Path, description = "The operator"), ("token_id" = Uuid, Path, description = "Their token")),
    responses((status = 200, body = TokenView)))]
pub(crate) async fn revoke_token(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam((id, token_id)): PathParam<(Uuid, Uuid)>,
) -> Result<Json<TokenView>, Problem> {
    let revoked = state.identity.revoke_token_of(&actor, id, token_id).await;
    revoked.map(|row| Json(row.into())).map_err(problem_of)
}
