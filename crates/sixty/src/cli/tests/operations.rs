//! Signing up and watching: everything that waits for an operation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{OPERATION, customer, operation, serve, sixty};

/// A stream of the operation's states.
fn events(states: &[Value]) -> impl IntoResponse + use<> {
    let body: String = states.iter().map(|state| format!("event: operation\ndata: {state}\n\n")).collect();
    ([(header::CONTENT_TYPE, "text/event-stream")], body)
}

/// A server where a sign-up goes through these states. Each inner list is a stream that then breaks off.
fn signing_up(streams: Vec<Vec<Value>>) -> Router {
    let begun = json!({
        "customer": { "id": "0190a0a0-0000-7000-8000-00000000000a", "customer_id": "acme", "modules": [] },
        "api_key": { "id": "0190a0a0-0000-7000-8000-00000000000d", "key": "sk_secret", "prefix": "sk_s" },
        "operation": operation("queued", &[]),
    });
    let next = Arc::new(AtomicUsize::new(0));
    let stream =
        move || async move { events(&streams[next.fetch_add(1, Ordering::SeqCst).min(streams.len() - 1)]) };
    Router::new()
        .route("/api/admin/customers", post(|| async { Json(begun) }))
        .route("/api/admin/customers/acme", get(|| async { Json(customer("acme")) }))
        .route(&format!("/api/admin/operations/{OPERATION}/events"), get(stream))
}

const CREATE: &str = "customer create acme --name Acme --email a@acme.example --plan pro";

fn states(last: &str) -> Vec<Value> {
    vec![
        operation("queued", &[("prepare instance", "pending")]),
        operation("running", &[("prepare instance", "running")]),
        operation(last, &[("prepare instance", "succeeded"), ("configure roles", "succeeded")]),
    ]
}

#[tokio::test]
async fn a_sign_up_ends_with_the_key() {
    let url = serve(signing_up(vec![states("succeeded")])).await;
    insta::assert_snapshot!(sixty(&url, CREATE).await.whole(), @r"
    customer  acme
    id        0190a0a0-0000-7000-8000-00000000000a
    database  customer_acme
    address   localhost:5434
    API key   sk_secret
    --- notes
    The key is shown here and never again: keep it now.
    --- code 0
    ");
    let ran = sixty(&url, &format!("{CREATE} --json")).await;
    let document: Value = serde_json::from_str(&ran.results).unwrap();
    assert_eq!(document["api_key"]["key"], "sk_secret");
    assert_eq!(document["operation"]["status"], "succeeded");
}

#[tokio::test]
async fn without_waiting_the_operation_is_named() {
    let url = serve(signing_up(vec![states("succeeded")])).await;
    insta::assert_snapshot!(sixty(&url, &format!("{CREATE} --no-wait")).await.whole(), @r"
    customer  acme
    id        0190a0a0-0000-7000-8000-00000000000a
    API key   sk_secret
    --- notes
    The key is shown here and never again: keep it now.
    The customer is not ready yet; the key works when they are.
    follow it: sixty operation watch 0190a0a0-0000-7000-8000-00000000000b
    --- code 0
    ");
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_taken_up_again() {
    let mut first = states("succeeded");
    first.truncate(2);
    let url = serve(signing_up(vec![first, states("succeeded")])).await;
    let ran = sixty(&url, &format!("operation watch {OPERATION}")).await;
    insta::assert_snapshot!(ran.whole(), @r"
    ✓ prepare instance (250 ms)
    ✓ configure roles (250 ms)
    customer_create acme succeeded after 2.0 s
    --- notes
    --- code 0
    ");
}

#[tokio::test]
async fn watching_as_json_is_a_document_a_line() {
    let url = serve(signing_up(vec![states("succeeded")])).await;
    let ran = sixty(&url, &format!("operation watch {OPERATION} --json")).await;
    let statuses: Vec<Value> = ran
        .results
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["status"].clone())
        .collect();
    assert_eq!(statuses, ["queued", "running", "succeeded"]);
}

#[tokio::test]
async fn a_dead_operation_has_a_code_and_a_way_on() {
    let url = serve(signing_up(vec![states("dead")])).await;
    insta::assert_snapshot!(sixty(&url, CREATE).await.whole(), @r"
    customer  acme
    id        0190a0a0-0000-7000-8000-00000000000a
    API key   sk_secret
    --- notes
    The key is shown here and never again: keep it now.
    The customer is not ready yet; the key works when they are.
    follow it: sixty operation watch 0190a0a0-0000-7000-8000-00000000000b
    error: operation 0190a0a0-0000-7000-8000-00000000000b ended as dead: the disk is full
    hint: mend the cause, then: sixty operation retry 0190a0a0-0000-7000-8000-00000000000b
    --- code 7
    ");
    // Of a canceled sign-up nothing is left, not even the key.
    let url = serve(signing_up(vec![states("canceled")])).await;
    let ran = sixty(&url, CREATE).await;
    assert_eq!((ran.code, ran.results.as_str()), (7, ""));
}

#[tokio::test]
async fn an_operation_is_shown_with_its_steps() {
    let answer = || async {
        Json(operation("running", &[("prepare instance", "succeeded"), ("configure roles", "running")]))
    };
    let url = serve(Router::new().route(&format!("/api/admin/operations/{OPERATION}"), get(answer))).await;
    insta::assert_snapshot!(sixty(&url, &format!("operation show {OPERATION}")).await.whole(), @r"
    id        0190a0a0-0000-7000-8000-00000000000b
    kind      customer_create
    customer  acme
    status    running
    attempts  1
    created   2026-11-23 15:00
    took      -

    STEP              STATUS     TOOK    DETAIL
    prepare instance  succeeded  250 ms  -
    configure roles   running    -       -
    --- notes
    --- code 0
    ");
}
