//! The OpenAPI document: the operator's routes as their handlers are annotated, the customer's as their resources
//! are described, and the answers that every route can give.

use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, Info, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::operator::session_cookie;
use crate::problem_document::{ProblemDocument, WrongField};
use crate::{ApiState, health, operator, webhooks};

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(ProblemDocument, WrongField)))]
struct Shared;

/// The whole document, OpenAPI 3.1.
#[must_use]
pub fn document() -> OpenApi {
    let health_routes =
        OpenApiRouter::<ApiState>::new().routes(routes!(health::health)).routes(routes!(health::ready));
    let mut document = Shared::openapi();
    for part in [
        health_routes.into_openapi(),
        guarded_by_operator_token(operator::routes().merge(operator::own_routes()).into_openapi()),
        of_sessions(operator::sign_in_routes().merge(operator::openid_routes()).into_openapi()),
        of_webhooks(webhooks::routes().into_openapi()),
        crm::openapi(),
    ] {
        document.merge(part);
    }
    describe_our_own_failures(&mut document);
    name_operations(&mut document);
    document.info = Info::new("Sixty", env!("CARGO_PKG_VERSION"));
    document.info.description = Some(
        "Customers' programs call /api/v1 with an API key (sk_...), their people with a session token; operators call /api/admin and /api/provision \
         with their token (op_...). Both go into the header Authorization: Bearer."
            .to_owned(),
    );
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(
        "operator_token",
        bearer("An operator's API token, op_..., or the token of their session, os_..."),
    );
    let cookie = ApiKeyValue::with_description(session_cookie::NAME, "The session of a browser");
    components.add_security_scheme("session_cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    components.add_security_scheme(
        "api_key",
        bearer("A customer's API key, sk_..., or the session token of a person who is signed in with Clerk"),
    );
    document
}

fn bearer(description: &str) -> SecurityScheme {
    SecurityScheme::Http(
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build(),
    )
}

/// Adds to each of the operator's routes who may call it, and the answers that its layers and extractors can give.
fn guarded_by_operator_token(mut document: OpenApi) -> OpenApi {
    for (path, item) in &mut document.paths.paths {
        let has_parameters = path.contains('{');
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            operation.security = Some(operators());
            describe_common_answers(operation, has_parameters);
            name_problems(operation);
        }
        if let Some(post) = &mut item.post {
            describe_idempotency(post);
        }
    }
    document
}

/// Adds to the routes of signing in what they can answer; nothing of theirs is kept under an `Idempotency-Key`.
fn of_sessions(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            if operation.security.is_none() {
                operation.security = Some(operators());
            }
            describe_common_answers(operation, false);
            name_problems(operation);
        }
    }
    document
}

/// Adds to the routes of webhooks what they can answer. Nobody shows anything: a message is signed.
fn of_webhooks(mut document: OpenApi) -> OpenApi {
    for operation in document.paths.paths.values_mut().filter_map(|item| item.post.as_mut()) {
        operation.security = Some(Vec::new());
        describe_common_answers(operation, false);
        name_problems(operation);
    }
    document
}

/// What operators show: a token, or the cookie of a session.
fn operators() -> Vec<SecurityRequirement> {
    ["operator_token", "session_cookie"]
        .map(|scheme| SecurityRequirement::new(scheme, Vec::<String>::new()))
        .into()
}

/// What the layer in front of every POST takes and answers.
fn describe_idempotency(post: &mut Operation) {
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A random text that is new for every new request: up to 255 printable ASCII characters, bare or quoted. The request is done once; sent again with the same key and \
             body within 24 hours, it has the first answer, with Idempotent-Replayed: true.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255))))
        .build();
    post.parameters.get_or_insert_default().push(key.into());
    for (status, description) in [
        ("409", "The first request with this Idempotency-Key is being done, or its outcome is unknown"),
        ("413", "The body is too large"),
        ("422", "The Idempotency-Key belongs to another request"),
    ] {
        let answers = &mut post.responses.responses;
        answers.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem_response(description)));
    }
}

/// A handler's annotation names the document of a refusal, and calls it JSON; its media type is a problem's.
fn name_problems(operation: &mut Operation) {
    let refusals = operation.responses.responses.iter_mut().filter(|(status, _)| status.as_str() >= "400");
    for (_, response) in refusals {
        if let RefOr::T(response) = response
            && let Some(content) = response.content.shift_remove("application/json")
        {
            response.content.insert("application/problem+json".to_owned(), content);
        }
    }
}

fn describe_common_answers(operation: &mut Operation, has_parameters: bool) {
    let has_body = operation.request_body.is_some();
    let common = [
        ("400", "Something in the request is wrong", true),
        ("401", "The operator's token is missing or wrong", true),
        ("403", "The operator lacks the permission", true),
        ("404", "There is no such thing", has_parameters),
        ("413", "The body is too large", has_body),
        ("415", "The body isn't JSON", has_body),
        ("503", "Something that is needed is away", true),
    ];
    for (status, description, applies) in common {
        if applies && !operation.responses.responses.contains_key(status) {
            operation.responses.responses.insert(status.to_owned(), RefOr::T(problem_response(description)));
        }
    }
}

/// What any route of customers and operators can answer.
fn describe_our_own_failures(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            for (status, description) in
                [("408", "The request took too long"), ("500", "Something went wrong on our side")]
            {
                let answers = &mut operation.responses.responses;
                answers.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem_response(description)));
            }
        }
    }
}

/// Names each operation by its method and path, such as `get_admin_customers_customer`: handlers share names, and the
/// clients that are generated from the document need one for each.
fn name_operations(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let words: Vec<_> = path
            .trim_start_matches("/api/")
            .split(|character: char| !character.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let operations = [
            ("get", &mut item.get),
            ("post", &mut item.post),
            ("put", &mut item.put),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}_{}", words.join("_")));
            }
        }
    }
}

fn problem_response(description: &str) -> Response {
    let schema = Ref::from_schema_name("ProblemDocument");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::PathBuf;

    use super::*;

    /// Every path with its methods and answers, so that a change of the API is seen in review.
    #[test]
    fn the_routes_and_their_answers() {
        let document = serde_json::to_value(document()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let mut lines = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let answers: BTreeSet<_> =
                    operation["responses"].as_object().unwrap().keys().cloned().collect();
                let answers: Vec<_> = answers.into_iter().collect();
                lines.push(format!("{:6} {path}: {}", method.to_uppercase(), answers.join(" ")));
            }
        }
        lines.sort();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document = serde_json::to_value(document()).unwrap();
        let mut names = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let name = operation["operationId"].as_str().unwrap_or_default();
                assert!(
                    names.insert(name.to_owned()),
                    "{method} {path}: {name:?} is another operation's name"
                );
            }
        }
    }

    /// The pages' client is generated from this file, and `npm run check` holds the two together. After a change of the
    /// operators' routes: `SIXTY_UPDATE=1 cargo test -p api dashboard`, then `npm run client` in `dashboard/`.
    #[test]
    fn the_dashboard_knows_the_document() {
        let mut document = serde_json::to_value(document()).unwrap();
        let paths = document["paths"].as_object_mut().unwrap();
        paths.retain(|path, _| path.starts_with("/api/admin/") || path == "/api/ready");
        let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dashboard/src/api/openapi.json");
        #[expect(clippy::disallowed_methods, reason = "whether a file is written anew is no configuration")]
        let is_update = std::env::var_os("SIXTY_UPDATE").is_some();
        if is_update {
            std::fs::write(file, &text).unwrap();
        }
        let known = std::fs::read_to_string(file).unwrap();
        assert!(
            known == text,
            "dashboard/src/api/openapi.json is of another version of the API; see the comment of this test"
        );
    }

    #[test]
    fn every_refusal_is_a_problem_document() {
        let document = serde_json::to_value(document()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let answers = operation["responses"].as_object().unwrap();
                for (status, answer) in answers.iter().filter(|(status, _)| status.as_str() >= "400") {
                    // Readiness is told in the same form whether it is good or bad.
                    let is_ready = path == "/api/ready" && status == "503";
                    let kinds: Vec<_> =
                        answer["content"].as_object().into_iter().flatten().map(|(kind, _)| kind).collect();
                    let expected = if is_ready { "application/json" } else { "application/problem+json" };
                    assert_eq!(kinds, [expected], "{method} {path}: {status}");
                }
            }
        }
    }

    /// The dashboard's client is made from this: what has a few values names them, and what isn't null doesn't say so.
    #[test]
    fn choices_are_named_and_never_null() {
        let document = serde_json::to_value(document()).unwrap();
        let schema = |path: &str, name: &str| {
            let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap();
            let found = parameters.iter().find(|parameter| parameter["name"] == name).unwrap();
            let mut schema = found["schema"].clone();
            schema.as_object_mut().unwrap().remove("description");
            (found["required"].clone(), schema)
        };
        let simulation = "/api/admin/customers/{customer}/api-keys/{id}/limit-simulation";
        for (path, name, required, values) in [
            ("/api/admin/usage/series", "interval", false, "minute five_minutes fifteen_minutes hour day"),
            ("/api/admin/usage/series", "group_by", false, "customer api_key route status module outcome"),
            ("/api/admin/usage/movers", "by", false, "customer api_key route"),
            (simulation, "period", true, "minute hour day month"),
        ] {
            let values: Vec<_> = values.split(' ').collect();
            let expected = serde_json::json!({ "type": "string", "enum": values });
            assert_eq!(schema(path, name), (required.into(), expected), "{path} {name}");
        }
        assert_eq!(schema("/api/admin/usage/series", "top").1["type"], "integer");
        let group = &document["components"]["schemas"]["SeriesGroupView"];
        assert_eq!(group["required"], serde_json::json!(["key", "label", "total", "points"]));
        assert_eq!(group["properties"]["key"]["type"], serde_json::json!(["string", "null"]));
        let status = &document["components"]["schemas"]["StatusCountView"]["properties"]["status"];
        assert_eq!(status["$ref"], "#/components/schemas/StatusName");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = serde_json::to_value(document()).unwrap();
        let text = document.to_string();
        for reference in text.split("\"#/").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document.pointer(&format!("/{reference}")).is_some(), "{reference}");
        }
    }

    /// The document has one schema for a name, that of whichever type came last, and nobody says so.
    #[test]
    fn no_two_types_have_one_name_in_the_document() {
        let mut known = BTreeMap::new();
        let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                for name in schemas_in(&std::fs::read_to_string(&path).unwrap()) {
                    if let Some(other) = known.insert(name.clone(), path.clone()) {
                        panic!("{name} is in {} and in {}", other.display(), path.display());
                    }
                }
            }
        }
        assert!(known.len() > 100, "{known:?}");
    }

    /// The names of the types in a source file that derive a schema.
    fn schemas_in(source: &str) -> Vec<String> {
        let (mut names, mut has_schema) = (Vec::new(), false);
        for line in source.lines() {
            if line.starts_with("#[derive(") {
                has_schema = line.contains("ToSchema");
            }
            let declared = line.split(' ').skip_while(|word| word.starts_with("pub")).collect::<Vec<_>>();
            if let ["struct" | "enum", name, ..] = declared.as_slice()
                && std::mem::take(&mut has_schema)
            {
                names.push(name.chars().take_while(char::is_ascii_alphanumeric).collect());
            }
        }
        names
    }
}
