//! Lists as operators want to see them again: `/api/admin/saved-views`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use catalog::saved_views::{Content, SavedView};
use chrono::{DateTime, Utc};
use customers::Actor;
use http::{HeaderValue, StatusCode, header};
use identity::saved_views::SavedViewChanges;
use problem::{JsonBody, PathParam, Problem, QueryParams};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::merge_patch::never_empty;
use super::page::Listing;
use crate::ApiState;
use crate::problem_document::ProblemDocument;
use crate::problems::problem_of;

/// A list as somebody wants to see it again.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedViewView {
    id: Uuid,
    /// The page that it is a view of.
    page: String,
    name: String,
    /// What follows the `?` in the page's address.
    query: String,
    /// Whether the other operators see it.
    shared: bool,
    owner: SavedViewOwner,
    /// Whether it belongs to whoever asks.
    is_own: bool,
    created_at: DateTime<Utc>,
}

/// Whose a view is.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedViewOwner {
    id: Uuid,
    name: String,
}

impl SavedViewView {
    fn new(row: SavedView, actor: &Actor) -> Self {
        Self {
            id: row.id,
            page: row.page,
            name: row.name,
            query: row.query,
            shared: row.shared,
            is_own: actor.operator_id() == Some(row.operator_id),
            owner: SavedViewOwner { id: row.operator_id, name: row.operator_name },
            created_at: row.created_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SavedViewQuery {
    /// Only of this page, such as `customers`.
    page: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSavedViewBody {
    /// The page that it is a view of.
    #[schema(pattern = "^[a-z][a-z-]{0,39}$", example = "customers")]
    page: String,
    /// What it is called.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What follows the `?` in the page's address.
    #[schema(max_length = 2000)]
    query: String,
    /// Whether the other operators see it.
    #[serde(default)]
    shared: bool,
}

/// What to change about a view. A field that isn't given stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedViewPatch {
    /// What it is called.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    name: Option<String>,
    /// What follows the `?` in the page's address.
    #[schema(max_length = 2000, nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    query: Option<String>,
    /// Whether the other operators see it.
    #[schema(nullable = false)]
    #[serde(default, deserialize_with = "never_empty")]
    shared: Option<bool>,
}

/// The operator's own views and those that others share, by name. Needs a session: no token has views.
#[utoipa::path(get, path = "/api/admin/saved-views", tag = "saved views", params(SavedViewQuery),
    responses((status = 200, body = Listing<SavedViewView>)))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<SavedViewQuery>,
) -> Result<Json<Listing<SavedViewView>>, Problem> {
    let rows = state.identity.saved_views(&actor, query.page.as_deref()).await.map_err(problem_of)?;
    let data = rows.into_iter().map(|row| SavedViewView::new(row, &actor)).collect();
    Ok(Json(Listing { data, next_cursor: None }))
}

/// Keeps a list.
#[utoipa::path(post, path = "/api/admin/saved-views", tag = "saved views", request_body = NewSavedViewBody,
    responses((status = 201, body = SavedViewView),
        (status = 409, description = "There is one by this name", body = ProblemDocument)))]
pub(crate) async fn create(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    JsonBody(body): JsonBody<NewSavedViewBody>,
) -> Result<Response, Problem> {
    let NewSavedViewBody { page, name, query, shared } = body;
    let wanted = Content { page, name, query, shared };
    let made = state.identity.create_saved_view(&actor, wanted).await.map_err(problem_of)?;
    let location = HeaderValue::try_from(format!("/api/admin/saved-views/{}", made.id));
    let mut response = (StatusCode::CREATED, Json(SavedViewView::new(made, &actor))).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// One view.
#[utoipa::path(get, path = "/api/admin/saved-views/{id}", tag = "saved views",
    params(("id" = Uuid, Path, description = "The view")), responses((status = 200, body = SavedViewView)))]
pub(crate) async fn read(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<Json<SavedViewView>, Problem> {
    let found = state.identity.saved_view(&actor, id).await.map_err(problem_of)?;
    Ok(Json(SavedViewView::new(found, &actor)))
}

/// Changes a view: one's own, or, with `operators:write`, a shared one of somebody else.
#[utoipa::path(patch, path = "/api/admin/saved-views/{id}", tag = "saved views",
    params(("id" = Uuid, Path, description = "The view")), request_body = SavedViewPatch,
    responses((status = 200, body = SavedViewView),
        (status = 409, description = "There is one by this name", body = ProblemDocument)))]
pub(crate) async fn update(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
    JsonBody(body): JsonBody<SavedViewPatch>,
) -> Result<Json<SavedViewView>, Problem> {
    let changes = SavedViewChanges { name: body.name, query: body.query, shared: body.shared };
    let row = state.identity.update_saved_view(&actor, id, changes).await.map_err(problem_of)?;
    Ok(Json(SavedViewView::new(row, &actor)))
}

/// Throws a view away: one's own, or, with `operators:write`, a shared one of somebody else.
#[utoipa::path(delete, path = "/api/admin/saved-views/{id}", tag = "saved views",
    params(("id" = Uuid, Path, description = "The view")), responses((status = 204, description = "It is gone")))]
pub(crate) async fn remove(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(id): PathParam<Uuid>,
) -> Result<StatusCode, Problem> {
    state.identity.delete_saved_view(&actor, id).await.map_err(problem_of)?;
    Ok(StatusCode::NO_CONTENT)
}
