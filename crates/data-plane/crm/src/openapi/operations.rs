//! An operation: its parameters, its body and all its answers.

use http::StatusCode;
use problem::{IDEMPOTENCY_KEY, LONGEST_IDEMPOTENCY_KEY};
use utoipa::openapi::path::{Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    Content, HeaderBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema, SchemaFormat,
};

use super::{API_KEY, schemas};
use crate::answer::REPLAYED_HEADER;
use crate::caller::ORGANIZATION_HEADER;
use crate::list::{Comparison, DEFAULT_LIMIT, LONGEST_SEARCH, MAX_LIMIT, MOST_SORTS};
use crate::routes::{Operation as Does, RouteInfo};
use crate::spec::ResourceSpec;
use crate::store::PAGE_BYTES;

/// What can go wrong with every operation.
const ALWAYS: [StatusCode; 6] = [
    StatusCode::BAD_REQUEST,
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::SERVICE_UNAVAILABLE,
];

pub(super) fn operation(route: &RouteInfo) -> Operation {
    let spec = route.resource;
    let (noun, table) = (spec.noun, spec.table);
    let (summary, verb) = match route.operation {
        Does::List => (format!("List {}", spec.path.replace('-', " ")), "list"),
        Does::Create => (format!("Create: {noun}"), "create"),
        Does::Read => (format!("Read: {noun}"), "read"),
        Does::Change => (format!("Change: {noun} (merge patch)"), "change"),
        Does::Delete => (format!("Delete: {noun}"), "delete"),
    };
    let description = format!(
        "Needs the feature module `{}` and the permission `{}:{table}`.",
        route.module,
        route.action.as_str()
    );
    let builder = OperationBuilder::new()
        .operation_id(Some(format!("{verb}_{table}")))
        .summary(Some(summary))
        .description(Some(description))
        .tag(spec.path)
        .security(SecurityRequirement::new(API_KEY, Vec::<String>::new()))
        .parameters(Some(parameters(route)))
        .request_body(body(route));
    answers(route)
        .into_iter()
        .fold(builder, |builder, (code, response)| builder.response(code, response))
        .build()
}

fn answers(route: &RouteInfo) -> Vec<(String, Response)> {
    let name = route.resource.schema;
    let with = |text: &str, schema: &str| {
        ResponseBuilder::new().description(text).content("application/json", content(schema))
    };
    let tag = || header("The object's entity tag, for If-Match.");
    let (code, success) = match route.operation {
        Does::List => (StatusCode::OK, with("A page of them.", &format!("{name}List"))),
        Does::Create => (
            StatusCode::CREATED,
            with("It was created.", name)
                .header("ETag", tag())
                .header("Location", header("Where the new object is."))
                .header(
                    REPLAYED_HEADER,
                    header("true when an earlier request with the same key was answered so."),
                ),
        ),
        Does::Read => (StatusCode::OK, with("The object.", name).header("ETag", tag())),
        Does::Change => (StatusCode::OK, with("The changed object.", name).header("ETag", tag())),
        Does::Delete => (StatusCode::NO_CONTENT, ResponseBuilder::new().description("It was deleted.")),
    };
    let further: &[StatusCode] = match route.operation {
        Does::List => &[],
        Does::Read => &[StatusCode::NOT_MODIFIED],
        Does::Create => &[
            StatusCode::CONFLICT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ],
        Does::Change => &[
            StatusCode::CONFLICT,
            StatusCode::PRECONDITION_FAILED,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ],
        Does::Delete => &[StatusCode::CONFLICT, StatusCode::PRECONDITION_FAILED],
    };
    let mut answers = vec![(code.as_str().to_owned(), success.build())];
    answers.extend(ALWAYS.iter().chain(further).map(|code| (code.as_str().to_owned(), refusal(*code))));
    answers
}

/// An answer that isn't success. What each status can mean is in [`problem::Problem::KINDS`].
fn refusal(code: StatusCode) -> Response {
    if code == StatusCode::NOT_MODIFIED {
        return ResponseBuilder::new().description("You have this version already.").build();
    }
    let meanings: Vec<_> = problem::Problem::KINDS
        .iter()
        .filter(|(status, _, _)| *status == code)
        .map(|(_, kind, title)| format!("{title} (`{kind}`)"))
        .collect();
    let response = ResponseBuilder::new()
        .description(format!("{}.", meanings.join("; ")))
        .content("application/problem+json", content("Problem"));
    match code {
        StatusCode::UNAUTHORIZED => {
            response.header("WWW-Authenticate", header("How to authenticate.")).build()
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            response.header("Retry-After", header("After how many seconds to try again.")).build()
        }
        _ => response.build(),
    }
}

fn body(route: &RouteInfo) -> Option<RequestBody> {
    let name = route.resource.schema;
    let body = RequestBodyBuilder::new().required(Some(Required::True));
    match route.operation {
        Does::Create => Some(body.content("application/json", content(&format!("{name}Create"))).build()),
        Does::Change => {
            let patch = format!("{name}Patch");
            Some(
                body.content("application/merge-patch+json", content(&patch))
                    .content("application/json", content(&patch))
                    .build(),
            )
        }
        Does::List | Does::Read | Does::Delete => None,
    }
}

fn parameters(route: &RouteInfo) -> Vec<Parameter> {
    let mut parameters = vec![parameter(
        ORGANIZATION_HEADER,
        ParameterIn::Header,
        "The organization to work in; your first one unless given.",
        uuid(),
    )];
    match route.operation {
        Does::List => parameters.extend(list_parameters(route.resource)),
        Does::Create => parameters.push(idempotency_key()),
        Does::Read | Does::Change | Does::Delete => {
            let mut id = parameter("id", ParameterIn::Path, "The object's id.", uuid());
            id.required = Required::True;
            parameters.push(id);
        }
    }
    if matches!(route.operation, Does::Change | Does::Delete) {
        parameters.push(parameter(
            "If-Match",
            ParameterIn::Header,
            "Only if the object still has one of these entity tags.",
            text(),
        ));
    }
    if route.operation == Does::Read {
        parameters.push(parameter(
            "If-None-Match",
            ParameterIn::Header,
            "Only if the object has none of these entity tags any more.",
            text(),
        ));
    }
    parameters
}

fn idempotency_key() -> Parameter {
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(LONGEST_IDEMPOTENCY_KEY))
        .pattern(Some("^[ -~]+$"));
    let description = "Makes the request safe to repeat: a random text that is new for every new request. For 24 hours \
         a repetition gets the first answer again.";
    parameter(IDEMPOTENCY_KEY, ParameterIn::Header, description, key.build().into())
}

fn list_parameters(spec: &ResourceSpec) -> Vec<Parameter> {
    let limit = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1.0))
        .maximum(Some(f64::from(MAX_LIMIT)))
        .default(Some(DEFAULT_LIMIT.into()));
    let sortable: Vec<_> =
        spec.columns.iter().filter(|column| column.sortable).map(|column| column.name).collect();
    let one = format!("-?({})", sortable.join("|"));
    let sort = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(format!("^{one}(,{one}){{0,{}}}$", MOST_SORTS - 1)))
        .default(Some("-created_at".into()));
    let by = "Fields to sort by, with a minus for the largest first. The id decides between equals.";
    let at_most = format!(
        "How many objects to answer at most. A page may have fewer, and a next_cursor all the same: it ends before its \
         objects take more than {} MiB, but not before the first.",
        PAGE_BYTES / (1024 * 1024)
    );
    let mut parameters = vec![
        parameter("limit", ParameterIn::Query, &at_most, limit.build().into()),
        parameter("cursor", ParameterIn::Query, "The next_cursor of the page before.", text()),
        parameter("sort", ParameterIn::Query, by, sort.build().into()),
    ];
    if spec.searchable().next().is_some() {
        let names: Vec<_> = spec.searchable().map(|column| column.name).collect();
        let search = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST_SEARCH))
            .pattern(Some("\\S"));
        let description = format!("Only objects that contain this text in one of {}.", names.join(", "));
        parameters.push(parameter("q", ParameterIn::Query, &description, search.build().into()));
    }
    for column in spec.columns.iter().filter(|column| column.filterable) {
        let schema = || schemas::parameter(column);
        let name = column.name;
        parameters.push(parameter(
            name,
            ParameterIn::Query,
            &format!("Only objects with this {name}."),
            schema(),
        ));
        let ranges = Comparison::RANGES.iter().filter(|_| column.kind.is_ordered());
        parameters.extend(ranges.map(|(range, comparison)| {
            let description = format!("Only objects whose {name} is {} this.", comparison.operator());
            parameter(&format!("{name}[{range}]"), ParameterIn::Query, &description, schema())
        }));
    }
    parameters
}

fn parameter(name: &str, place: ParameterIn, description: &str, schema: Schema) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

fn content(schema: &str) -> Content {
    Content::new(Some(RefOr::<Schema>::from(Ref::from_schema_name(schema))))
}

fn header(description: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new().schema(Some(text())).description(Some(description)).build()
}

fn text() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).build().into()
}

fn uuid() -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("uuid".to_owned())))
        .build()
        .into()
}
