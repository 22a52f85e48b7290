//! No request takes for ever: after the limit it is given up, with a problem document.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use problem::Problem;

pub(crate) async fn time_limit(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::request_timeout(format!(
            "The request was given up after {} seconds. Read what it was to change before you send it again.",
            limit.as_secs()
        ))
        .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::routing::get;
    use http::{StatusCode, header};
    use tower::ServiceExt as _;

    use super::*;
    use crate::request_id::request_id;

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_a_problem_with_a_request_id() {
        let router = Router::new()
            .route("/", get(std::future::pending::<()>))
            .layer(from_fn_with_state(Duration::from_millis(1), time_limit))
            .layer(from_fn(request_id));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (problem["status"].as_u64(), problem["instance"].as_str()),
            (Some(408), Some(id.as_str()))
        );
    }
}
