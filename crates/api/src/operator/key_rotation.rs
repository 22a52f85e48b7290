//! Rotating an API key.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use customers::Actor;
use customers::api_keys::{self, RotationRequest};
use domain::ApiKeyId;
use http::HeaderMap;
use problem::{JsonBody, PathParam, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::api_keys::{ApiKeyView, NewApiKeyView, location, shown_once};
use super::entity_tag;
use super::merge_patch::may_be_empty;
use crate::ApiState;
use crate::problems::problem_of;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotationBody {
    /// How long the old key goes on, in seconds; a day when not given. With 0 it is revoked at once.
    #[schema(minimum = 0, maximum = 2_592_000)]
    overlap_seconds: Option<i64>,
    /// When the new key stops working; never when null. When not given it lives as long as the old one was made to.
    #[serde(default, deserialize_with = "may_be_empty")]
    expires_at: Option<Option<DateTime<Utc>>>,
}

/// A key that took another one's place. Shown once.
#[derive(Serialize, ToSchema)]
pub(crate) struct RotatedKeyView {
    #[serde(flatten)]
    new: NewApiKeyView,
    /// The key that it replaces, as it is now: when it ends, or that it is revoked.
    replaces: ApiKeyView,
}

/// Makes a key that may do what this one may, shows it, once, and lets this one end. Both draw on one quota.
#[utoipa::path(post, path = "/api/admin/customers/{customer}/api-keys/{id}/rotate", tag = "api keys",
    params(("customer" = String, Path, description = "The UUID or the customerId"), ("id" = Uuid, Path, description = "The key"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that you read")),
    request_body = RotationBody, responses((status = 201, body = RotatedKeyView),
        (status = 409, description = "The key doesn't work any more, or was rotated before", body = crate::problem_document::ProblemDocument),
        (status = 412, description = "The key was changed since", body = crate::problem_document::ProblemDocument)))]
pub(crate) async fn rotate(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam((customer, id)): PathParam<(String, ApiKeyId)>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<RotationBody>,
) -> Result<Response, Problem> {
    let request = RotationRequest { overlap_seconds: body.overlap_seconds, expires_at: body.expires_at };
    let if_match = entity_tag::if_match(&headers)?;
    let rotated = api_keys::rotate(&state.control_plane, &actor, (&customer, id), &request, if_match).await;
    let rotated = rotated.map_err(problem_of)?;
    let location = location(&rotated.new);
    let new = NewApiKeyView::new(&rotated.key, rotated.new);
    Ok(shown_once(location, RotatedKeyView { new, replaces: rotated.old.into() }))
}
