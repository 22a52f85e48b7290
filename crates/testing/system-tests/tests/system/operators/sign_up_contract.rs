//! `POST /api/provision` and `GET /api/provision/{customerId}`: what existing clients rely on, to the letter.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Answer, Stack, sign_up};

const MODULES: [&str; 10] = [
    "crm_core",
    "advanced_pipeline",
    "calendar_integration",
    "ai_assistant",
    "workflow_automation",
    "analytics_reporting",
    "api_access",
    "custom_fields",
    "bulk_operations",
    "compliance_audit",
];

pub(super) async fn story(stack: &Stack) {
    every_wrong_field_is_named(stack).await;
    what_is_no_sign_up_is_refused(stack).await;
    nobody_else_may(stack).await;
    assert_eq!(
        stack.rows("select 1 from admin_customers where company_domain like 'refused%'", &[]).await,
        [] as [Value; 0]
    );
    a_customer_is_answered_in_full(stack).await;
    the_plan_decides_the_modules_unless_they_are_given(stack).await;
    a_taken_name_changes_nothing(stack).await;
}

async fn a_customer_is_answered_in_full(stack: &Stack) {
    let answer = stack.operator.provision("contract_1-a").await;
    assert_eq!(answer.header("location"), "/api/provision/contract_1-a");
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.expect(201);
    assert_eq!(keys(&body), ["apiKey", "customerId", "customerUuid", "enabledModules", "message", "success"]);
    assert_eq!(keys(&body["apiKey"]), ["key", "keyId", "prefix"]);
    assert_eq!((&body["success"], &body["customerId"]), (&json!(true), &json!("contract_1-a")));
    assert_eq!(body["enabledModules"], json!(MODULES));
    let (key, prefix) = (body["apiKey"]["key"].as_str().unwrap(), body["apiKey"]["prefix"].as_str().unwrap());
    assert!(
        key.starts_with("sk_") && key.len() == 36 && key.starts_with(prefix) && prefix.len() < 20,
        "{key} {prefix}"
    );
    assert!(body["message"].as_str().is_some_and(|message| message.contains("contract_1-a")));

    let found = stack.operator.get("/api/provision/contract_1-a").await.expect(200);
    assert_eq!(keys(&found), ["apiKeys", "customer", "modules", "success"]);
    assert_eq!(keys(&found["customer"]), ["createdAt", "domain", "id", "name", "plan", "status"]);
    let customer = &found["customer"];
    assert_eq!(customer["id"], body["customerUuid"]);
    assert_eq!(customer["name"], "contract_1-a Incorporated");
    assert_eq!(customer["domain"], "contract_1-a");
    assert_eq!((&customer["plan"], &customer["status"]), (&json!("enterprise"), &json!("trial")));
    assert_eq!(found["modules"], json!(MODULES.map(|name| json!({ "name": name, "enabled": true }))));
    let expected =
        json!([{ "id": body["apiKey"]["keyId"], "prefix": prefix, "name": "Default", "status": "active" }]);
    assert_eq!(found["apiKeys"], expected);
    let by_uuid = format!("/api/provision/{}", body["customerUuid"].as_str().unwrap());
    assert_eq!(stack.operator.get(&by_uuid).await.expect(200), found);

    let stored = stack
        .rows("select timezone, billing_email, trial_ends_at - trial_started_at as trial from admin_customers where company_domain = 'contract_1-a'", &[])
        .await;
    let expected = json!([{ "timezone": "Europe/Vienna", "billing_email": "billing@contract_1-a.example", "trial": "14 days" }]);
    assert_eq!(json!(stored), expected);

    let unknown = stack.operator.get("/api/provision/nobody").await;
    for_old_clients(&unknown);
    unknown.expect_problem(404, "not-found");
}

async fn the_plan_decides_the_modules_unless_they_are_given(stack: &Stack) {
    let cases = [
        ("starter", None, &MODULES[..2]),
        ("pro", None, &["crm_core", "advanced_pipeline", "calendar_integration", "workflow_automation"]),
        ("starter", Some(json!(["ai_assistant"])), &["crm_core", "ai_assistant"]),
        ("enterprise", Some(json!([])), &["crm_core"]),
    ];
    for (number, (plan, modules, expected)) in cases.into_iter().enumerate() {
        let id = format!("modules-{number}");
        let mut body = with(&id, "plan", plan);
        body.as_object_mut().unwrap().remove("timezone");
        if let Some(modules) = modules {
            body["modules"] = modules;
        }
        let made = stack.operator.post("/api/provision", &body).await.expect(201);
        assert_eq!(made["enabledModules"], json!(expected), "{body}");
        let found = stack.operator.get(&format!("/api/provision/{id}")).await.expect(200);
        let on: Vec<_> =
            found["modules"].as_array().unwrap().iter().filter(|module| module["enabled"] == true).collect();
        let on: Vec<_> = on.iter().map(|module| module["name"].as_str().unwrap()).collect();
        assert_eq!(on, expected, "{found}");
        let zones =
            stack.rows("select timezone from admin_customers where company_domain = $1", &[&id]).await;
        assert_eq!(json!(zones), json!([{ "timezone": "UTC" }]));
    }
}

async fn a_taken_name_changes_nothing(stack: &Stack) {
    let before = everything_about(stack, "contract_1-a").await;
    let mut other = with("contract_1-a", "plan", "starter");
    other["customerName"] = json!("Somebody Else");
    let answer = stack.operator.post("/api/provision", &other).await;
    for_old_clients(&answer);
    assert_eq!(answer.wrong_fields(), ["/customerId"]);
    let body = answer.expect_problem(409, "already-exists");
    assert!(body["detail"].as_str().is_some_and(|detail| detail.contains("contract_1-a")), "{body}");
    assert_eq!(everything_about(stack, "contract_1-a").await, before);
}

/// Every row of the admin database that has to do with a customer.
async fn everything_about(stack: &Stack, id: &str) -> Vec<Value> {
    let sql = "select
        (select jsonb_agg(to_jsonb(c)) from admin_customers c where c.company_domain = $1) as customers,
        (select count(*) from admin_operations o where o.customer_slug = $1) as operations,
        (select jsonb_agg(to_jsonb(k) order by k.id) from admin_api_keys k join admin_customers c on c.id = k.customer_id
          where c.company_domain = $1) as keys,
        (select jsonb_agg(to_jsonb(m) order by m.id) from admin_customer_modules m join admin_customers c on c.id = m.customer_id
          where c.company_domain = $1) as modules,
        (select jsonb_agg(to_jsonb(i)) from admin_instances i where i.database_name = 'customer_' || $1) as instances,
        (select count(*) from admin_audit_logs a join admin_customers c on c.id = a.customer_id
          where c.company_domain = $1) as audit";
    stack.rows(sql, &[&id]).await
}

async fn every_wrong_field_is_named(stack: &Stack) {
    let long = "x".repeat(41);
    let cases: Vec<(&str, Value, &str)> = vec![
        ("customerId", json!(""), "/customerId"),
        ("customerId", json!("Refused"), "/customerId"),
        ("customerId", json!("refused corp"), "/customerId"),
        ("customerId", json!("refüsed"), "/customerId"),
        ("customerId", json!("refused\n"), "/customerId"),
        ("customerId", json!(long), "/customerId"),
        ("customerId", json!(5), "/customerId"),
        ("customerId", Value::Null, "/customerId"),
        ("customerName", json!("  "), "/customerName"),
        ("customerName", json!("n".repeat(201)), "/customerName"),
        ("customerName", json!("a\u{0}b"), "/customerName"),
        ("customerName", json!(["a"]), "/customerName"),
        ("customerEmail", json!(""), "/customerEmail"),
        ("customerEmail", json!("nobody"), "/customerEmail"),
        ("customerEmail", json!("Ada <ada@example.com>"), "/customerEmail"),
        ("plan", json!("gold"), "/plan"),
        ("plan", json!("Starter"), "/plan"),
        ("plan", json!({}), "/plan"),
        ("modules", json!("crm_core"), "/modules"),
        ("modules", json!(["crm_core", "teleport"]), "/modules/1"),
        ("modules", json!(["crm_core", 5]), "/modules/1"),
        ("timezone", json!("Mars/Olympus"), "/timezone"),
        ("timezone", json!(""), "/timezone"),
        ("timezone", json!(1), "/timezone"),
        // What isn't known is refused, also what another API calls these fields.
        ("colour", json!("red"), "/colour"),
        ("customer_id", json!("refused"), "/customer_id"),
        ("a/b", json!(1), "/a~1b"),
    ];
    for (field, value, pointer) in cases {
        let answer = stack.operator.post("/api/provision", &with("refused", field, value.clone())).await;
        assert_eq!(answer.wrong_fields(), [pointer], "{field} = {value}: {answer}");
        for_old_clients(&answer);
        let body = answer.expect_problem(400, "invalid-fields");
        assert!(body["errors"][0]["message"].as_str().is_some_and(|message| message.len() > 5), "{body}");
    }
    for required in ["customerId", "customerName", "customerEmail", "plan"] {
        let mut body = sign_up("refused");
        body.as_object_mut().unwrap().remove(required);
        let answer = stack.operator.post("/api/provision", &body).await;
        assert_eq!(answer.wrong_fields(), [format!("/{required}")], "{answer}");
        for_old_clients(&answer);
        answer.expect_problem(400, "invalid-fields");
    }
    let all = json!({ "customerId": "Refused!", "customerName": "", "customerEmail": "x", "plan": "gold",
        "modules": ["teleport"], "timezone": "nowhere" });
    let answer = stack.operator.post("/api/provision", &all).await;
    let mut fields = answer.wrong_fields();
    fields.sort_unstable();
    assert_eq!(
        fields,
        ["/customerEmail", "/customerId", "/customerName", "/modules/0", "/plan", "/timezone"]
    );
}

async fn what_is_no_sign_up_is_refused(stack: &Stack) {
    let whole = sign_up("refused").to_string();
    let cases = [
        ("", 400, "bad-request"),
        ("{", 400, "bad-request"),
        ("null", 400, "invalid-fields"),
        ("[]", 400, "invalid-fields"),
        ("customerId=refused", 400, "bad-request"),
        (&*format!("{whole}{whole}"), 400, "bad-request"),
        (&*format!("{}{}", " ".repeat(1024 * 1024), whole), 413, "payload-too-large"),
        (&*whole.replace("\"plan\":", "\"plan\":\"pro\",\"plan\":"), 400, "invalid-fields"),
    ];
    for (text, status, kind) in cases {
        let request =
            stack.operator.request(Method::POST, "/api/provision").header("Content-Type", "application/json");
        let answer = stack.operator.send(request.body(text.to_owned())).await;
        for_old_clients(&answer);
        answer.expect_problem(status, kind);
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let request =
            stack.operator.request(Method::POST, "/api/provision").header("Content-Type", content_type);
        let answer = stack.operator.send(request.body(whole.clone())).await;
        for_old_clients(&answer);
        answer.expect_problem(415, "unsupported-media-type");
    }
    stack.operator.get("/api/provision").await.expect_problem(405, "method-not-allowed");
}

async fn nobody_else_may(stack: &Stack) {
    let key = stack.printed("Demo API key");
    let other_token = format!("op_{}", "a".repeat(43));
    for api in
        [stack.operator.anonymous(), stack.operator.with_token(&key), stack.operator.with_token(&other_token)]
    {
        api.provision("refused").await.expect_problem(401, "unauthenticated");
        // Whoever may not know isn't told which customers there are.
        api.get("/api/provision/demo").await.expect_problem(401, "unauthenticated");
    }
}

/// Clients of the seed's system look at these two.
fn for_old_clients(answer: &Answer) {
    assert_eq!(answer.body["success"], false, "{answer}");
    assert_eq!(answer.body["message"], answer.body["detail"], "{answer}");
}

fn with(id: &str, field: &str, value: impl Into<Value>) -> Value {
    let mut body = sign_up(id);
    body[field] = value.into();
    body
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
