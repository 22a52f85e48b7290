//! Suspending and resuming, modules on and off, keys made and revoked, a customer deleted: each works at once, and each
//! leaves its audit row with the old and the new values. All of it by the command line, as an operator would.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Customer, Stack};

pub(super) async fn story(stack: &Stack) {
    let customer = stack.customer("lifecycle").await;
    suspended_and_resumed(stack, &customer).await;
    modules_off_and_on(stack, &customer).await;
    keys_made_and_revoked(stack, &customer).await;
    deleted(stack, &customer).await;
}

async fn suspended_and_resumed(stack: &Stack, customer: &Customer) {
    customer.api.get("/api/v1/contacts").await.expect(200);
    stack.program.run(&["customer", "suspend", &customer.id, "--reason", "unpaid"]).await.succeeded();
    customer.api.get_once("/api/v1/contacts", 403).await.expect_problem(403, "customer-suspended");
    // Twice is once.
    stack.program.run(&["customer", "suspend", &customer.id, "--reason", "again"]).await.succeeded();
    stack.program.run(&["customer", "resume", &customer.id]).await.succeeded();
    customer.api.get_once("/api/v1/contacts", 200).await.expect(200);
    let again = stack.program.run(&["customer", "resume", &customer.id]).await;
    assert_eq!(again.code, Some(4), "{again:?}");

    let (old, new) = the_audit(stack, customer, "customer_suspended").await;
    assert_eq!(old["subscription_status"], "trial");
    assert_eq!((&new["subscription_status"], &new["reason"]), (&json!("suspended"), &json!("unpaid")));
    let (old, new) = the_audit(stack, customer, "customer_resumed").await;
    assert_eq!(
        (&old["subscription_status"], &new["subscription_status"]),
        (&json!("suspended"), &json!("trial"))
    );
}

async fn modules_off_and_on(stack: &Stack, customer: &Customer) {
    let path = "/api/v1/calendar-events";
    customer.api.get(path).await.expect(200);
    let off = ["module", "disable", &customer.id, "calendar_integration", "--reason", "downgrade"];
    stack.program.run(&off).await.succeeded();
    let refused = customer.api.get_once(path, 403).await.expect_problem(403, "module-disabled");
    assert_eq!(refused["module"], "calendar_integration");
    customer.api.get("/api/v1/contacts").await.expect(200);
    stack.program.run(&["module", "enable", &customer.id, "calendar_integration"]).await.succeeded();
    customer.api.get_once(path, 200).await.expect(200);
    let core = stack.program.run(&["module", "disable", &customer.id, "crm_core"]).await;
    assert_eq!(core.code, Some(4), "nobody is without the CRM: {core:?}");
    let unknown = stack.program.run(&["module", "enable", &customer.id, "teleport"]).await;
    assert_eq!(unknown.code, Some(3), "{unknown:?}");

    let (old, new) = the_audit(stack, customer, "module_disabled").await;
    assert_eq!((&old["module_key"], &old["enabled"]), (&json!("calendar_integration"), &json!(true)));
    assert_eq!((&new["enabled"], &new["reason"]), (&json!(false), &json!("downgrade")));
    let (old, new) = the_audit(stack, customer, "module_enabled").await;
    assert_eq!((&old["enabled"], &new["enabled"]), (&json!(false), &json!(true)));
}

async fn keys_made_and_revoked(stack: &Stack, customer: &Customer) {
    let made = ["key", "create", &customer.id, "--name", "Second", "--json"];
    let made = stack.program.run(&made).await.succeeded().json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let api = customer.api.with_token(key);
    api.get("/api/v1/contacts").await.expect(200);
    for _ in 0..2 {
        stack.program.run(&["key", "revoke", &customer.id, id]).await.succeeded();
        api.get_once("/api/v1/contacts", 401).await.expect_problem(401, "api-key-revoked");
    }
    customer.api.get("/api/v1/contacts").await.expect(200);
    let of_nobody = stack.program.run(&["key", "revoke", "demo", id]).await;
    assert_eq!(of_nobody.code, Some(3), "another customer's key: {of_nobody:?}");

    let (old, new) = the_audit(stack, customer, "api_key_revoked").await;
    assert_eq!((&old["status"], &new["status"]), (&json!("active"), &json!("revoked")));
    let made = audits(stack, customer, "api_key_created").await;
    assert_eq!(made.len(), 2, "the first key and the second: {made:#?}");
    let everything = stack.rows("select * from admin_audit_logs", &[]).await;
    for secret in [key, &customer.key] {
        assert!(!json!(everything).to_string().contains(secret), "a key is in the audit log");
    }
    keys_changed(stack, customer, id).await;
}

/// A merge patch: what isn't named stays, null empties.
async fn keys_changed(stack: &Stack, customer: &Customer, revoked: &str) {
    let keys = format!("/api/admin/customers/{}/api-keys", customer.id);
    let new = json!({ "name": "Third", "description": "for reports", "expires_at": "2999-01-01T00:00:00Z" });
    let made = stack.operator.post(&keys, &new).await.expect(201);
    let path = format!("{keys}/{}", made["id"].as_str().unwrap());
    let empty = json!({ "description": null, "expires_at": null });
    let changed = stack.operator.patch(&path, &empty).await.expect(200);
    assert_eq!(
        (&changed["name"], &changed["description"], &changed["expires_at"]),
        (&json!("Third"), &Value::Null, &Value::Null)
    );
    let refused = stack.operator.patch(&path, &json!({ "name": null })).await;
    assert_eq!(refused.wrong_fields(), ["/name"]);
    let more_time = json!({ "expires_at": null });
    stack.operator.patch(&format!("{keys}/{revoked}"), &more_time).await.expect_problem(409, "conflict");
    let refused = stack
        .operator
        .patch(&format!("/api/admin/customers/{}", customer.id), &json!({ "timezone": null }))
        .await;
    assert_eq!(refused.wrong_fields(), ["/timezone"]);
}

async fn deleted(stack: &Stack, customer: &Customer) {
    let shown = stack.program.run(&["customer", "show", &customer.id, "--json"]).await.succeeded().json();
    let instance = shown["instance"]["id"].as_str().unwrap();
    let process = stack.instance_process(instance).unwrap();
    let asked = stack.program.run(&["customer", "delete", &customer.id]).await;
    assert_eq!(asked.code, Some(2), "nobody is there to ask: {asked:?}");
    let path = format!("/api/admin/customers/{}", customer.id);
    let stale = stack.operator.request(Method::DELETE, &path).header("If-Match", "\"0\"");
    stack.operator.send(stale).await.expect_problem(412, "precondition-failed");
    stack.program.run(&["customer", "delete", &customer.id, "--yes"]).await.succeeded();

    customer.api.get_once("/api/v1/contacts", 401).await.expect_problem(401, "unauthenticated");
    stack
        .operator
        .get(&format!("/api/admin/customers/{}", customer.id))
        .await
        .expect_problem(404, "not-found");
    stack.operator.get(&format!("/api/provision/{}", customer.id)).await.expect_problem(404, "not-found");
    assert!(!stack.instance(instance).exists());
    assert!(!system_tests::processes::is_alive(process));
    let left = "select (select count(*) from admin_instances where customer_id = $1)
        + (select count(*) from admin_database_credentials where customer_id = $1)
        + (select count(*) from admin_data_keys where customer_id = $1) as count";
    assert_eq!(
        json!(stack.rows(left, &[&customer.uuid]).await),
        json!([{ "count": 0 }]),
        "secrets outlived the customer"
    );
    // The name stays taken: who it was is in the books.
    stack.operator.provision(&customer.id).await.expect_problem(409, "already-exists");
    let audits = audits(stack, customer, "customer_deleted").await;
    let [audit] = audits.as_slice() else { panic!("not one row: {audits:#?}") };
    assert!(audit["old_values"]["company_name"].is_string(), "{audit}");
    what_is_left(stack, customer).await;
}

/// Who is gone is still found in the books, by either name.
async fn what_is_left(stack: &Stack, customer: &Customer) {
    for name in [customer.id.clone(), customer.uuid.to_string()] {
        for list in ["operations", "audit-logs"] {
            let path = format!("/api/admin/{list}?customer={name}");
            let found = stack.operator.get(&path).await.expect(200);
            assert!(!found["data"].as_array().unwrap().is_empty(), "{path}: {found}");
        }
        let used = stack.operator.get(&format!("/api/admin/usage?customer={name}")).await.expect(200);
        assert!(used["total"]["requests"].as_i64() > Some(0), "{used}");
        stack.operator.get(&format!("/api/admin/backups?customer={name}&status=succeeded")).await.expect(200);
        stack.operator.get(&format!("/api/admin/customers/{name}/backups")).await.expect(200);
    }
    let refused = stack.operator.get("/api/admin/audit-logs?limit=1&resource_id=a%00b").await;
    assert_eq!(refused.wrong_fields(), ["resource_id"]);
}

/// The old and new values of the one audit row about the customer with this action.
async fn the_audit(stack: &Stack, customer: &Customer, action: &str) -> (Value, Value) {
    let found = audits(stack, customer, action).await;
    let [row] = found.as_slice() else { panic!("{action}: not one row: {found:#?}") };
    assert_eq!(row["admin_user_id"], "bootstrap", "{row}");
    assert!(row["ip_address"].is_string() && row["user_agent"].is_string(), "{row}");
    (row["old_values"].clone(), row["new_values"].clone())
}

async fn audits(stack: &Stack, customer: &Customer, action: &str) -> Vec<Value> {
    let path = format!("/api/admin/audit-logs?customer={}&action={action}", customer.uuid);
    let found = stack.operator.get(&path).await.expect(200);
    found["data"].as_array().unwrap().clone()
}
