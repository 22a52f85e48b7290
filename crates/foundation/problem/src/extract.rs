//! Extractors that answer with a problem document naming the field.

use std::error::Error;
use std::fmt;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::{IntoResponse, Response};
use http::header;
use http::request::Parts;
use http_body_util::Limited;
use serde::de::DeserializeOwned;

use crate::{FieldError, Problem, query_parameters};

/// A JSON body. Wrong types, unknown fields (with `deny_unknown_fields`) and broken JSON are 400 with the field.
#[derive(Debug, Clone, Copy)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported_media_type(
                "Send the body as JSON, with Content-Type: application/json.",
            ));
        }
        let RawBody(bytes) = RawBody::from_request(request, state).await?;
        // serde takes a list for an object's fields in their order, and an empty one for an object with none.
        if bytes.trim_ascii_start().first() == Some(&b'[') {
            return Err(Problem::field("/", "must be an object, not a list"));
        }
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            if error.inner().is_data() {
                data_problem(&error)
            } else {
                Problem::bad_request(format!("The body is not valid JSON: {}.", error.inner()))
            }
        })?;
        json.end().map_err(|error| Problem::bad_request(format!("The body is not valid JSON: {error}.")))?;
        Ok(Self(value))
    }
}

/// The largest body that is read, in bytes.
pub const LARGEST_BODY: usize = 1024 * 1024;

/// What a body ends with when there is no room in the server's memory for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoomForBody;

impl fmt::Display for NoRoomForBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("too many bodies arrive at once")
    }
}

impl Error for NoRoomForBody {}

/// A body as it was sent, whatever it is, up to [`LARGEST_BODY`].
#[derive(Debug, Clone)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let request = request.map(|body| Body::new(Limited::new(body, LARGEST_BODY)));
        let bytes = Bytes::from_request(request, state).await;
        bytes.map(Self).map_err(|rejection| match is_for_want_of_room(&rejection) {
            true => {
                Problem::unavailable("Too many bodies arrive at once. Try again in a moment.").retry_after(2)
            }
            false => body_problem(rejection.into_response()),
        })
    }
}

/// The query string's parameters. Unknown ones (with `deny_unknown_fields`), wrong values and what isn't text are 400.
#[derive(Debug, Clone, Copy)]
pub struct QueryParams<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        query_parameters(parts.uri.query())?;
        axum::extract::Query::<T>::try_from_uri(&parts.uri).map(|query| Self(query.0)).map_err(|rejection| {
            let message = rejection.body_text();
            let message =
                message.strip_prefix("Failed to deserialize query string: ").unwrap_or(&message).to_owned();
            let (field, message) = split_field(&message);
            Problem::field(field.unwrap_or_else(|| "query".to_owned()), message)
        })
    }
}

/// A path parameter. What can't be parsed can't exist: 404.
#[derive(Debug, Clone, Copy)]
pub struct PathParam<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParam<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let nothing = || Problem::not_found("There is nothing at this path: an id in it is not well formed.");
        // PostgreSQL has no text with a NUL in it, so nothing is called that.
        if parts.uri.path().contains("%00") {
            return Err(nothing());
        }
        Path::<T>::from_request_parts(parts, state).await.map(|path| Self(path.0)).map_err(|_| nothing())
    }
}

fn is_json(headers: &http::HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Whether a body could not be read because there is no room for it.
fn is_for_want_of_room(mut error: &(dyn Error + 'static)) -> bool {
    loop {
        if error.is::<NoRoomForBody>() {
            return true;
        }
        match error.source() {
            Some(cause) => error = cause,
            None => return false,
        }
    }
}

/// Turns axum's plain-text refusal of a body into a problem document.
fn body_problem(refusal: Response) -> Problem {
    match refusal.status() {
        http::StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::payload_too_large("The body is larger than this server takes.")
        }
        http::StatusCode::REQUEST_TIMEOUT => Problem::request_timeout("The body did not arrive in time."),
        _ => Problem::bad_request("The body could not be read to its end."),
    }
}

fn data_problem(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let full = error.inner().to_string();
    // serde_json ends its messages with " at line 1 column 2", which helps nobody who sent one line.
    let message = full.rsplit_once(" at line ").map_or(full.as_str(), |(message, _)| message);
    let mut pointer = String::new();
    for segment in error.path() {
        match segment {
            serde_path_to_error::Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            serde_path_to_error::Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            _ => {}
        }
    }
    // A field that is wrong or not known ends the path already; one that is missing or given twice does not.
    let is_in_path = !message.starts_with("missing field") && !message.starts_with("duplicate field");
    let (named, message) = split_field(message);
    if let Some(named) = named.filter(|_| !is_in_path) {
        pointer.push('/');
        pointer.push_str(&named);
    }
    Problem::fields(vec![FieldError::new(if pointer.is_empty() { "/".to_owned() } else { pointer }, message)])
}

/// Finds the field that serde's message names, and puts the message into the words of the API.
fn split_field(message: &str) -> (Option<String>, String) {
    let quoted = message.split('`').nth(1).map(str::to_owned);
    if message.starts_with("unknown field") {
        let known: Vec<_> = message.split('`').skip(3).step_by(2).collect();
        return (quoted, format!("is not a known field; known are {}", known.join(", ")));
    }
    if message.starts_with("missing field") {
        return (quoted, "is missing".to_owned());
    }
    if message.starts_with("duplicate field") {
        return (quoted, "is given twice".to_owned());
    }
    match message.split_once(": ") {
        Some((field, rest)) if !field.contains(' ') => (Some(field.to_owned()), rest.to_owned()),
        _ => (None, message.to_owned()),
    }
}
