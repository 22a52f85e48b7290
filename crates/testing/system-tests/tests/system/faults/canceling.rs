//! Taking a sign-up back that is under way: in every step of it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use system_tests::Stack;
use tokio_postgres::Client;
use uuid::Uuid;

use super::{failed, works_now};
use crate::wholeness;

const STEPS: [&str; 5] =
    ["place", "create_instance", "start_instance", "configure_database", "activate_customer"];

pub(super) async fn story(stack: &Stack) {
    let watching = stack.admin().await;
    let mut canceled = 0;
    for (number, step) in STEPS.into_iter().enumerate() {
        let id = format!("canceled-{number}");
        let body = json!({ "customer_id": id, "name": id, "email": "ada@example.org", "plan": "enterprise" });
        let begun = stack.operator.post("/api/admin/customers", &body).await.expect(202);
        let operation = begun["operation"]["id"].as_str().unwrap();
        wait_for_step(&watching, operation, step).await;
        if ended_as_it_was_told(stack, operation, &id).await {
            canceled += 1;
            let key = begun["api_key"]["key"].as_str().unwrap();
            stack
                .operator
                .with_token(key)
                .get("/api/v1/contacts")
                .await
                .expect_problem(401, "unauthenticated");
        }
    }
    assert!(canceled >= 3, "only {canceled} of {} sign-ups could be taken back", STEPS.len());
    works_now(stack, "canceled-1").await;
    a_waiting_caller_is_told(stack).await;
}

/// Returns as soon as the operation has come to this step, or further.
async fn wait_for_step(client: &Client, operation: &str, step: &str) {
    let id: Uuid = operation.parse().unwrap();
    let begun = Instant::now();
    let sql = "select 1 from admin_operations o left join admin_operation_steps s on s.operation_id = o.id and s.name = $2
               where o.id = $1 and (s.status <> 'pending' or o.finished_at is not null)";
    while client.query(sql, &[&id, &step]).await.unwrap().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{operation} doesn't come to {step}");
    }
}

/// Cancels, and checks that what became of it is what was answered. Whether it was taken back.
async fn ended_as_it_was_told(stack: &Stack, operation: &str, id: &str) -> bool {
    let path = format!("/api/admin/operations/{operation}");
    let answer = stack.operator.post(&format!("{path}/cancel"), &json!({})).await;
    let was_late = answer.status == 409;
    if !was_late {
        answer.expect(202);
    }
    let end = stack.operator.events(operation).await.pop().unwrap();
    let steps = end["steps"].as_array().unwrap();
    assert!(!steps.iter().any(|step| step["status"] == "running"), "a step runs on after the end: {end}");
    match end["status"].as_str() {
        Some("canceled") => {
            wholeness::is_absent(stack, id).await;
            stack.operator.post(&format!("{path}/cancel"), &json!({})).await.expect_problem(409, "conflict");
            let audit = format!("/api/admin/audit-logs?resource_id={operation}&action=operation_canceled");
            let audit = stack.operator.get(&audit).await.expect(200);
            assert_eq!(audit["data"].as_array().map(Vec::len), Some(1), "{audit}");
            true
        }
        // The last step was on its way.
        Some("succeeded") => {
            let rows: Vec<Value> =
                stack.rows("select lifecycle from admin_customers where company_domain = $1", &[&id]).await;
            assert_eq!(json!(rows), json!([{ "lifecycle": "ready" }]));
            false
        }
        _ => panic!("{end}"),
    }
}

/// An operator takes back what a client waits for.
async fn a_waiting_caller_is_told(stack: &Stack) {
    let operator = stack.operator.clone();
    let waiting = tokio::spawn(async move { operator.provision("canceled-waiting").await });
    let held = super::placed::placed(stack, "canceled-waiting").await.hold().await;
    let found =
        stack.rows("select id from admin_operations where customer_slug = 'canceled-waiting'", &[]).await;
    let path = format!("/api/admin/operations/{}/cancel", found[0]["id"].as_str().unwrap());
    stack.operator.post(&path, &json!({})).await.expect(202);
    drop(held);
    failed(stack, "canceled-waiting", waiting.await.unwrap()).await;
}
