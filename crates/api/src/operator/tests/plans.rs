//! What a customer bought: told beforehand, changed as told, and never by who may not.

use std::time::Duration;

use catalog::api_keys::{self, NewApiKey};
use catalog::api_usage::{UsageRecord, insert_batch};
use catalog::{CUSTOMER_CHANGED, modules as module_rows};
use chrono::{TimeDelta, Utc};
use domain::operator::{Actor, Credential};
use domain::{ApiKeyId, AuditAction, CustomerId, Plan, Role};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Api};

const PLAN: &str = "/api/admin/customers/acme/plan";

async fn preview(api: &Api, plan: &str) -> Value {
    api.get(&format!("{PLAN}/preview?plan={plan}")).await.expect(200).body
}

async fn change(api: &Api, plan: &str) -> Answer {
    api.ask(Method::PUT, PLAN, &json!({ "plan": plan })).await
}

async fn on(api: &Api, customer: CustomerId) -> Vec<String> {
    let client = api.catalog.client().await.unwrap();
    let all = module_rows::of_customer(&client, customer).await.unwrap();
    all.into_iter().filter(|module| module.enabled).map(|module| module.module_key).collect()
}

/// What clients that know of no plan read.
async fn written(api: &Api, customer: CustomerId) -> Vec<String> {
    let sql = "select module_key from admin_customer_modules held
               join admin_feature_modules module on module.id = held.module_id
               where customer_id = $1 and enabled order by sort_order";
    let rows = api.catalog.client().await.unwrap().query(sql, &[&customer.uuid()]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn keys(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|module| module["module_key"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn modules_follow_the_plan_and_what_was_decided_stays() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await;
    let other = api.customer("other", Plan::Starter).await;
    let set = async |key: &str, body: Value| {
        let path = format!("/api/admin/customers/acme/modules/{key}");
        api.ask(Method::PUT, &path, &body).await.expect(200);
    };
    set("ai_assistant", json!({ "enabled": true, "reason": "a gift" })).await;
    set("calendar_integration", json!({ "enabled": false, "reason": "unwanted" })).await;

    let told = preview(&api, "enterprise").await;
    assert_eq!((&told["plan_now"], &told["plan_after"]), (&json!("starter"), &json!("enterprise")));
    assert_eq!((&told["direction"], &told["modules_lost"]), (&json!("upgrade"), &json!([])));
    let gained = keys(&told["modules_gained"]);
    assert!(gained.contains(&"workflow_automation") && gained.contains(&"compliance_audit"), "{told}");
    assert!(!gained.contains(&"ai_assistant") && !gained.contains(&"calendar_integration"), "{told}");
    assert_eq!(told["modules_gained"][0]["reason"], "The enterprise plan has it.");
    assert_eq!(
        told["overrides"],
        json!([
            { "module_key": "calendar_integration", "module_name": "Calendar Integration", "enabled": false,
              "plan_has_it_now": false, "plan_has_it_after": true, "expires_at": null, "reason": "unwanted" },
            { "module_key": "ai_assistant", "module_name": "AI Assistant", "enabled": true,
              "plan_has_it_now": false, "plan_has_it_after": true, "expires_at": null, "reason": "a gift" },
        ])
    );
    assert_eq!(on(&api, acme).await.len(), 3, "a preview changes nothing");

    let before = on(&api, acme).await;
    let body = json!({ "plan": "enterprise", "reason": "they grow" });
    let done = api.ask(Method::PUT, PLAN, &body).await.expect(200);
    assert_eq!(done.body["subscription_plan"], "enterprise");
    assert_eq!(done.body["subscription_status"], "trial", "the subscription stands as it did");
    assert!(!done.header("etag").is_empty());
    let after = on(&api, acme).await;
    let came: Vec<_> = after.iter().filter(|key| !before.contains(key)).map(String::as_str).collect();
    assert_eq!(came, gained, "what was told is what happens");
    assert!(!after.contains(&"calendar_integration".to_owned()));
    assert_eq!(written(&api, acme).await, after, "clients that read the table see the same");

    let upgrades = api.audits(AuditAction::SubscriptionUpgraded).await;
    let (old, new) = (
        json!({ "subscription_plan": "starter" }),
        json!({ "subscription_plan": "enterprise", "reason": "they grow" }),
    );
    assert_eq!(upgrades, [(acme.to_string(), old, new)]);
    assert_eq!(api.audits(AuditAction::ModuleEnabled).await.len(), 1 + gained.len());

    // Twice is once.
    let again = change(&api, "enterprise").await.expect(200);
    assert_eq!(again.header("etag"), done.header("etag"));
    assert_eq!(api.audits(AuditAction::SubscriptionUpgraded).await.len(), 1);
    assert_eq!(preview(&api, "enterprise").await["direction"], "none");

    change(&api, "starter").await.expect(200);
    assert_eq!(on(&api, acme).await, before, "and all the way back");
    assert_eq!(written(&api, acme).await, before);
    assert_eq!(api.audits(AuditAction::SubscriptionDowngraded).await.len(), 1);
    assert_eq!(api.audits(AuditAction::ModuleDisabled).await.len(), gained.len());
    let rows = api.audits(AuditAction::ModuleDisabled).await;
    assert!(rows.iter().all(|(_, old, new)| old["source"] == "plan" && new["source"] == "plan"), "{rows:?}");

    assert_eq!(on(&api, other).await.len(), 2, "another customer is not touched");
    assert!(written(&api, other).await.is_empty());
    let of_other = format!("admin_audit_logs where customer_id = '{other}'");
    assert_eq!(api.count(&of_other).await, 0);
}

#[tokio::test]
async fn whoever_would_lose_something_is_named() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Pro).await;
    let other = api.customer("other", Plan::Pro).await;
    let client = api.catalog.client().await.unwrap();
    let mut made = Vec::new();
    for (customer, name) in [(acme, "Busy"), (acme, "Quiet"), (acme, "Gone"), (other, "Theirs")] {
        let hash = secrets::token::sha256_hex(name);
        let key = NewApiKey::with_defaults(customer, name.to_owned(), hash, format!("sk_{name}"));
        made.push(api_keys::insert(&client, &key).await.unwrap().id);
    }
    api_keys::revoke(&client, acme, made[2]).await.unwrap();
    let request = |customer_id: CustomerId, api_key_id: ApiKeyId, module: &str, outcome: &str| UsageRecord {
        id: Uuid::now_v7(),
        created_at: Utc::now() - TimeDelta::minutes(1),
        customer_id,
        api_key_id,
        request_id: None,
        endpoint: "/api/v1/workflows".to_owned(),
        method: "GET".to_owned(),
        status_code: 200,
        response_time_ms: None,
        request_size_bytes: None,
        response_size_bytes: None,
        module: Some(module.to_owned()),
        outcome: Some(outcome.to_owned()),
    };
    let batch = [
        request(acme, made[0], "workflow_automation", "ok"),
        request(acme, made[0], "calendar_integration", "ok"),
        request(acme, made[1], "workflow_automation", "not-found"),
        request(acme, made[1], "workflow_automation", "module-disabled"),
        request(acme, made[1], "crm_core", "ok"),
        request(acme, made[2], "workflow_automation", "ok"),
        request(other, made[3], "workflow_automation", "ok"),
    ];
    insert_batch(&client, &batch).await.unwrap();
    let limit = json!({ "enabled": true, "usage_limit": 100 });
    let workflow = "/api/admin/customers/acme/modules/workflow_automation";
    api.ask(Method::PUT, workflow, &limit).await.expect(200);
    api.ask(Method::DELETE, workflow, &json!({})).await.expect(200);

    let told = preview(&api, "starter").await;
    assert_eq!(told["direction"], "downgrade");
    assert_eq!(keys(&told["modules_lost"]), ["calendar_integration", "workflow_automation"]);
    let lost = &told["modules_lost"][1];
    assert_eq!((&lost["requests_last_30d"], &lost["api_keys_using_last_30d"]), (&json!(3), &json!(3)));
    assert!(lost["reason"].as_str().unwrap().contains("starter plan doesn't have it"), "{lost}");
    assert_eq!(
        told["limits_changed"],
        json!([{ "module_key": "workflow_automation", "module_name": "Workflow Automation", "usage_limit": 100,
                 "usage_count": 0, "reset_date": null, "applies_after": false }])
    );
    assert_eq!(
        told["api_keys_affected"],
        json!([
            { "id": made[0], "name": "Busy", "prefix": "sk_Busy", "requests_last_30d": 2,
              "module_keys": ["calendar_integration", "workflow_automation"] },
            { "id": made[1], "name": "Quiet", "prefix": "sk_Quiet", "requests_last_30d": 1,
              "module_keys": ["workflow_automation"] },
        ])
    );
    assert_eq!(told["api_keys_affected_total"], 2);

    // Who may not read usage isn't told of any.
    let rights = domain::operator::Rights::of(&[domain::Right::CustomersRead]);
    let api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Token(Uuid::nil()), rights));
    let told = preview(&api, "starter").await;
    assert_eq!((&told["api_keys_affected"], &told["api_keys_affected_total"]), (&Value::Null, &Value::Null));
    assert_eq!(told["modules_lost"][1]["requests_last_30d"], Value::Null);
}

#[tokio::test]
async fn nonsense_and_old_versions_are_refused() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Pro).await;
    for (wrong, field) in [
        (json!({}), "/plan"),
        (json!({ "plan": "gold" }), "/plan"),
        (json!({ "plan": null }), "/plan"),
        (json!({ "plan": "starter", "reason": " " }), "/reason"),
        (json!({ "plan": "starter", "reason": "x".repeat(501) }), "/reason"),
        (json!({ "plan": "starter", "price": 1 }), "/price"),
    ] {
        let refused = api.ask(Method::PUT, PLAN, &wrong).await;
        assert_eq!(refused.wrong_fields(), [field], "{wrong}");
    }
    assert_eq!(api.get(&format!("{PLAN}/preview?plan=gold")).await.wrong_fields(), ["plan"]);
    assert_eq!(api.get(&format!("{PLAN}/preview")).await.wrong_fields(), ["plan"]);
    let nobody = "/api/admin/customers/nobody/plan";
    api.ask(Method::PUT, nobody, &json!({ "plan": "pro" })).await.expect_problem(404, "not-found");
    api.get(&format!("{nobody}/preview?plan=pro")).await.expect_problem(404, "not-found");

    let tag = api.get("/api/admin/customers/acme").await.expect(200).header("etag").to_owned();
    let with_tag = async |plan: &str| {
        let body = axum::body::Body::from(json!({ "plan": plan }).to_string());
        api.send(api.request(Method::PUT, PLAN).header("If-Match", &tag).body(body).unwrap()).await
    };
    with_tag("enterprise").await.expect(200);
    with_tag("starter").await.expect_problem(412, "precondition-failed");
    assert_eq!(on(&api, acme).await.len(), 10);

    api.sql(&format!("update admin_customers set lifecycle = 'deleting' where id = '{acme}'")).await;
    change(&api, "starter").await.expect_problem(404, "not-found");
    assert!(api.audits(AuditAction::SubscriptionDowngraded).await.is_empty());
}

#[tokio::test]
async fn who_may_not_change_a_plan_changes_nothing() {
    let mut api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await;
    for role in [Role::Support, Role::ReadOnly] {
        api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Session(Uuid::nil()), role.rights()));
        let refused = change(&api, "enterprise").await.expect_problem(403, "operator-permission-missing");
        assert_eq!(refused.body["permission"], "subscriptions:write");
        assert_eq!(refused.body["roles"], json!(["owner", "admin", "billing"]));
        // They may look, all the same.
        assert_eq!(preview(&api, "pro").await["direction"], "upgrade");
    }
    assert_eq!(on(&api, acme).await.len(), 2);
    assert_eq!(api.audits(AuditAction::AccessDenied).await.len(), 2);
    assert!(api.audits(AuditAction::SubscriptionUpgraded).await.is_empty());
}

#[tokio::test]
async fn servers_hear_of_it() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await;
    let mut listener = api.catalog.listen(&[CUSTOMER_CHANGED]).await.unwrap();
    change(&api, "pro").await.expect(200);
    let heard = tokio::time::timeout(Duration::from_secs(20), listener.next()).await.unwrap().unwrap();
    assert_eq!(heard.payload, acme.to_string());
}
