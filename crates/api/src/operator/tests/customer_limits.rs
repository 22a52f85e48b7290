//! Limits of single customers: set, changed, taken away, and by whom.

use axum::body::Body;
use domain::{AuditAction, Plan};
use http::Method;
use serde_json::{Value, json};

use super::{Answer, Api};

const ACME: &str = "/api/admin/customers/acme/limits";

async fn set(api: &Api, body: Value) -> Answer {
    api.ask(Method::PUT, ACME, &body).await
}

async fn remove(api: &Api, path: &str) -> Answer {
    api.send(api.request(Method::DELETE, path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_customer_has_limits_of_their_own_until_they_are_taken_away() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    api.customer("other", Plan::Starter).await;
    assert_eq!(api.get(ACME).await.expect(200).body["data"], json!([]));
    let all = json!({ "requests": 12000, "period": "minute", "reason": "ticket 9" });
    let made = set(&api, all.clone()).await.expect(200).body;
    assert_eq!(
        (&made["route"], &made["requests"], &made["period"], &made["without_redis"], &made["reason"]),
        (&Value::Null, &json!(12000), &json!("minute"), &Value::Null, &json!("ticket 9"))
    );
    let route =
        json!({ "route": "POST /api/v1/deals", "requests": 10, "period": "hour", "without_redis": "closed" });
    set(&api, route.clone()).await.expect(200);
    // Without limit, in place of the ten.
    let free = set(&api, json!({ "route": "POST /api/v1/deals" })).await.expect(200).body;
    assert_eq!((&free["requests"], &free["period"]), (&Value::Null, &Value::Null));
    set(&api, all).await.expect(200);
    let listed = api.get(ACME).await.expect(200).body;
    let routes: Vec<_> = listed["data"].as_array().unwrap().iter().map(|limit| &limit["route"]).collect();
    assert_eq!(routes, [&Value::Null, &json!("POST /api/v1/deals")]);
    assert_eq!(api.get("/api/admin/customers/other/limits").await.expect(200).body["data"], json!([]));

    let audits = api.audits(AuditAction::CustomerUpdated).await;
    assert_eq!(audits.len(), 3, "nothing changed, nothing to tell: {audits:?}");
    assert_eq!((&audits[0].1["requests"], &audits[0].2["requests"]), (&json!(10), &Value::Null));
    remove(&api, &format!("{ACME}?route=POST%20/api/v1/deals")).await.expect(204);
    remove(&api, &format!("{ACME}?route=POST%20/api/v1/deals")).await.expect_problem(404, "not-found");
    remove(&api, "/api/admin/customers/other/limits").await.expect_problem(404, "not-found");
    remove(&api, ACME).await.expect(204);
    assert_eq!(api.count("admin_customer_limits").await, 0);
    assert_eq!(api.audits(AuditAction::CustomerUpdated).await.len(), 5);
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_changes_nothing() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    for (wrong, field) in [
        (json!({ "requests": -1, "period": "hour" }), "/requests"),
        (json!({ "requests": 1_000_000_000_001_i64, "period": "hour" }), "/requests"),
        (json!({ "requests": 5 }), "/period"),
        (json!({ "period": "hour" }), "/period"),
        (json!({ "requests": 5, "period": "week" }), "/period"),
        (json!({ "requests": 5, "period": "hour", "without_redis": "shut" }), "/without_redis"),
        (json!({ "requests": 5, "period": "hour", "reason": " " }), "/reason"),
        (json!({ "requests": 5, "period": "hour", "route": "POST /api/v1/nothing" }), "/route"),
        (json!({ "requests": 5, "period": "hour", "route": "" }), "/route"),
        (json!({ "requests": 5, "period": "hour", "key": "x" }), "/key"),
    ] {
        assert_eq!(set(&api, wrong.clone()).await.wrong_fields(), [field], "{wrong}");
    }
    let limit = json!({ "requests": 5, "period": "hour" });
    api.ask(Method::PUT, "/api/admin/customers/nobody/limits", &limit).await.expect_problem(404, "not-found");
    api.get("/api/admin/customers/nobody/limits").await.expect_problem(404, "not-found");
    assert_eq!(api.get(&format!("{ACME}?all=true")).await.wrong_fields(), ["all"]);
    assert_eq!(api.count("admin_customer_limits").await, 0);
}

#[tokio::test]
async fn who_has_a_limit_of_their_own_is_listed_over_all_customers() {
    let api = Api::new().await;
    for slug in ["acme", "other", "third"] {
        api.customer(slug, Plan::Starter).await;
    }
    assert_eq!(api.get("/api/admin/limits").await.expect(200).body["data"], json!([]));
    let limit = json!({ "requests": 5, "period": "hour", "reason": "ticket 9" });
    set(&api, limit.clone()).await.expect(200);
    set(&api, json!({ "route": "POST /api/v1/deals" })).await.expect(200);
    api.ask(Method::PUT, "/api/admin/customers/other/limits", &limit).await.expect(200);
    let named =
        |row: &Value| (row["customer_id"].clone(), row["customer_name"].clone(), row["route"].clone());
    let first = api.get("/api/admin/limits?limit=2").await.expect(200).body;
    let shown: Vec<_> = first["data"].as_array().unwrap().iter().map(named).collect();
    assert_eq!(
        shown,
        [
            (json!("acme"), json!("acme Inc."), Value::Null),
            (json!("acme"), json!("acme Inc."), json!("POST /api/v1/deals")),
        ]
    );
    assert_eq!((&first["data"][0]["requests"], &first["data"][1]["requests"]), (&json!(5), &Value::Null));
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = api.get(&format!("/api/admin/limits?cursor={cursor}")).await.expect(200).body;
    let shown: Vec<_> = rest["data"].as_array().unwrap().iter().map(named).collect();
    assert_eq!(shown, [(json!("other"), json!("other Inc."), Value::Null)]);
    assert_eq!(rest["next_cursor"], Value::Null);
    // A cursor of another list isn't taken.
    let others = api.get("/api/admin/customers?limit=1").await.expect(200).body;
    let cursor = others["next_cursor"].as_str().unwrap();
    assert_eq!(api.get(&format!("/api/admin/limits?cursor={cursor}")).await.wrong_fields(), ["cursor"]);
}
