//! `sixty limit`.

use axum::extract::RawQuery;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{serve, sixty};

#[tokio::test]
async fn limits_are_listed_set_and_removed() {
    let listing = || async {
        Json(json!({ "next_cursor": null, "data": [
            { "route": null, "requests": 12000, "period": "minute", "without_redis": null, "reason": "ticket 9" },
            { "route": "POST /api/v1/deals", "requests": null, "period": null, "without_redis": "open", "reason": null },
        ] }))
    };
    // Answers with what it was asked for.
    let set = |Json(body): Json<Value>| async { Json(body) };
    let remove = |RawQuery(query): RawQuery| async move {
        assert_eq!(query.as_deref(), Some("route=%2Fdeals"));
        axum::http::StatusCode::NO_CONTENT
    };
    let path = "/api/admin/customers/acme/limits";
    let url = serve(Router::new().route(path, get(listing).put(set).delete(remove))).await;
    insta::assert_snapshot!(sixty(&url, "limit list acme").await.whole(), @r"
    ROUTE               LIMIT         WITHOUT REDIS  WHY
    all                 12000/minute  -              ticket 9
    POST /api/v1/deals  none          open           -
    --- notes
    --- code 0
    ");
    let everybodys = || async {
        Json(json!({ "next_cursor": null, "data": [
            { "customer_uuid": "0192", "customer_id": "acme", "customer_name": "Acme", "route": null,
              "requests": 12000, "period": "minute", "without_redis": null, "reason": "ticket 9" },
        ] }))
    };
    let all = serve(Router::new().route("/api/admin/limits", get(everybodys))).await;
    insta::assert_snapshot!(sixty(&all, "limit list").await.whole(), @r"
    CUSTOMER  ROUTE  LIMIT         WITHOUT REDIS  WHY
    acme      all    12000/minute  -              ticket 9
    --- notes
    --- code 0
    ");
    for (line, body) in [
        (
            "limit set acme 6000/minute",
            json!({ "route": null, "requests": 6000, "period": "minute", "without_redis": null, "reason": null }),
        ),
        (
            "limit set acme none --without-redis closed --reason big",
            json!({ "route": null, "requests": null, "period": null, "without_redis": "closed", "reason": "big" }),
        ),
    ] {
        let ran = sixty(&url, &format!("{line} --json")).await;
        assert_eq!(serde_json::from_str::<Value>(&ran.results).unwrap(), body, "{line}");
    }
    insta::assert_snapshot!(sixty(&url, "limit remove acme --route /deals").await.whole(), @r"
    What the configuration says holds for acme again (routes: /deals).
    --- notes
    --- code 0
    ");
    insta::assert_snapshot!(sixty(&url, "limit set acme 10/hour").await.whole(), @r"
    The limit of acme is 10/hour (routes: all).
    --- notes
    --- code 0
    ");
}
