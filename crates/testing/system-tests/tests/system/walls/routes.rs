//! The routes, as the server itself describes them.

use reqwest::Method;
use system_tests::Stack;

/// A route of the OpenAPI document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Anybody.
    Public,
    /// A customer's program.
    Customer,
    /// Somebody who is to be known yet: an operator who signs in.
    Stranger,
    /// Nobody, because what it is for is not set up.
    NotSetUp,
    /// Another service, which signs what it says.
    Sender,
    /// An operator.
    Operator,
}

/// Every route that the server describes.
pub(crate) async fn documented(stack: &Stack) -> Vec<Route> {
    let document = stack.operator.anonymous().get("/api/openapi.json").await.expect(200);
    assert_eq!(document["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, _) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                routes.push(Route { method, path: path.clone() });
            }
        }
    }
    assert!(routes.len() > 60, "that can't be all: {routes:?}");
    routes
}

impl Route {
    /// Who may call it. A route that fits nowhere needs a decision, and a case here.
    pub(crate) fn audience(&self) -> Audience {
        match self.path.as_str() {
            "/api/health" | "/api/ready" | "/api/admin/session/ways" => Audience::Public,
            path if path.starts_with("/api/v1/") => Audience::Customer,
            "/api/webhooks/clerk" => Audience::Sender,
            "/api/admin/session/openid/claim" => Audience::Stranger,
            path if path.starts_with("/api/admin/session/openid") => Audience::NotSetUp,
            "/api/admin/session" if self.method == Method::POST => Audience::Stranger,
            path if path.starts_with("/api/admin/") || path.starts_with("/api/provision") => {
                Audience::Operator
            }
            path => panic!("who may call {path}?"),
        }
    }

    /// The resource of a customer's route: `contacts`.
    pub(crate) fn resource(&self) -> &str {
        self.path.strip_prefix("/api/v1/").and_then(|rest| rest.split('/').next()).unwrap()
    }

    /// Whether it is about one object.
    pub(crate) fn has_id(&self) -> bool {
        self.path.ends_with("/{id}")
    }

    /// The path with this in the place of every parameter.
    pub(crate) fn filled(&self, value: &str) -> String {
        let mut path = String::new();
        for (number, part) in self.path.split(['{', '}']).enumerate() {
            path.push_str(if number % 2 == 1 { value } else { part });
        }
        path
    }
}

impl std::fmt::Display for Route {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)
    }
}
