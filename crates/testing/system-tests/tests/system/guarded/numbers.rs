//! What Prometheus is told, on a port of its own.

use system_tests::{Customer, Stack};

pub(super) async fn story(stack: &Stack, customer: &Customer, port: u16) {
    customer.api.get("/api/v1/contacts").await.expect(200);
    stack.operator.anonymous().get("/metrics").await.expect_problem(404, "not-found");
    let text = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.unwrap().text().await.unwrap();
    for name in [
        "sixty_requests_total{route=\"GET /api/v1/contacts\",outcome=\"ok\"}",
        "sixty_requests_total{route=\"POST /api/v1/contacts\",outcome=\"payload-too-large\"}",
        "sixty_customer_requests_total{customer=\"acme\"}",
        "sixty_request_seconds_bucket{route=\"GET /api/v1/contacts\",le=\"0.005\"}",
        "sixty_request_step_seconds_count{step=\"authenticate\"}",
        "sixty_directory_feed_live 1",
        "sixty_limits_redis_reachable 1",
        "sixty_usage_lag_seconds",
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
}
