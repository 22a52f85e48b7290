//! ETag on an object's answer, If-Match on its change.

use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use customers::version;
use http::{HeaderMap, HeaderValue, header};
use problem::Problem;

/// The answer with the object's version.
pub(crate) fn tagged(updated_at: DateTime<Utc>, body: impl IntoResponse) -> Response {
    tagged_as(version::entity_tag(updated_at), body)
}

/// The same with a version that isn't made of a time.
pub(crate) fn tagged_as(tag: String, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The versions that the caller will accept, if they said so.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    headers
        .get(header::IF_MATCH)
        .map(|value| {
            value.to_str().map_err(|_| Problem::field("If-Match", "must be an ETag, in quotes, or *"))
        })
        .transpose()
}
