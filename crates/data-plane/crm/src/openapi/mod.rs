//! The description of the customer API's resources, OpenAPI 3.1, made of the same list that the router is made of.

mod operations;
mod schemas;

use utoipa::openapi::path::{HttpMethod, PathsBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Paths};

use crate::resources::RESOURCES;
use crate::routes::ROUTES;

/// The security scheme that every operation asks for.
const API_KEY: &str = "api_key";

/// The description of every route that [`crate::router`] serves.
#[must_use]
pub fn openapi() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Sixty customer API")
        .version("1")
        .description(Some("What a customer's programs do in their CRM."))
        .build();
    let tags: Vec<_> = RESOURCES
        .iter()
        .map(|resource| TagBuilder::new().name(resource.path).description(Some(resource.description)).build())
        .collect();
    OpenApiBuilder::new().info(info).paths(paths()).components(Some(components())).tags(Some(tags)).build()
}

fn paths() -> Paths {
    let mut paths = PathsBuilder::new().build();
    for route in ROUTES.iter() {
        let method = match route.method.as_str() {
            "POST" => HttpMethod::Post,
            "PATCH" => HttpMethod::Patch,
            "DELETE" => HttpMethod::Delete,
            _ => HttpMethod::Get,
        };
        let operation = operations::operation(route);
        let mut item = PathItem::default();
        match method {
            HttpMethod::Post => item.post = Some(operation),
            HttpMethod::Patch => item.patch = Some(operation),
            HttpMethod::Delete => item.delete = Some(operation),
            _ => item.get = Some(operation),
        }
        match paths.paths.get_mut(&route.path) {
            Some(known) => known.merge_operations(item),
            None => {
                paths.paths.insert(route.path.clone(), item);
            }
        }
    }
    paths
}

fn components() -> Components {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key: Authorization: Bearer sk_..."))
        .build();
    let mut builder = ComponentsBuilder::new().security_scheme(API_KEY, SecurityScheme::Http(bearer));
    builder = builder.schema("FieldError", schemas::field_error()).schema("Problem", schemas::problem());
    for resource in RESOURCES {
        let name = resource.schema;
        builder = builder
            .schema(name, schemas::object(resource))
            .schema(format!("{name}Create"), schemas::create(resource))
            .schema(format!("{name}Patch"), schemas::patch(resource))
            .schema(format!("{name}List"), schemas::list(resource));
    }
    builder.build()
}
