//! A successful answer to a request that creates something: what is sent, and what is kept to be sent again.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use problem::Problem;

/// The header that an answer has when it was given before.
pub(crate) const REPLAYED_HEADER: &str = "Idempotent-Replayed";

/// The answer: JSON, where the object is, and its entity tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) etag: Option<String>,
    pub(crate) body: String,
    /// Whether it is the answer of an earlier request with the same key.
    pub(crate) replayed: bool,
}

impl Answer {
    pub(crate) fn into_response(self) -> Result<Response, Problem> {
        let value =
            |text: &str| HeaderValue::from_str(text).map_err(|error| Problem::from_unexpected(&error));
        let mut response = (self.status, Body::from(self.body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, text) in [(LOCATION, &self.location), (ETAG, &self.etag)] {
            if let Some(text) = text {
                headers.insert(name, value(text)?);
            }
        }
        if self.replayed {
            let name = HeaderName::from_bytes(REPLAYED_HEADER.as_bytes())
                .map_err(|error| Problem::from_unexpected(&error))?;
            headers.insert(name, HeaderValue::from_static("true"));
        }
        Ok(response)
    }
}
