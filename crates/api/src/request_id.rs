//! The request id: given to every request, sent with every answer, and named in every problem document.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use gateway::RequestId;
use http::{HeaderName, HeaderValue};
use problem::Problem;
use tracing::Instrument as _;
use uuid::Uuid;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id (the caller's own, if it is a UUID), logs it, and puts it into the answer.
pub(crate) async fn request_id(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(&HEADER).and_then(|value| value.to_str().ok()?.parse::<Uuid>().ok());
    let id = given.unwrap_or_else(Uuid::now_v7);
    request.extensions_mut().insert(RequestId(id));
    let span = tracing::info_span!("request", %id, method = %request.method(), path = request.uri().path());
    let mut response = next.run(request).instrument(span).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let headers = std::mem::take(response.headers_mut());
        response = problem.instance(id.to_string()).into_response();
        // What inner layers added stays; what describes the body was made anew.
        for (name, value) in headers.into_iter().filter_map(|(name, value)| Some((name?, value))) {
            if !response.headers().contains_key(&name) && name != http::header::CONTENT_LENGTH {
                response.headers_mut().insert(name, value);
            }
        }
    }
    // On the stack: every answer has this header.
    let mut text = Uuid::encode_buffer();
    if let Ok(value) = HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}
