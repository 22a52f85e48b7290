//! Every route that the server describes, with nobody's token, the wrong one, another customer's object, a module that
//! is off, a key without the permission, and as it should be. A route without such a case doesn't get past this test.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use system_tests::{Answer, Api, Customer, OPERATORS_PASSWORD, Stack};

use super::resources::{example, make_all};
use super::routes::{Audience, Route};

/// The resources that belong to another module than the core. A new resource that is missing here fails.
const OF_FURTHER_MODULES: [&str; 3] = ["calendar-events", "smart-task-templates", "workflows"];

const NOBODY: &str = "01a20922-337d-705e-845b-39d610d3630a";

pub(super) async fn story(
    stack: &Stack,
    routes: &[Route],
    (acme, globex, bare): (&Customer, &Customer, &Customer),
) {
    let resources: BTreeSet<_> =
        routes.iter().filter(|route| route.audience() == Audience::Customer).map(Route::resource).collect();
    let resources: Vec<_> = resources.into_iter().collect();
    assert!(resources.len() >= 9, "{resources:?}");
    let theirs = make_all(&globex.api, &resources, "globex-secret").await;
    let without_modules = without_modules(stack, bare).await;
    let without_permission = without_permission(stack, acme).await;
    let organization = globex.api.get("/api/v1/organizations?sort=created_at").await.expect(200);
    let organization = organization["data"][0]["id"].as_str().unwrap();

    let owner = stack.signed_in("walls@example.org", &["owner"]).await;
    for route in routes {
        match route.audience() {
            Audience::Public => {
                send(&stack.operator.anonymous(), route, NOBODY).await.expect(200);
            }
            Audience::Stranger => {
                send(&stack.operator.anonymous(), route, NOBODY).await.expect_problem(401, "sign-in-refused");
            }
            Audience::NotSetUp => {
                send(&stack.operator.anonymous(), route, NOBODY).await.expect_problem(404, "not-found");
            }
            Audience::Sender => {
                for api in [stack.operator.anonymous(), stack.operator.clone(), acme.api.clone()] {
                    send(&api, route, NOBODY).await.expect_problem(401, "webhook-refused");
                }
            }
            Audience::Operator => {
                for api in [stack.operator.anonymous(), acme.api.clone()] {
                    send(&api, route, NOBODY).await.expect_problem(401, "unauthenticated");
                }
                the_operator_is_told_what_is_not_there(&owner, route).await;
            }
            Audience::Customer => {
                for api in [stack.operator.anonymous(), stack.operator.clone()] {
                    send(&api, route, NOBODY).await.expect_problem(401, "unauthenticated");
                }
                not_through_to_another_customer(&acme.api, route, &theirs, organization).await;
                module_is_asked_for(&without_modules, route).await;
                let refused =
                    send(&without_permission, route, NOBODY).await.expect_problem(403, "permission-missing");
                assert!(
                    refused["permission"].as_str().is_some_and(|named| named.contains(':')),
                    "{route}: {refused}"
                );
            }
        }
    }
    for resource in resources {
        as_it_should_be(&acme.api, resource).await;
        let page = acme.api.get(&format!("/api/v1/{resource}?limit=200")).await.expect(200);
        assert!(!page.to_string().contains("globex"), "{resource}: {page}");
        let found = acme.api.get(&format!("/api/v1/{resource}?q=globex")).await.expect(200);
        assert_eq!(found["data"], json!([]), "{resource}");
    }
    // Nothing of it reached the other side, in either direction.
    for (resource, id) in &theirs {
        let object = globex.api.get(&format!("/api/v1/{resource}/{id}")).await.expect(200);
        assert!(object.to_string().contains("globex-secret"), "{object}");
    }
}

/// Sends a request on the route, with a body that would do.
async fn send(api: &Api, route: &Route, parameter: &str) -> Answer {
    let request = api.request(route.method.clone(), &(route.filled(parameter) + needed_query(&route.path)));
    let body = match (route.audience(), route.method.as_str()) {
        (Audience::Customer, "POST") => example(route.resource(), "x"),
        (Audience::Customer, "PATCH") => json!({}),
        (Audience::Operator | Audience::Stranger | Audience::Sender, "POST" | "PUT" | "PATCH") => {
            operator_body(&route.path)
        }
        _ => return api.send(request).await,
    };
    api.send(request.json(&body)).await
}

/// What a route can't be asked without.
fn needed_query(path: &str) -> &'static str {
    if path.ends_with("/limit-simulation") {
        "?requests=1&period=minute"
    } else if path.ends_with("/plan/preview") {
        "?plan=pro"
    } else {
        ""
    }
}

/// What an operator's route wants of its caller.
fn operator_body(path: &str) -> Value {
    match path.rsplit('/').next().unwrap_or_default() {
        "connection-urls" => json!({ "role": "app" }),
        "api-keys" => json!({ "name": "Key" }),
        "session" => json!({ "email": "nobody@example.org", "password": "wrong" }),
        "{id}" if path.contains("/passkeys/") => json!({ "name": "Laptop" }),
        "remove" => json!({ "password": OPERATORS_PASSWORD }),
        "claim" => json!({ "code": "oc_nobody", "answer": "nothing" }),
        "impersonations" => json!({ "reason": "ticket 7" }),
        "retirements" => json!({ "key_id": "feedbeef" }),
        "{module_key}" if path.contains("{customer}") => json!({ "enabled": true }),
        "{module_key}" => json!({ "base_price_monthly": "1.00" }),
        "plan" => json!({ "plan": "pro" }),
        "limits" => json!({ "requests": 1, "period": "minute" }),
        "restores" => {
            json!({ "backup_id": NOBODY, "customer_id": "nobody", "name": "N", "email": "n@example.org" })
        }
        _ => json!({}),
    }
}

async fn the_operator_is_told_what_is_not_there(owner: &Api, route: &Route) {
    if !route.path.contains('{') {
        return;
    }
    for parameter in [NOBODY, "nobody", "%00", "..%2f"] {
        send(owner, route, parameter).await.expect_problem(404, "not-found");
    }
}

/// Another customer's id is like nobody's; another customer's organization too.
async fn not_through_to_another_customer(
    api: &Api,
    route: &Route,
    theirs: &BTreeMap<String, String>,
    organization: &str,
) {
    let id = &theirs[route.resource()];
    if route.has_id() {
        let of_another = send(api, route, id).await.expect_problem(404, "not-found");
        let of_nobody = send(api, route, NOBODY).await.expect_problem(404, "not-found");
        assert_eq!(of_another["detail"], of_nobody["detail"], "{route}");
    }
    let inside = api.in_organization(organization);
    send(&inside, route, id).await.expect_problem(404, "not-found");
}

/// A route of a module that is off is refused. The core can't be taken away, not even by hand.
async fn module_is_asked_for(without_modules: &Api, route: &Route) {
    let answer = send(without_modules, route, NOBODY).await;
    if OF_FURTHER_MODULES.contains(&route.resource()) {
        let refused = answer.expect_problem(403, "module-disabled");
        assert!(refused["module"].as_str().is_some_and(|module| !module.is_empty()), "{route}: {refused}");
    } else {
        assert_ne!(answer.status.as_u16(), 403, "{route}: {answer}");
    }
}

async fn without_modules(stack: &Stack, customer: &Customer) -> Api {
    // Not by the API: it leaves everybody the CRM.
    let off = "update admin_customer_modules set enabled = false where customer_id = $1";
    assert_eq!(stack.admin().await.execute(off, &[&customer.uuid]).await.unwrap(), 10);
    customer.api.get_once("/api/v1/workflows", 403).await.expect_problem(403, "module-disabled");
    customer.api.clone()
}

async fn without_permission(stack: &Stack, customer: &Customer) -> Api {
    let body = json!({ "name": "Useless", "permissions": ["execute:*", "read:nothing", "write:nothing"] });
    let made = stack
        .operator
        .post(&format!("/api/admin/customers/{}/api-keys", customer.id), &body)
        .await
        .expect(201);
    customer.api.with_token(made["key"].as_str().unwrap())
}

async fn as_it_should_be(api: &Api, resource: &str) {
    let many = format!("/api/v1/{resource}");
    let answer = api.post(&many, &example(resource, "acme-own")).await;
    let (location, tag) = (answer.header("location").to_owned(), answer.header("etag").to_owned());
    let made = answer.expect(201);
    assert_eq!(location, format!("{many}/{}", made["id"].as_str().unwrap()));
    assert!(!tag.is_empty());
    assert_eq!(api.get(&location).await.expect(200), made);
    let page = api.get(&format!("{many}?limit=200")).await.expect(200);
    assert!(page["data"].as_array().unwrap().contains(&made), "{page}");
    assert_eq!(page["next_cursor"], Value::Null);
    let changed = api.patch(&location, &example(resource, "acme-changed")).await.expect(200);
    assert_eq!(changed["id"], made["id"]);
    let stale = api.send(api.request(reqwest::Method::DELETE, &location).header("If-Match", &tag)).await;
    stale.expect_problem(412, "precondition-failed");
    assert_eq!(api.delete(&location).await.expect(204), Value::Null);
    api.get(&location).await.expect_problem(404, "not-found");
}
