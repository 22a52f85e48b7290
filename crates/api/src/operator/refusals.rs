//! A refusal leaves an audit row where it is known who asked: somebody tries doors.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use customers::Actor;
use customers::refusals::{self, Refused};
use problem::Problem;

use crate::ApiState;

/// The kinds of problems that say that somebody tried what they may not.
const REFUSALS: [&str; 2] = ["operator-permission-missing", "forbidden"];

pub(crate) async fn record(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let actor = request.extensions().get::<Actor>().cloned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let refusal = response.extensions().get::<Problem>().filter(|problem| REFUSALS.contains(&problem.kind()));
    if let (Some(actor), Some(problem)) = (actor, refusal) {
        let route = route.as_ref().map_or("", MatchedPath::as_str);
        let refused = Refused {
            method: method.as_str(),
            route,
            path: &path,
            customer: customer_in(route, &path),
            permission: problem.member("permission").and_then(|permission| permission.as_str()),
            reason: problem.kind(),
        };
        // The refusal stands whether or not it can be written down.
        if let Err(error) = refusals::record(&state.control_plane, &actor, &refused).await {
            tracing::warn!(%error, "a refusal can't be recorded");
        }
    }
    response
}

/// How a path names the customer whom it is about.
fn customer_in<'a>(route: &str, path: &'a str) -> Option<&'a str> {
    let is_customer = |segment: &str| matches!(segment, "{customer}" | "{customerId}");
    let named = route.split('/').zip(path.split('/')).find(|(segment, _)| is_customer(segment))?.1;
    (!named.is_empty()).then_some(named)
}

#[cfg(test)]
mod tests {
    use super::customer_in;

    #[test]
    fn a_path_names_its_customer() {
        let route = "/api/admin/customers/{customer}/api-keys/{id}";
        assert_eq!(customer_in(route, "/api/admin/customers/acme/api-keys/7"), Some("acme"));
        assert_eq!(customer_in("/api/provision/{customerId}", "/api/provision/acme"), Some("acme"));
        assert_eq!(customer_in("/api/admin/operators/{id}", "/api/admin/operators/7"), None);
        assert_eq!(customer_in(route, "/api/admin/customers/"), None);
    }
}
