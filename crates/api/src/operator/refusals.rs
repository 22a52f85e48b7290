//! A refusal for want of a permission leaves an audit row: somebody tries doors.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use customers::Actor;
use customers::refusals::{self, Refused};
use problem::Problem;

use crate::ApiState;

pub(crate) async fn record(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let actor = request.extensions().get::<Actor>().cloned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let missing = response
        .extensions()
        .get::<Problem>()
        .filter(|problem| problem.kind() == "operator-permission-missing")
        .and_then(|problem| problem.member("permission")?.as_str());
    if let (Some(actor), Some(permission)) = (actor, missing) {
        let refused = Refused {
            method: method.as_str(),
            route: route.as_ref().map_or("", MatchedPath::as_str),
            path: &path,
            permission,
        };
        // The refusal stands whether or not it can be written down.
        if let Err(error) = refusals::record(&state.control_plane, &actor, &refused).await {
            tracing::warn!(%error, "a refusal can't be recorded");
        }
    }
    response
}
