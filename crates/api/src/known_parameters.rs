//! Refuses query parameters that a route doesn't know: a misspelt filter must not look like an empty one.
//!
//! What a route knows is read from its own description, so that the two can't drift.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use problem::{FieldError, Problem};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::operator;

type Known = BTreeMap<(String, String), BTreeSet<String>>;

static KNOWN: LazyLock<Known> = LazyLock::new(known);

fn known() -> Known {
    let document = operator::all_routes().into_openapi();
    let mut known = Known::new();
    for (path, item) in document.paths.paths {
        let operations = [
            ("GET", item.get),
            ("POST", item.post),
            ("PUT", item.put),
            ("PATCH", item.patch),
            ("DELETE", item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let parameters = operation.parameters.unwrap_or_default();
            let names = parameters.into_iter().filter_map(query_name).collect();
            known.insert((method.to_owned(), path.clone()), names);
        }
    }
    known
}

fn query_name(parameter: RefOr<Parameter>) -> Option<String> {
    match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name),
        _ => None,
    }
}

pub(crate) async fn known_parameters(request: Request, next: Next) -> Response {
    match unknown(&request) {
        errors if errors.is_empty() => next.run(request).await,
        errors => Problem::fields(errors).into_response(),
    }
}

fn unknown(request: &Request) -> Vec<FieldError> {
    let (Some(query), Some(path)) = (request.uri().query(), request.extensions().get::<MatchedPath>()) else {
        return Vec::new();
    };
    let nothing = BTreeSet::new();
    let route = (request.method().as_str().to_owned(), path.as_str().to_owned());
    let known = KNOWN.get(&route).unwrap_or(&nothing);
    let names = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned());
    names
        .filter(|name| !known.contains(name))
        .map(|name| {
            let message = match known.len() {
                0 => "is not a known parameter; this route takes none".to_owned(),
                _ => {
                    let all: Vec<_> = known.iter().map(String::as_str).collect();
                    format!("is not a known parameter; known are {}", all.join(", "))
                }
            };
            FieldError::new(name, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_knows_its_filters_and_an_object_none() {
        let of = |path: &str| KNOWN.get(&("GET".to_owned(), path.to_owned())).unwrap();
        assert!(of("/api/admin/customers").contains("created_at[gte]"));
        assert!(of("/api/admin/customers/{customer}").is_empty());
    }
}
