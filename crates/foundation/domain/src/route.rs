//! What a route of the customer API asks of its caller: named where the route is made, checked by the gateway.

use crate::permission::Action;

/// What a caller needs to use a route.
#[derive(Clone, Debug)]
pub struct RouteNeeds {
    /// The method, as in the request: `POST`.
    pub method: &'static str,
    /// The path, with its parameters' names: `/api/v1/deals/{id}`.
    pub path: String,
    /// The key of the feature module that the customer needs.
    pub module: &'static str,
    /// What the caller does.
    pub action: Action,
    /// To what: the names under which a permission may mention it. The first is the one that is shown.
    pub resource_names: Vec<&'static str>,
}
