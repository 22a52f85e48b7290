//! Pages of other sites ask the customers' routes where they are named, and never those of operators.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{Method, Request};
use tower::ServiceExt as _;

use super::Api;
use crate::AllowedOrigins;

#[tokio::test]
async fn no_route_but_the_customers_takes_part() {
    let api = Api::new().await;
    let customer_routes = Router::new().route("/api/v1/deals", get(async || "[]"));
    let origins = AllowedOrigins::parse(["https://crm.example.com"]).unwrap();
    let routes = crate::all_routes(&api.state, customer_routes, origins);
    // Every path of the document, and what is in no document.
    let document = serde_json::to_value(crate::openapi_document()).unwrap();
    let documented =
        document["paths"].as_object().unwrap().keys().filter(|path| !path.starts_with("/api/v1/"));
    let mut paths: Vec<_> = documented.map(|path| path.replace(['{', '}'], "")).collect();
    assert!(paths.len() > 90, "{}", paths.len());
    paths.extend(["/admin", "/openapi.json", "/nothing", "/api/admin/nothing", "/"].map(str::to_owned));
    let of_operators = paths.iter().map(|path| (path.as_str(), false));
    for (path, may_ask) in of_operators.chain([("/api/v1/deals", true)]) {
        for method in [Method::OPTIONS, Method::GET] {
            let asked = Request::builder()
                .method(method.clone())
                .uri(path)
                .header(ORIGIN, "https://crm.example.com")
                .header(ACCESS_CONTROL_REQUEST_METHOD, "POST");
            let answer = routes.clone().oneshot(asked.body(Body::empty()).unwrap()).await.unwrap();
            let allows = answer.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(allows, may_ask, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn an_answer_in_the_place_of_an_operators_handler_is_for_no_other_site() {
    let api = Api::new().await;
    let customer_routes = Router::new().route("/api/v1/deals", get(std::future::pending::<()>));
    let origins = AllowedOrigins::parse(["https://crm.example.com"]).unwrap();
    let routes = crate::all_routes(&api.state, customer_routes, origins);
    // Whoever waits for anything at all is given up.
    let routes = crate::with_common_layers_for(routes, Duration::ZERO);
    for (path, may_read) in [("/api/v1/deals", true), ("/api/admin/customers", false)] {
        let asked = api.request(Method::GET, path).header(ORIGIN, "https://crm.example.com");
        let answer = routes.clone().oneshot(asked.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 408, "{path}");
        assert_eq!(answer.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN), may_read, "{path}");
    }
}
