//! `sixty module`.

use axum::extract::Path;
use axum::routing::{get, patch, put};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::{serve, sixty};

fn module(key: &str, enabled: bool, source: &str) -> Value {
    json!({
        "module_key": key, "name": key, "enabled": enabled, "source": source, "refusal": null, "expires_at": null,
        "reason": null, "usage_limit": null, "usage_count": 0, "reset_date": null,
    })
}

#[tokio::test]
async fn the_list_says_why() {
    let listing = || async {
        let mut trial = module("ai_assistant", true, "override");
        trial["expires_at"] = "2026-12-23T15:00:00Z".into();
        trial["reason"] = "a trial".into();
        trial["usage_limit"] = 100.into();
        trial["usage_count"] = 7.into();
        let mut missing = module("custom_fields", false, "plan");
        missing["refusal"] = "The pro plan doesn't have it; the smallest that does is enterprise.".into();
        Json(json!({ "data": [module("crm_core", true, "always"), trial, missing], "next_cursor": null }))
    };
    let url = serve(Router::new().route("/api/admin/customers/acme/modules", get(listing))).await;
    insta::assert_snapshot!(sixty(&url, "module list acme").await.whole(), @r"
    MODULE         NAME           ENABLED  BY        EXPIRES           USED      WHY
    crm_core       crm_core       yes      always    -                 -         -
    ai_assistant   ai_assistant   yes      override  2026-12-23 15:00  7 of 100  a trial
    custom_fields  custom_fields  no       plan      -                 -         The pro plan doesn't have it; the smallest that does is enterprise.
    --- notes
    --- code 0
    ");
}

#[tokio::test]
async fn modules_are_changed_by_what_is_given_and_nothing_else() {
    let set = |Path(key): Path<String>, Json(body): Json<Value>| async move {
        let mut answer = module(&key, body["enabled"].as_bool().unwrap(), "override");
        answer["reason"] = body.to_string().into();
        Json(answer)
    };
    let reset = |Path(key): Path<String>| async move { Json(module(&key, false, "plan")) };
    let path = "/api/admin/customers/acme/modules/{module}";
    let url = serve(Router::new().route(path, put(set).delete(reset))).await;
    for (line, body) in [
        ("enable acme api_access", json!({ "enabled": true })),
        (
            "enable acme api_access --reason asked --usage-limit 50",
            json!({ "enabled": true, "reason": "asked", "usage_limit": 50 }),
        ),
        (
            "enable acme api_access --usage-limit none --reset-at never",
            json!({ "enabled": true, "usage_limit": null, "reset_date": null }),
        ),
        (
            "enable acme api_access --reset-at 2027-01-01",
            json!({ "enabled": true, "reset_date": "2027-01-01T00:00:00Z" }),
        ),
        (
            "enable acme api_access --without-redis closed",
            json!({ "enabled": true, "without_redis": "closed" }),
        ),
        ("enable acme api_access --without-redis default", json!({ "enabled": true, "without_redis": null })),
        ("disable acme api_access", json!({ "enabled": false })),
    ] {
        let ran = sixty(&url, &format!("module {line} --json")).await;
        let answer: Value = serde_json::from_str(&ran.results).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(answer["reason"].as_str().unwrap()).unwrap(),
            body,
            "{line}"
        );
    }
    insta::assert_snapshot!(sixty(&url, "module enable acme api_access").await.whole(), @r"
    api_access is on for acme.
    --- notes
    --- code 0
    ");
    insta::assert_snapshot!(sixty(&url, "module reset acme api_access").await.whole(), @r"
    api_access is off for acme, as the plan says.
    --- notes
    --- code 0
    ");
}

#[tokio::test]
async fn the_price_list_is_changed_by_what_is_given() {
    let change = |Path(key): Path<String>, Json(body): Json<Value>| async move {
        assert_eq!(body, json!({ "base_price_monthly": "59.99", "is_active": false }));
        Json(json!({
            "module_key": key, "name": "AI Assistant", "description": null, "base_price_monthly": "59.99",
            "base_price_annual": "499.99", "currency": "USD", "enabled_by_default": false, "is_active": false,
        }))
    };
    let url = serve(Router::new().route("/api/admin/modules/{module_key}", patch(change))).await;
    let command = "module price ai_assistant --monthly 59.99 --on-sale false";
    insta::assert_snapshot!(sixty(&url, command).await.whole(), @r"
    ai_assistant costs 59.99 USD a month, 499.99 USD a year, and is not on sale.
    --- notes
    --- code 0
    ");
}
