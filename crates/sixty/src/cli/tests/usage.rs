//! `sixty usage`.

use axum::extract::RawQuery;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{serve, sixty};

fn row(named: Value, requests: u64) -> Value {
    let mut row = json!({
        "requests": requests, "successful": requests, "failed": 0, "avg_response_time_ms": 2.345,
        "p50_response_time_ms": 2, "p95_response_time_ms": 5, "p99_response_time_ms": 9, "max_response_time_ms": 12,
        "request_size_bytes": 0, "response_size_bytes": 100,
    });
    for (name, value) in named.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

async fn usage(RawQuery(query): RawQuery) -> Json<Value> {
    Json(json!({
        "from": query, "until": null, "total": row(json!({}), 3),
        "by_day": [row(json!({ "date": "2026-11-23" }), 3)],
        "by_key": [],
        "by_route": [row(json!({ "method": "GET", "endpoint": "/api/v1/deals" }), 2)],
        "by_status": [row(json!({ "status_code": 200 }), 3)],
        "by_outcome": [row(json!({ "outcome": null }), 1), row(json!({ "outcome": "ok" }), 2)],
    }))
}

#[tokio::test]
async fn usage_is_a_table_of_what_was_asked_for() {
    let url = serve(Router::new().route("/api/admin/usage", get(usage))).await;
    insta::assert_snapshot!(sixty(&url, "usage").await.whole(), @r"
    DAY         REQUESTS  FAILED  AVG MS  P50 MS  P95 MS  P99 MS  MAX MS
    2026-11-23  3         0       2.3     2       5       9       12
    --- notes
    3 requests, 0 of them failed; p50 2 ms, p95 5 ms, p99 9 ms
    --- code 0
    ");
    insta::assert_snapshot!(sixty(&url, "usage acme --by route").await.whole(), @r"
    METHOD  ROUTE          REQUESTS  FAILED  AVG MS  P50 MS  P95 MS  P99 MS  MAX MS
    GET     /api/v1/deals  2         0       2.3     2       5       9       12
    --- notes
    3 requests, 0 of them failed; p50 2 ms, p95 5 ms, p99 9 ms
    --- code 0
    ");
    insta::assert_snapshot!(sixty(&url, "usage acme --by outcome").await.results, @r"
    OUTCOME  REQUESTS  FAILED  AVG MS  P50 MS  P95 MS  P99 MS  MAX MS
    -        1         0       2.3     2       5       9       12
    ok       2         0       2.3     2       5       9       12
    ");
    insta::assert_snapshot!(sixty(&url, "usage acme --by key").await.whole(), @r"
    --- notes
    no requests
    --- code 0
    ");
    assert!(sixty(&url, "usage --by status").await.results.starts_with("STATUS"));
}

#[tokio::test]
async fn every_filter_is_sent() {
    let url = serve(Router::new().route("/api/admin/usage", get(usage))).await;
    let line = "usage acme --key 1 --route /api/v1/deals/{id} --status 429 --outcome rate-limited --from 2026-11-01 --until 2026-12-01T12:00:00Z --json";
    let ran = sixty(&url, line).await;
    let answer: Value = serde_json::from_str(&ran.results).unwrap();
    let query = answer["from"].as_str().unwrap();
    for sent in [
        "customer=acme",
        "api_key_id=1",
        "endpoint=%2Fapi%2Fv1%2Fdeals%2F%7Bid%7D",
        "status_code=429",
        "outcome=rate-limited",
        "created_at%5Bgte%5D=2026-11-01T00%3A00%3A00Z",
        "created_at%5Blt%5D=2026-12-01T12%3A00%3A00Z",
    ] {
        assert!(query.split('&').any(|part| part == sent), "{sent} in {query}");
    }
}
