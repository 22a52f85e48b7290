//! The handlers: parse, ask the store once, convert.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use customer_db::CustomerDatabases;
use http::header::{CONTENT_TYPE, ETAG};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use problem::{JsonBody, PathParam, Problem, UnambiguousJson, query_parameters};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::caller::Caller;
use crate::etag::EntityTag;
use crate::idempotency::IdempotencyKey;
use crate::spec::ResourceSpec;
use crate::store::{Page, Store};
use crate::{list as list_query, query_string};

/// The head of a request for one object.
#[derive(Debug)]
pub(crate) struct ObjectRequest {
    caller: Caller,
    id: Uuid,
}

impl<S: Send + Sync> FromRequestParts<S> for ObjectRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let PathParam(id) = PathParam::from_request_parts(parts, state).await?;
        query_string::refuse_all(parts.uri.query())?;
        Ok(Self { caller, id })
    }
}

pub(crate) async fn list(
    databases: CustomerDatabases,
    spec: &'static ResourceSpec,
    caller: Caller,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = list_query::parse(spec, &query_parameters(uri.query())?)?;
    let page = Store { databases: &databases, spec, caller: &caller }.list(&query).await?;
    Ok(json(StatusCode::OK, page_text(&page)))
}

/// The page as it is sent: its objects are copied once.
fn page_text(page: &Page) -> String {
    let objects: usize = page.documents().map(|document| document.len() + 1).sum();
    let next = page.next_cursor.as_deref().map_or(Json::Null, Json::from).to_string();
    let mut text = String::with_capacity(objects + next.len() + 32);
    text.push_str("{\"data\":[");
    for (index, document) in page.documents().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(document);
    }
    text.push_str("],\"next_cursor\":");
    text.push_str(&next);
    text.push('}');
    text
}

/// The head of a request that creates an object.
#[derive(Debug)]
pub(crate) struct CreateRequest {
    caller: Caller,
    key: Option<IdempotencyKey>,
}

impl<S: Send + Sync> FromRequestParts<S> for CreateRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        query_string::refuse_all(parts.uri.query())?;
        Ok(Self { caller, key: IdempotencyKey::of_post(parts.uri.path(), &parts.headers)? })
    }
}

pub(crate) async fn create(
    databases: CustomerDatabases,
    spec: &'static ResourceSpec,
    CreateRequest { caller, key }: CreateRequest,
    JsonBody(UnambiguousJson(body)): JsonBody<UnambiguousJson>,
) -> Result<Response, Problem> {
    let repeatable = key.map(|key| key.with_body(&body));
    let store = Store { databases: &databases, spec, caller: &caller };
    store.create(&body, repeatable.as_ref()).await?.into_response()
}

pub(crate) async fn read(
    databases: CustomerDatabases,
    spec: &'static ResourceSpec,
    ObjectRequest { caller, id }: ObjectRequest,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let document = Store { databases: &databases, spec, caller: &caller }.read(id).await?;
    let tag = EntityTag::of(&document);
    if tag.is_known(&headers) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag.header()?)]).into_response());
    }
    tagged(StatusCode::OK, document, &tag)
}

pub(crate) async fn change(
    databases: CustomerDatabases,
    spec: &'static ResourceSpec,
    ObjectRequest { caller, id }: ObjectRequest,
    headers: HeaderMap,
    JsonBody(UnambiguousJson(body)): JsonBody<UnambiguousJson>,
) -> Result<Response, Problem> {
    let document = Store { databases: &databases, spec, caller: &caller }.change(id, &body, &headers).await?;
    object(StatusCode::OK, document)
}

pub(crate) async fn delete(
    databases: CustomerDatabases,
    spec: &'static ResourceSpec,
    ObjectRequest { caller, id }: ObjectRequest,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    Store { databases: &databases, spec, caller: &caller }.delete(id, &headers).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One object with its entity tag.
fn object(status: StatusCode, document: String) -> Result<Response, Problem> {
    let tag = EntityTag::of(&document);
    tagged(status, document, &tag)
}

fn tagged(status: StatusCode, document: String, tag: &EntityTag) -> Result<Response, Problem> {
    let tag = tag.header()?;
    let mut response = json(status, document);
    response.headers_mut().insert(ETAG, tag);
    Ok(response)
}

/// JSON text as it came from the database.
fn json(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], Body::from(text)).into_response()
}
