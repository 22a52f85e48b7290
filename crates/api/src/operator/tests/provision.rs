//! `/api/provision`: whatever refuses, existing clients find `success` and `message` in the answer.

use axum::body::Body;
use http::{Method, header};
use serde_json::{Value, json};

use super::{Answer, Api};
use problem::LARGEST_BODY;

const PATH: &str = "/api/provision";

fn sign_up(name: &str) -> Value {
    json!({ "customerId": "acme", "customerName": name, "customerEmail": "ada@acme.example", "plan": "pro" })
}

async fn post(api: &Api, key: &str, body: String) -> Answer {
    let request = api.request(Method::POST, PATH).header("Idempotency-Key", key);
    api.send(request.body(Body::from(body)).unwrap()).await
}

/// What every client finds, with what only the existing ones look for beside it.
#[track_caller]
fn is_told(answer: Answer, status: u16, kind: &str) {
    let answer = answer.expect_problem(status, kind);
    assert_eq!(answer.body["success"], false, "{answer:?}");
    assert_eq!(answer.body["message"], answer.body["detail"], "{answer:?}");
    assert!(!answer.text("message").is_empty(), "{answer:?}");
}

#[tokio::test]
async fn every_layer_that_refuses_tells_existing_clients() {
    let api = Api::new().await;
    let mut anonymous = api.request(Method::POST, PATH).body(Body::empty()).unwrap();
    anonymous.headers_mut().remove(header::AUTHORIZATION);
    is_told(api.send(anonymous).await, 401, "unauthenticated");
    is_told(api.post(&format!("{PATH}?what=ever"), &sign_up("Acme")).await, 400, "invalid-fields");
    is_told(api.post(PATH, &json!({})).await, 400, "invalid-fields");
    is_told(api.get(&format!("{PATH}/nobody")).await, 404, "not-found");
    is_told(post(&api, "", sign_up("Acme").to_string()).await, 400, "invalid-fields");
    is_told(post(&api, "large", " ".repeat(LARGEST_BODY + 1)).await, 413, "payload-too-large");
    // Others' problems are as they were.
    let other = api.get("/api/admin/customers/nobody").await.expect_problem(404, "not-found");
    assert!(other.body.get("success").is_none() && other.body.get("message").is_none(), "{other:?}");
}

#[tokio::test]
async fn a_key_that_is_taken_is_told_to_existing_clients() {
    let api = Api::new().await;
    // Nobody provisions here, so that the sign-up fails; and its key stays taken, as when a server dies before it gives
    // it back.
    api.sql("create rule stays as on delete to admin_idempotency_keys do instead nothing").await;
    is_told(post(&api, "once", sign_up("Acme").to_string()).await, 503, "provisioning-failed");
    is_told(post(&api, "once", sign_up("Another").to_string()).await, 422, "idempotency-key-reused");
    let again = post(&api, "once", sign_up("Acme").to_string()).await;
    let kind = again.text("type").rsplit('/').next().unwrap_or_default().to_owned();
    assert!(["idempotency-in-progress", "idempotency-outcome-unknown"].contains(&&*kind), "{again:?}");
    is_told(again, 409, &kind);
}
