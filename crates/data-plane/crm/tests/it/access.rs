//! No route can be used without a caller, the module and the permission.

use std::time::Duration;

use crm::{Operation, ROUTES, RouteInfo};
use customer_db::RouterConfig;
use domain::OrganizationId;
use domain::permission::Action;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Answer, Api, least};
use crate::support;

async fn use_route(api: &Api, route: &RouteInfo) -> Answer {
    let path = route.path.trim_start_matches("/api/v1/").replace("{id}", &uuid::Uuid::now_v7().to_string());
    let body = match route.operation {
        Operation::Create => Some(least(route.resource.path)),
        Operation::Change => Some(json!({})),
        _ => None,
    };
    api.call(route.method.clone(), &path, &[], body.as_ref()).await
}

/// What a route answers when nothing stands in the way: nobody has the id.
fn expected(route: &RouteInfo) -> StatusCode {
    match route.operation {
        Operation::List => StatusCode::OK,
        Operation::Create => StatusCode::CREATED,
        _ => StatusCode::NOT_FOUND,
    }
}

#[tokio::test]
async fn every_route_asks_for_a_caller() {
    let api = Api::new().await;
    for route in ROUTES.iter() {
        let request = http::Request::builder()
            .method(route.method.clone())
            .uri(route.path.replace("{id}", &uuid::Uuid::now_v7().to_string()))
            .body(axum::body::Body::empty())
            .unwrap();
        let bare = api.router();
        let response = tower::ServiceExt::oneshot(bare, request).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{route:?}");
        assert!(response.headers().contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn every_route_asks_for_its_module() {
    let mut api = Api::new().await;
    for route in ROUTES.iter() {
        let module = domain::modules::find(route.module).expect("a route names a module that exists");
        api.only_module("none");
        let answer = use_route(&api, route).await;
        if !module.can_be_disabled() {
            assert_eq!(answer.status, expected(route), "{route:?}");
            continue;
        }
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{route:?}");
        assert_eq!(answer.body["type"], "/problems/module-disabled");
        assert_eq!(answer.body["module"], route.module);
        assert_eq!(answer.body["reason"], "turned_off");
        api.only_module(route.module);
        assert_eq!(use_route(&api, route).await.status, expected(route), "{route:?}");
    }
}

#[tokio::test]
async fn what_a_module_keeps_is_there_again_when_it_is_on_again() {
    let mut api = Api::new().await;
    let mut tried = 0;
    for route in ROUTES.iter().filter(|route| matches!(route.operation, Operation::Create)) {
        if !domain::modules::find(route.module).is_some_and(|module| module.can_be_disabled()) {
            continue;
        }
        let path = route.resource.path;
        let made = api.create(path, least(path)).await;
        let one = format!("{path}/{}", made["id"].as_str().unwrap());
        api.switch_module(route.module, false);
        assert_eq!(api.get(&one).await.status, StatusCode::FORBIDDEN, "{route:?}");
        assert_eq!(api.delete(&one).await.status, StatusCode::FORBIDDEN, "{route:?}");
        api.switch_module(route.module, true);
        assert_eq!(api.get(&one).await.body, made, "{route:?}");
        tried += 1;
    }
    assert!(tried >= 3, "{tried} resources of modules that can be off");
}

#[tokio::test]
async fn every_route_asks_for_its_permission_and_takes_no_other() {
    let mut api = Api::new().await;
    for route in ROUTES.iter() {
        let (action, table) = (route.action.as_str(), route.resource.table);
        let other = if route.action == Action::Read { "write" } else { "read" };
        for wrong in [
            format!("{other}:*"),
            format!("{other}:{table}"),
            format!("{action}:other"),
            "execute:*".to_owned(),
        ] {
            api.principal.permissions = vec![wrong.parse().unwrap()];
            let answer = use_route(&api, route).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{wrong} {route:?}");
            assert_eq!(answer.body["type"], "/problems/permission-missing");
            assert_eq!(answer.body["permission"], Value::String(format!("{action}:{table}")));
        }
        let path = route.resource.path;
        for right in [format!("{action}:*"), format!("{action}:{table}"), format!("{action}:{path}")] {
            api.principal.permissions = vec![right.parse().unwrap()];
            let answer = use_route(&api, route).await;
            // A user's address can be taken only once.
            assert!(
                answer.status == expected(route) || answer.status == StatusCode::CONFLICT,
                "{right} {route:?} {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn every_route_refuses_an_organization_that_is_not_the_customers() {
    let api = Api::new().await;
    let other = Api::new().await;
    for organization in [OrganizationId::generate(), other.customer.first] {
        api.enter(organization);
        for route in ROUTES.iter() {
            let answer = use_route(&api, route).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{route:?}");
            assert!(answer.body["detail"].as_str().unwrap().contains("organization"), "{}", answer.body);
        }
    }
    assert_eq!(other.list("contacts").await.len(), 0);
}

#[tokio::test]
async fn a_path_has_only_its_methods() {
    let api = Api::new().await;
    for (method, path) in
        [(Method::PUT, "contacts"), (Method::DELETE, "contacts"), (Method::POST, "contacts/1")]
    {
        let answer = api.call(method, path, &[], None).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.body["type"], "/problems/method-not-allowed");
        assert!(!answer.header("allow").is_empty());
    }
    let answer = api.call(Method::HEAD, "contacts", &[], None).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_customer_whose_database_is_away_is_told_to_come_back() {
    let api = Api::with(RouterConfig { wait_timeout: Duration::from_millis(200), ..support::config() }).await;
    api.customer.directory.adjust(api.customer.id, |endpoint| endpoint.port = testkit::free_port());
    for route in ROUTES.iter() {
        let answer = use_route(&api, route).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{route:?}");
        assert!(!answer.header("retry-after").is_empty());
        let text = answer.body.to_string();
        assert!(!text.contains("127.0.0.1") && !text.contains("customer_test"), "internals are told: {text}");
    }
}

#[tokio::test]
async fn a_refusal_for_want_of_a_connection_names_the_cause() {
    let short = RouterConfig { wait_timeout: Duration::from_millis(50), ..support::config() };
    for (config, words) in [
        (RouterConfig { max_connections_per_customer: 1, ..short.clone() }, "by other requests of yours"),
        (
            RouterConfig { max_connections_per_customer: 1, max_waiting_per_customer: 0, ..short.clone() },
            "Too many requests wait",
        ),
        (RouterConfig { max_connections: 1, ..short }, "This server has no connection"),
    ] {
        let api = Api::with(config).await;
        let held = api.customer.databases.begin(api.customer.id, None).await.unwrap();
        let answer = api.get("contacts").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
        assert!(answer.body["detail"].as_str().unwrap().contains(words), "{}", answer.body);
        assert_eq!(answer.header("retry-after"), "1");
        drop(held);
        assert_eq!(api.get("contacts").await.status, StatusCode::OK);
    }
}
