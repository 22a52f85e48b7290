//! Feature modules: what is effective and why, overrides, limits, and the way back to the plan.

use axum::body::Body;
use chrono::{TimeDelta, Utc};
use customers::modules::expire_module_overrides;
use domain::{AuditAction, Plan};
use http::Method;
use serde_json::{Value, json};

use super::{Answer, Api};

fn path(key: &str) -> String {
    format!("/api/admin/customers/acme/modules/{key}")
}

async fn set(api: &Api, key: &str, body: Value) -> Answer {
    api.ask(Method::PUT, &path(key), &body).await
}

async fn reset(api: &Api, key: &str) -> Answer {
    api.send(api.request(Method::DELETE, &path(key)).body(Body::empty()).unwrap()).await
}

async fn listed(api: &Api, key: &str) -> Value {
    let listing = api.get("/api/admin/customers/acme/modules").await.expect(200).body;
    let found = listing["data"].as_array().unwrap().iter().find(|module| module["module_key"] == key);
    found.unwrap().clone()
}

#[tokio::test]
async fn the_list_says_what_is_so_and_why() {
    let api = Api::new().await;
    api.customer("acme", Plan::Pro).await;
    let core = listed(&api, "crm_core").await;
    assert_eq!(
        (&core["enabled"], &core["source"], &core["refusal"]),
        (&json!(true), &json!("always"), &Value::Null)
    );
    let planned = listed(&api, "workflow_automation").await;
    assert_eq!((&planned["enabled"], &planned["source"]), (&json!(true), &json!("plan")));
    let missing = listed(&api, "ai_assistant").await;
    assert_eq!((&missing["enabled"], &missing["source"]), (&json!(false), &json!("plan")));
    assert!(missing["refusal"].as_str().unwrap().contains("enterprise"), "{missing}");

    set(&api, "workflow_automation", json!({ "enabled": false, "reason": "abuse" })).await.expect(200);
    let off = listed(&api, "workflow_automation").await;
    assert_eq!(
        (&off["source"], &off["refusal"]),
        (&json!("override"), &json!("It was turned off for this customer: abuse"))
    );
    api.sql("update admin_feature_modules set is_active = false where module_key = 'calendar_integration'")
        .await;
    let gone = listed(&api, "calendar_integration").await;
    assert_eq!((&gone["enabled"], &gone["source"]), (&json!(false), &json!("not_offered")));
}

#[tokio::test]
async fn an_override_has_an_end_a_reason_and_a_limit() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let body = json!({
        "enabled": true, "expires_at": "2999-01-01T00:00:00Z", "reason": "a trial", "usage_limit": 100,
        "reset_date": "2999-02-01T00:00:00Z", "without_redis": "closed",
    });
    let on = set(&api, "ai_assistant", body.clone()).await.expect(200).body;
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&on[field], value, "{field}");
    }
    assert_eq!((&on["source"], &on["usage_count"]), (&json!("override"), &json!(0)));
    // An older client knows nothing of limits.
    let again = set(&api, "ai_assistant", json!({ "enabled": true })).await.expect(200).body;
    assert_eq!((&again["usage_limit"], &again["expires_at"]), (&json!(100), &Value::Null));
    assert_eq!(again["without_redis"], "closed");
    let unlimited =
        json!({ "enabled": true, "usage_limit": null, "reset_date": null, "without_redis": null });
    let unlimited = set(&api, "ai_assistant", unlimited).await.expect(200).body;
    assert_eq!((&unlimited["usage_limit"], &unlimited["reset_date"]), (&Value::Null, &Value::Null));
    assert_eq!(unlimited["without_redis"], Value::Null);

    assert_eq!(api.audits(AuditAction::ModuleEnabled).await.len(), 1);
    let changes = api.audits(AuditAction::ModuleChanged).await;
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert_eq!((&changes[0].1["usage_limit"], &changes[0].2["usage_limit"]), (&json!(100), &Value::Null));
    assert_eq!(
        (&changes[0].1["without_redis"], &changes[0].2["without_redis"]),
        (&json!("closed"), &Value::Null)
    );
    set(&api, "ai_assistant", json!({ "enabled": true })).await.expect(200);
    assert_eq!(api.audits(AuditAction::ModuleChanged).await.len(), 2, "nothing changed, nothing to tell");
    // The core may be limited, never ended.
    set(&api, "crm_core", json!({ "enabled": true, "usage_limit": 5 })).await.expect(200);
    let refused =
        set(&api, "crm_core", json!({ "enabled": true, "expires_at": "2999-01-01T00:00:00Z" })).await;
    assert_eq!(refused.wrong_fields(), ["/expires_at"]);
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    for (wrong, field) in [
        (json!({}), "/enabled"),
        (json!({ "enabled": "yes" }), "/enabled"),
        (json!({ "enabled": null }), "/enabled"),
        (json!({ "enabled": true, "usage_limit": -1 }), "/usage_limit"),
        (json!({ "enabled": true, "usage_limit": 1.5 }), "/usage_limit"),
        (json!({ "enabled": true, "usage_limit": "many" }), "/usage_limit"),
        (json!({ "enabled": true, "usage_limit": 9_223_372_036_854_775_808_u64 }), "/usage_limit"),
        (json!({ "enabled": true, "reset_date": "2020-01-01T00:00:00Z" }), "/reset_date"),
        (json!({ "enabled": true, "expires_at": "2020-01-01T00:00:00Z" }), "/expires_at"),
        (json!({ "enabled": true, "reason": " " }), "/reason"),
        (json!({ "enabled": true, "reason": "x".repeat(501) }), "/reason"),
        (json!({ "enabled": true, "without_redis": "shut" }), "/without_redis"),
        (json!({ "enabled": true, "limit": 5 }), "/limit"),
    ] {
        let refused = set(&api, "ai_assistant", wrong.clone()).await;
        assert_eq!(refused.wrong_fields(), [field], "{wrong}");
    }
    let not_text =
        api.request(Method::PUT, &path("ai_assistant")).body(Body::from(&b"{\"reason\": \"\xff\"}"[..]));
    api.send(not_text.unwrap()).await.expect(400);
    set(&api, "teleport", json!({ "enabled": true })).await.expect_problem(404, "not-found");
    reset(&api, "teleport").await.expect_problem(404, "not-found");
    set(&api, "a%00b", json!({ "enabled": true })).await.expect(404);
    set(&api, "crm_core", json!({ "enabled": false })).await.expect_problem(409, "conflict");
    let nobody = "/api/admin/customers/nobody/modules/ai_assistant";
    api.ask(Method::PUT, nobody, &json!({ "enabled": true })).await.expect_problem(404, "not-found");
    api.ask(Method::DELETE, nobody, &json!({})).await.expect_problem(404, "not-found");
    assert_eq!(api.count("admin_customer_modules").await, 0);
}

#[tokio::test]
async fn a_module_goes_back_to_what_the_plan_says() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await;
    let other = api.customer("other", Plan::Starter).await;
    set(&api, "ai_assistant", json!({ "enabled": true, "usage_limit": 9, "reason": "gift" }))
        .await
        .expect(200);
    let back = reset(&api, "ai_assistant").await.expect(200).body;
    assert_eq!(
        (&back["enabled"], &back["source"], &back["reason"]),
        (&json!(false), &json!("plan"), &Value::Null)
    );
    assert_eq!(back["usage_limit"], 9, "a limit stays");
    let audits = api.audits(AuditAction::ModuleDisabled).await;
    assert_eq!(audits.len(), 1);
    assert_eq!((&audits[0].1["source"], &audits[0].2["source"]), (&json!("override"), &json!("plan")));
    reset(&api, "ai_assistant").await.expect(200);
    reset(&api, "custom_fields").await.expect(200);
    assert_eq!(api.audits(AuditAction::ModuleDisabled).await.len(), 1, "nothing changed, nothing to tell");
    assert!(api.audits(AuditAction::ModuleChanged).await.is_empty());

    // An override that says what the plan says is one all the same, until it is taken back.
    set(&api, "advanced_pipeline", json!({ "enabled": true })).await.expect(200);
    assert_eq!(listed(&api, "advanced_pipeline").await["source"], "override");
    assert_eq!(reset(&api, "advanced_pipeline").await.expect(200).body["source"], "plan");
    let client = api.catalog.client().await.unwrap();
    let theirs = catalog::modules::of_customer(&client, other).await.unwrap();
    assert!(theirs.iter().all(|module| module.source != catalog::modules::ModuleSource::Override));
    assert!(catalog::modules::is_enabled(&client, acme, "advanced_pipeline").await.unwrap());
}

#[tokio::test]
async fn an_override_that_ran_out_is_taken_back_by_the_worker() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await;
    let soon = Utc::now() + TimeDelta::hours(1);
    set(&api, "ai_assistant", json!({ "enabled": true, "expires_at": soon, "reason": "a trial" }))
        .await
        .expect(200);
    set(&api, "advanced_pipeline", json!({ "enabled": false, "expires_at": soon })).await.expect(200);
    let limited = json!({ "enabled": true, "usage_limit": 5, "reset_date": soon });
    set(&api, "custom_fields", limited).await.expect(200);
    assert_eq!(expire_module_overrides(&api.control_plane).await.unwrap(), 0, "nothing is due");
    api.sql(
        "update admin_customer_modules set usage_count = 5,
             expires_at = expires_at - interval '2 hours', reset_date = reset_date - interval '2 hours'",
    )
    .await;
    // What is so doesn't wait for the worker.
    let over = listed(&api, "ai_assistant").await;
    assert_eq!((&over["enabled"], &over["source"]), (&json!(false), &json!("plan")));
    assert!(over["refusal"].as_str().unwrap().contains("was on until"), "{over}");
    assert_eq!(listed(&api, "advanced_pipeline").await["enabled"], true);
    assert_eq!(listed(&api, "custom_fields").await["usage_count"], 0);

    assert_eq!(expire_module_overrides(&api.control_plane).await.unwrap(), 3);
    assert_eq!(expire_module_overrides(&api.control_plane).await.unwrap(), 0);
    let client = api.catalog.client().await.unwrap();
    let on = "select array_agg(module_key order by module_key) from admin_customer_modules held
              join admin_feature_modules module on module.id = module_id where customer_id = $1 and enabled";
    let on: Vec<String> = client.query_one(on, &[&acme.uuid()]).await.unwrap().get(0);
    assert_eq!(on, ["advanced_pipeline", "custom_fields"], "for those who read the table");
    for (action, key) in [
        (AuditAction::ModuleDisabled, "ai_assistant"),
        (AuditAction::ModuleEnabled, "advanced_pipeline"),
        (AuditAction::ModuleChanged, "custom_fields"),
    ] {
        let audits = api.audits(action).await;
        assert_eq!(audits[0].0, key, "{audits:?}");
    }
    let counted = &api.audits(AuditAction::ModuleChanged).await[0];
    assert_eq!((&counted.1["usage_count"], &counted.2["usage_count"]), (&json!(5), &json!(0)));
}
