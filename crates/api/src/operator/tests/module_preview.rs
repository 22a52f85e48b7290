//! What a change of a module would do: told, and not done.

use catalog::api_usage::{UsageRecord, insert_batch};
use chrono::Utc;
use domain::{ApiKeyId, CustomerId, Plan};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;

async fn preview(api: &Api, key: &str, query: &str) -> Value {
    let path = format!("/api/admin/customers/acme/modules/{key}/preview{query}");
    api.get(&path).await.expect(200).body
}

fn request(customer_id: CustomerId, api_key_id: ApiKeyId, outcome: &str) -> UsageRecord {
    UsageRecord {
        id: Uuid::now_v7(),
        created_at: Utc::now() - chrono::TimeDelta::minutes(1),
        customer_id,
        api_key_id,
        request_id: None,
        endpoint: "/api/v1/workflows".to_owned(),
        method: "GET".to_owned(),
        status_code: if outcome == "ok" { 200 } else { 403 },
        response_time_ms: Some(1),
        request_size_bytes: None,
        response_size_bytes: None,
        module: Some("workflow_automation".to_owned()),
        outcome: Some(outcome.to_owned()),
    }
}

#[tokio::test]
async fn it_says_what_would_change_and_who_uses_it() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Pro).await;
    let other = api.customer("other", Plan::Pro).await;
    let keys = [ApiKeyId::generate(), ApiKeyId::generate()];
    let batch = [
        request(acme, keys[0], "ok"),
        request(acme, keys[0], "ok"),
        request(acme, keys[1], "not-found"),
        request(acme, ApiKeyId::generate(), "module-disabled"),
        request(other, ApiKeyId::generate(), "ok"),
    ];
    insert_batch(&api.catalog.client().await.unwrap(), &batch).await.unwrap();

    let off = preview(&api, "workflow_automation", "?enabled=false").await;
    assert_eq!((&off["enabled_now"], &off["enabled_after"]), (&json!(true), &json!(false)), "{off}");
    assert_eq!(off["reason_now"], "The pro plan has it.");
    assert_eq!(off["reason_after"], "It was turned off for this customer.");
    assert_eq!((&off["refused"], &off["also_affected"]), (&Value::Null, &json!([])));
    let routes = off["routes"].as_array().unwrap();
    assert!(routes.contains(&json!("GET /api/v1/workflows")), "{routes:?}");
    assert!(routes.contains(&json!("DELETE /api/v1/smart-task-templates/{id}")), "{routes:?}");
    assert!(!off["routes"].to_string().contains("contacts"), "{routes:?}");
    assert_eq!((&off["requests_last_30d"], &off["api_keys_using_last_30d"]), (&json!(3), &json!(2)));
    assert_eq!((&off["base_price_monthly"], &off["currency"]), (&json!("39.99"), &json!("USD")));

    let on = preview(&api, "ai_assistant", "?enabled=true").await;
    assert_eq!((&on["enabled_now"], &on["enabled_after"]), (&json!(false), &json!(true)));
    assert_eq!((&on["requests_last_30d"], &on["module_name"]), (&json!(0), &json!("AI Assistant")));
    let plan = preview(&api, "ai_assistant", "").await;
    assert_eq!((&plan["enabled_after"], &plan["reason_after"]), (&json!(false), &plan["reason_now"]));

    // What it says is what happens.
    for (key, enabled) in
        [("workflow_automation", false), ("ai_assistant", true), ("workflow_automation", true)]
    {
        let told = preview(&api, key, &format!("?enabled={enabled}")).await;
        let path = format!("/api/admin/customers/acme/modules/{key}");
        let done = api.ask(Method::PUT, &path, &json!({ "enabled": enabled })).await.expect(200);
        assert_eq!(done.body["enabled"], told["enabled_after"], "{key}");
    }
    let back = preview(&api, "ai_assistant", "").await;
    assert_eq!((&back["enabled_now"], &back["enabled_after"]), (&json!(true), &json!(false)), "{back}");
}

#[tokio::test]
async fn nothing_is_changed_and_nonsense_is_refused() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let core = preview(&api, "crm_core", "?enabled=false").await;
    assert!(core["refused"].as_str().unwrap().contains("every customer has it"), "{core}");
    assert_eq!(
        (&core["enabled_after"], &core["reason_after"]),
        (&json!(true), &json!("Every customer has it."))
    );
    preview(&api, "ai_assistant", "?enabled=true").await;
    assert_eq!(api.count("admin_customer_modules").await, 0);
    assert_eq!(api.count("admin_audit_logs").await, 0);
    let path = "/api/admin/customers/acme/modules/ai_assistant/preview";
    assert_eq!(api.get(&format!("{path}?enabled=maybe")).await.wrong_fields(), ["enabled"]);
    assert_eq!(api.get(&format!("{path}?on=true")).await.wrong_fields(), ["on"]);
    for nowhere in ["acme/modules/no_such", "nobody/modules/ai_assistant"] {
        let path = format!("/api/admin/customers/{nowhere}/preview");
        api.get(&path).await.expect_problem(404, "not-found");
    }
}
