//! What Prometheus is told, on a port of its own.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use system_tests::{Customer, Stack};
use testkit::wait_for;

pub(super) async fn story(stack: &Stack, customer: &Customer, port: u16) {
    customer.api.get("/api/v1/contacts").await.expect(200);
    let large = json!({ "first_name": "x".repeat(2 * 1024 * 1024) });
    customer.api.post("/api/v1/contacts", &large).await.expect_problem(413, "payload-too-large");
    let again =
        || customer.api.request(Method::POST, "/api/v1/contacts").header("Idempotency-Key", "numbers");
    for status in [201, 201, 422] {
        let name = if status == 201 { "Ada" } else { "Ann" };
        customer.api.send(again().json(&json!({ "first_name": name }))).await.expect(status);
    }
    stack.operator.anonymous().get("/metrics").await.expect_problem(404, "not-found");
    stack.operator.anonymous().get("/api/v1/contacts").await.expect_problem(401, "unauthenticated");
    let url = format!("http://127.0.0.1:{port}/metrics");
    let text = reqwest::get(&url).await.unwrap().text().await.unwrap();
    for name in [
        "sixty_requests_total{route=\"GET /api/v1/contacts\",outcome=\"ok\"}",
        "sixty_requests_total{route=\"POST /api/v1/contacts\",outcome=\"payload-too-large\"}",
        "sixty_requests_total{route=\"GET /api/v1/contacts\",outcome=\"key-missing\"}",
        "sixty_idempotent_requests_total{outcome=\"new\"} 1",
        "sixty_idempotent_requests_total{outcome=\"replayed\"} 1",
        "sixty_idempotent_requests_total{outcome=\"reused\"} 1",
        "sixty_customer_requests_total{customer=\"acme\"}",
        "sixty_request_seconds_bucket{route=\"GET /api/v1/contacts\",le=\"0.005\"}",
        "sixty_request_step_seconds_count{step=\"authenticate\"}",
        "sixty_directory_feed_live 1",
        "sixty_directory_remembered{of=\"keys\"}",
        "sixty_directory_questions_total",
        "sixty_directory_last_resorts_total 0",
        "sixty_limits_redis_reachable 1",
        "sixty_usage_lag_seconds",
        "sixty_usage_unsynced_seconds",
        "sixty_usage_in_memory_records 0",
        "sixty_usage_spool_limit_bytes 33554432",
        "sixty_usage_memory_limit_records 5000",
        "sixty_usage_adopted_spools 0",
        "sixty_usage_refused_total 0",
        "sixty_usage_damaged_bytes_total 0",
        "sixty_customer_connections",
    ] {
        assert!(text.contains(name), "no {name} in:\n{text}");
    }
    assert!(!text.contains(&customer.key), "a key among the numbers");
    // The worker looks at what instances show, and the server asks what it saw.
    wait_for("it is known when certificates end", Duration::from_secs(60), async || {
        let text = reqwest::get(&url).await.unwrap().text().await.unwrap();
        ["instances", "instances_authority"].iter().all(|of| {
            let name = format!("sixty_certificate_expires_timestamp_seconds{{of=\"{of}\"}} 1");
            text.contains(&name)
        })
    })
    .await;
}
