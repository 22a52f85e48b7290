//! Every route of the customer API's resources: one list, from which the router, the checks and the API's description
//! are made. No handler can be reached around its checks, because a route is only ever added together with them.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use customer_db::CustomerDatabases;
use domain::permission::Action;
use domain::principal::Principal;
use http::Method;
use problem::Problem;

use crate::caller::unauthenticated;
use crate::handlers;
use crate::resources::RESOURCES;
use crate::spec::ResourceSpec;

/// The largest body.
pub(crate) const LARGEST_BODY: usize = 1024 * 1024;

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
    const OPERATIONS: [(Operation, Method, Action); 5] = [
        (Operation::List, Method::GET, Action::Read),
        (Operation::Create, Method::POST, Action::Write),
        (Operation::Read, Method::GET, Action::Read),
        (Operation::Change, Method::PATCH, Action::Write),
        (Operation::Delete, Method::DELETE, Action::Write),
    ];
    let of_resource = |resource: &&'static ResourceSpec| {
        let resource = *resource;
        OPERATIONS.into_iter().map(move |(operation, method, action)| {
            let many = format!("/api/v1/{}", resource.path);
            let path = match operation {
                Operation::List | Operation::Create => many,
                Operation::Read | Operation::Change | Operation::Delete => format!("{many}/{{id}}"),
            };
            RouteInfo { method, path, operation, resource, module: resource.module, action }
        })
    };
    RESOURCES.iter().flat_map(of_resource).collect()
});

/// The router of all resources. It expects an `Arc<Principal>` among the request's extensions; without one every
/// answer is 401.
pub fn router<S: Clone + Send + Sync + 'static>(databases: &CustomerDatabases) -> Router<S> {
    ROUTES
        .iter()
        .fold(Router::new(), |router, route| {
            router.route(&route.path, method_router(route, databases.clone()))
        })
        .method_not_allowed_fallback(|| async {
            Problem::method_not_allowed(
                "The path exists, but not with this method; the header Allow names those it has.",
            )
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

fn method_router<S: Clone + Send + Sync + 'static>(
    route: &'static RouteInfo,
    databases: CustomerDatabases,
) -> MethodRouter<S> {
    let spec = route.resource;
    let handled = match route.operation {
        Operation::List => {
            on(MethodFilter::GET, move |caller, uri| handlers::list(databases, spec, caller, uri))
        }
        Operation::Create => on(MethodFilter::POST, move |caller, uri, body| {
            handlers::create(databases, spec, caller, uri, body)
        }),
        Operation::Read => {
            on(MethodFilter::GET, move |head, headers| handlers::read(databases, spec, head, headers))
        }
        Operation::Change => on(MethodFilter::PATCH, move |head, headers, body| {
            handlers::change(databases, spec, head, headers, body)
        }),
        Operation::Delete => {
            on(MethodFilter::DELETE, move |head, headers| handlers::delete(databases, spec, head, headers))
        }
    };
    handled.route_layer(from_fn(move |request: Request, next: Next| async move {
        match check(route, request.extensions().get::<Arc<Principal>>()) {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response() as Response,
        }
    }))
}

/// Whether the caller may use the route: known, with the module on, and with a permission that covers it.
fn check(route: &RouteInfo, principal: Option<&Arc<Principal>>) -> Result<(), Problem> {
    let principal = principal.ok_or_else(unauthenticated)?;
    require_module(principal, route.module)?;
    require_permission(principal, route.action, route.resource)
}

fn require_module(principal: &Principal, module: &'static str) -> Result<(), Problem> {
    if principal.modules.contains(module) {
        return Ok(());
    }
    let name = domain::modules::find(module).map_or(module, |found| found.name());
    Err(Problem::module_disabled(format!(
        "This needs the feature module {name}, which is not enabled. Ask for it to be enabled."
    ))
    .with("module", module))
}

/// A permission names the resource as its table or as its path.
fn require_permission(principal: &Principal, action: Action, resource: &ResourceSpec) -> Result<(), Problem> {
    if principal.may(action, resource.table) || principal.may(action, resource.path) {
        return Ok(());
    }
    let permission = format!("{}:{}", action.as_str(), resource.table);
    Err(Problem::permission_missing(format!(
        "The API key lacks the permission {permission}. Use a key that has it."
    ))
    .with("permission", permission))
}
