//! The price list: changed by who may, and heard of by every server.

use std::time::Duration;

use catalog::CUSTOMER_CHANGED;
use domain::operator::{Actor, Credential};
use domain::{AuditAction, Plan, Role};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Api};

async fn change(api: &Api, key: &str, body: Value) -> Answer {
    api.ask(Method::PATCH, &format!("/api/admin/modules/{key}"), &body).await
}

#[tokio::test]
async fn prices_change_one_module_and_are_told_in_the_log() {
    let api = Api::new().await;
    let before = api.get("/api/admin/modules").await.expect(200).body;
    let changed =
        change(&api, "ai_assistant", json!({ "base_price_monthly": "59.5", "base_price_annual": "0" })).await;
    let changed = changed.expect(200).body;
    assert_eq!(
        (&changed["base_price_monthly"], &changed["base_price_annual"]),
        (&json!("59.50"), &json!("0.00"))
    );
    assert_eq!(changed["is_active"], true);
    let after = api.get("/api/admin/modules").await.expect(200).body;
    for (old, new) in before["data"].as_array().unwrap().iter().zip(after["data"].as_array().unwrap()) {
        let is_it = old["module_key"] == "ai_assistant";
        assert_eq!(old == new, !is_it, "{new}");
    }
    let rows = api.audits(AuditAction::ModuleChanged).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].0.as_str(), &rows[0].1["base_price_monthly"]), ("ai_assistant", &json!("49.99")));
    assert_eq!(rows[0].2["base_price_monthly"], "59.50");
    change(&api, "ai_assistant", json!({ "base_price_monthly": "59.50" })).await.expect(200);
    change(&api, "ai_assistant", json!({})).await.expect(200);
    assert_eq!(api.audits(AuditAction::ModuleChanged).await.len(), 1, "nothing changed, nothing to tell");
}

#[tokio::test]
async fn what_is_taken_off_sale_nobody_has() {
    let api = Api::new().await;
    api.customer("acme", Plan::Enterprise).await;
    let has = async || {
        let modules = api.get("/api/admin/customers/acme").await.expect(200).body["modules"].clone();
        modules.as_array().unwrap().contains(&json!("ai_assistant"))
    };
    assert!(has().await);
    let mut listener = api.catalog.listen(&[CUSTOMER_CHANGED]).await.unwrap();
    change(&api, "ai_assistant", json!({ "is_active": false })).await.expect(200);
    let heard = tokio::time::timeout(Duration::from_secs(20), listener.next()).await.unwrap().unwrap();
    assert_eq!(heard.payload, "*", "it concerns everybody");
    assert!(!has().await);
    change(&api, "ai_assistant", json!({ "is_active": true })).await.expect(200);
    assert!(has().await);
    change(&api, "crm_core", json!({ "is_active": false })).await.expect_problem(409, "conflict");
    change(&api, "crm_core", json!({ "base_price_monthly": "1" })).await.expect(200);
}

#[tokio::test]
async fn nonsense_is_refused_and_so_is_who_may_not() {
    let mut api = Api::new().await;
    for (wrong, field) in [
        (json!({ "base_price_monthly": "-1" }), "/base_price_monthly"),
        (json!({ "base_price_annual": "1.999" }), "/base_price_annual"),
        (json!({ "base_price_monthly": "100000000" }), "/base_price_monthly"),
        (json!({ "base_price_monthly": 5 }), "/base_price_monthly"),
        (json!({ "base_price_monthly": null }), "/base_price_monthly"),
        (json!({ "is_active": "no" }), "/is_active"),
        (json!({ "module_name": "X" }), "/module_name"),
    ] {
        assert_eq!(change(&api, "ai_assistant", wrong.clone()).await.wrong_fields(), [field], "{wrong}");
    }
    change(&api, "teleport", json!({ "is_active": true })).await.expect_problem(404, "not-found");
    for role in [Role::Billing, Role::Support, Role::ReadOnly] {
        api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Session(Uuid::nil()), role.rights()));
        let refused = change(&api, "ai_assistant", json!({ "base_price_monthly": "0" })).await;
        let refused = refused.expect_problem(403, "operator-permission-missing");
        assert_eq!(refused.body["roles"], json!(["owner", "admin"]));
    }
    assert!(api.audits(AuditAction::ModuleChanged).await.is_empty());
}
