//! Every route of the customer API's resources: one list, from which the router, the checks and the API's description
//! are made. No handler can be reached around its checks, because a route is only ever added together with them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Router;
use axum::response::IntoResponse as _;
use axum::routing::{MethodFilter, MethodRouter, on};
use customer_db::CustomerDatabases;
use domain::permission::Action;
use domain::route::RouteNeeds;
use gateway::Gateway;
use http::{HeaderValue, Method, header};
use problem::Problem;

use crate::handlers;
use crate::observe::Repeat;
use crate::resources::RESOURCES;
use crate::spec::ResourceSpec;

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A page of the list.
    List,
    /// Creates an object.
    Create,
    /// Reads an object.
    Read,
    /// Changes an object.
    Change,
    /// Deletes an object.
    Delete,
}

impl Operation {
    /// The method that does it.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::List | Self::Read => "GET",
            Self::Create => "POST",
            Self::Change => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// What a key's permissions must cover.
    #[must_use]
    pub fn action(self) -> Action {
        match self {
            Self::List | Self::Read => Action::Read,
            Self::Create | Self::Change | Self::Delete => Action::Write,
        }
    }
}

/// A route, and what a caller needs to use it.
#[derive(Debug, Clone)]
pub struct RouteInfo {
    /// The method.
    pub method: Method,
    /// The path, with `{id}` for an object's id.
    pub path: String,
    /// What it does.
    pub operation: Operation,
    /// The resource that it belongs to.
    pub resource: &'static ResourceSpec,
    /// The feature module that the customer needs.
    pub module: &'static str,
    /// The action that the key's permissions must cover, on the resource's table.
    pub action: Action,
}

/// Every route of the customer API's resources.
pub static ROUTES: LazyLock<Vec<RouteInfo>> = LazyLock::new(|| {
    const OPERATIONS: [Operation; 5] =
        [Operation::List, Operation::Create, Operation::Read, Operation::Change, Operation::Delete];
    let of_resource = |resource: &&'static ResourceSpec| {
        let resource = *resource;
        OPERATIONS.into_iter().map(move |operation| {
            let many = format!("/api/v1/{}", resource.path);
            let path = match operation {
                Operation::List | Operation::Create => many,
                Operation::Read | Operation::Change | Operation::Delete => format!("{many}/{{id}}"),
            };
            RouteInfo {
                method: Method::from_bytes(operation.method().as_bytes()).unwrap_or_default(),
                path,
                operation,
                resource,
                module: resource.module,
                action: operation.action(),
            }
        })
    };
    RESOURCES.iter().flat_map(of_resource).collect()
});

impl RouteInfo {
    /// What the gateway checks. A permission names the resource as its table or as its path.
    #[must_use]
    pub fn needs(&self) -> RouteNeeds {
        RouteNeeds {
            method: self.operation.method(),
            path: self.path.clone(),
            module: self.module,
            action: self.action,
            resource_names: vec![self.resource.table, self.resource.path],
        }
    }
}

/// The router of all resources, every route behind the gateway's guard.
pub fn router(databases: &CustomerDatabases, gateway: &Gateway) -> Router {
    Repeat::describe();
    let mut paths: BTreeMap<&str, Vec<&'static RouteInfo>> = BTreeMap::new();
    for route in ROUTES.iter() {
        paths.entry(&route.path).or_default().push(route);
    }
    paths.into_iter().fold(Router::new(), |router, (path, routes)| {
        let no_such_method = gateway.guard_the_rest(refusal(&routes));
        let methods = routes.iter().fold(MethodRouter::new(), |methods, route| {
            methods.merge(method_router(route, databases.clone(), gateway))
        });
        router.route(path, methods.fallback(no_such_method))
    })
}

fn method_router(route: &'static RouteInfo, databases: CustomerDatabases, gateway: &Gateway) -> MethodRouter {
    let (spec, needs) = (route.resource, route.needs());
    match route.operation {
        Operation::List => {
            let list = move |caller, uri| handlers::list(databases, spec, caller, uri);
            on(MethodFilter::GET, gateway.guard(list, needs))
        }
        Operation::Create => {
            let create = move |head, body| handlers::create(databases, spec, head, body);
            on(MethodFilter::POST, gateway.guard(create, needs))
        }
        Operation::Read => {
            let read = move |head, headers| handlers::read(databases, spec, head, headers);
            on(MethodFilter::GET, gateway.guard(read, needs))
        }
        Operation::Change => {
            let change = move |head, headers, body| handlers::change(databases, spec, head, headers, body);
            on(MethodFilter::PATCH, gateway.guard(change, needs))
        }
        Operation::Delete => {
            let delete = move |head, headers| handlers::delete(databases, spec, head, headers);
            on(MethodFilter::DELETE, gateway.guard(delete, needs))
        }
    }
}

/// What a path answers to a method that it doesn't have.
fn refusal(
    routes: &[&'static RouteInfo],
) -> impl Fn() -> std::future::Ready<axum::response::Response> + Clone + Send + Sync + 'static {
    let allowed: Vec<&str> = routes.iter().map(|route| route.operation.method()).collect();
    // GET answers HEAD too.
    let allowed = allowed.join(",").replace("GET", "GET,HEAD");
    move || {
        let problem = Problem::method_not_allowed(
            "The path exists, but not with this method; the header Allow names those it has.",
        );
        let mut response = problem.into_response();
        if let Ok(value) = HeaderValue::from_str(&allowed) {
            response.headers_mut().insert(header::ALLOW, value);
        }
        std::future::ready(response)
    }
}
