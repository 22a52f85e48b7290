//! What an operator does by command to a customer's keys and modules, and what their programs notice of it.

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::{Api, Customer, Stack};
use testkit::wait_for;

/// How long a change may take to act on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn story(stack: &Stack) {
    let customer = stack.customer("commanded").await;
    let new = key_rotate(stack, &customer).await;
    module_reset(stack, &customer, &new).await;
    usage(stack, &customer, &new).await;
    backup_list(stack, &customer).await;
}

/// A key that was rotated works beside the new one until it is revoked.
async fn key_rotate(stack: &Stack, customer: &Customer) -> Api {
    let key = customer.key_id.to_string();
    let rotate = ["key", "rotate", &customer.id, &key, "--overlap", "1h", "--json"];
    let rotated = stack.program.run(&rotate).await.succeeded().json();
    let new = customer.api.with_token(rotated["key"].as_str().unwrap_or_else(|| panic!("{rotated}")));
    for api in [&customer.api, &new] {
        api.get("/api/v1/deals").await.expect(200);
    }
    let again = stack.program.run(&rotate).await;
    assert_ne!(again.code, Some(0), "a key has one successor: {again:?}");
    stack.program.run(&["key", "revoke", &customer.id, &key]).await.succeeded();
    wait_for("the old key to be refused", PATIENCE, || async {
        customer.api.get("/api/v1/deals").await.status.as_u16() == 401
    })
    .await;
    customer.api.get("/api/v1/deals").await.expect_problem(401, "api-key-revoked");
    new.get("/api/v1/deals").await.expect(200);
    // Nobody rotates another customer's key by naming it as theirs.
    let other = stack.customer("bystander").await;
    let foreign = ["key", "rotate", &other.id, rotated["id"].as_str().unwrap()];
    assert_eq!(stack.program.run(&foreign).await.code, Some(3));
    new
}

/// An override acts, and without it the plan does again.
async fn module_reset(stack: &Stack, customer: &Customer, api: &Api) {
    const MODULE: &str = "workflow_automation";
    let answers = |status: u16| async move {
        wait_for(&format!("workflows to answer {status}"), PATIENCE, || async {
            api.get("/api/v1/workflows").await.status.as_u16() == status
        })
        .await;
    };
    answers(200).await;
    stack.program.run(&["module", "disable", &customer.id, MODULE]).await.succeeded();
    answers(403).await;
    let told = stack.program.run(&["module", "reset", &customer.id, MODULE]).await.succeeded();
    assert!(told.output.contains("as the plan says"), "{told:?}");
    answers(200).await;
    assert_eq!(stack.program.run(&["module", "reset", &customer.id, "no_such"]).await.code, Some(3));
}

/// What was asked with the new key is told of the new key, by the command as by the database.
async fn usage(stack: &Stack, customer: &Customer, api: &Api) {
    let listed = stack.program.run(&["key", "list", &customer.id, "--status", "active", "--json"]).await;
    let id = listed.succeeded().json()["data"][0]["id"].as_str().expect("the new key is active").to_owned();
    let route = "/api/v1/contacts";
    for _ in 0..3 {
        api.get(route).await.expect(200);
    }
    let command = ["usage", &customer.id, "--key", &id, "--route", route, "--by", "status", "--json"];
    let told = || async { stack.program.run(&command).await.succeeded().json() };
    wait_for("the usage to be told", PATIENCE, || async { told().await["total"]["requests"] == 3 }).await;
    let told = told().await;
    let by_status = told["by_status"].as_array().unwrap_or_else(|| panic!("{told}"));
    assert_eq!((by_status.len(), &by_status[0]["status_code"]), (1, &json!(200)), "{told}");
    let nobody =
        stack.program.run(&["usage", "bystander", "--route", route, "--json"]).await.succeeded().json();
    assert_eq!(nobody["total"]["requests"], 0, "of another customer: {nobody}");
}

/// A backup is in the list of all, and not in that of another customer.
async fn backup_list(stack: &Stack, customer: &Customer) {
    stack.program.run(&["customer", "backup", &customer.id]).await.succeeded();
    let list = |of: &'static str| async move {
        let command = ["backup", "list", "--customer", of, "--status", "succeeded", "--json"];
        let listed: Value = stack.program.run(&command).await.succeeded().json();
        listed["data"].as_array().unwrap_or_else(|| panic!("{listed}")).clone()
    };
    wait_for("the backup to be listed", Duration::from_secs(60), || async {
        list("commanded").await.len() == 1
    })
    .await;
    let backup = &list("commanded").await[0];
    assert_eq!(backup["customer_uuid"], json!(customer.uuid), "{backup}");
    assert_eq!(list("bystander").await, Vec::<Value>::new());
    let all = stack.program.run(&["backup", "list", "--all"]).await.succeeded();
    assert!(all.output.contains(backup["id"].as_str().unwrap()), "{}", all.output);
}
