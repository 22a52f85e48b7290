//! Answers where no handler is.

use std::any::Any;

use axum::response::{IntoResponse, Response};
use http::{Method, Uri};
use problem::Problem;

pub(crate) async fn not_found(uri: Uri) -> Problem {
    Problem::not_found(format!("There is nothing at {}. The API is described at /api/docs.", uri.path()))
}

pub(crate) async fn method_not_allowed(method: Method, uri: Uri) -> Problem {
    Problem::method_not_allowed(format!(
        "{} doesn't take {method}. The API is described at /api/docs.",
        uri.path()
    ))
}

pub(crate) fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let message = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message");
    tracing::error!(message, "a handler panicked");
    Problem::internal("The error has been logged. Try again; if it persists, report the instance given here.")
        .into_response()
}
