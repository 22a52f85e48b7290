//! Each step of a sign-up fails as often as it is tried.

use std::fs;
use std::time::Duration;

use postgres_server::connect::as_superuser;
use serde_json::json;
use system_tests::{Answer, Stack};
use testkit::wait_for;
use tokio::task::JoinHandle;

use super::placed::placed;
use super::{failed, works_now};
use crate::wholeness;

pub(super) async fn story(stack: &Stack) {
    // Before anything else, so that all the others see that it disturbs nobody.
    refuse(stack, "admin_instances", "before insert", "new.database_name = 'customer_fails-place'").await;
    refuse(
        stack,
        "admin_customers",
        "before update",
        "new.company_domain = 'fails-activate' and new.lifecycle = 'ready'",
    )
    .await;
    refuse(stack, "admin_customers", "before delete", "old.company_domain = 'fails-remove'").await;
    tokio::join!(place(stack), start(stack), configure(stack), activate(stack), remove(stack));
}

async fn place(stack: &Stack) {
    failed(stack, "fails-place", stack.operator.provision("fails-place").await).await;
    allow(stack, "admin_instances", "before insert").await;
    works_now(stack, "fails-place").await;
}

async fn start(stack: &Stack) {
    let sign_up = begin(stack, "fails-start");
    let instance = placed(stack, "fails-start").await;
    let held = instance.hold_before_start().await;
    let control = instance.folder.join("data/global/pg_control");
    let length = fs::metadata(&control).unwrap().len();
    fs::write(&control, vec![0; usize::try_from(length).unwrap()]).unwrap();
    drop(held);
    failed(stack, "fails-start", sign_up.await.unwrap()).await;
    assert!(!instance.folder.exists());
    works_now(stack, "fails-start").await;
}

async fn configure(stack: &Stack) {
    let sign_up = begin(stack, "fails-configure");
    let instance = placed(stack, "fails-configure").await;
    let held = instance.hold_before_configuration().await;
    let superuser = as_superuser(&stack.path().join("run"), instance.port, "template1").await.unwrap();
    superuser.batch_execute("drop database sixty_customer").await.unwrap();
    let process = stack.instance_process(&instance.id).unwrap();
    drop((superuser, held));
    failed(stack, "fails-configure", sign_up.await.unwrap()).await;
    assert!(!system_tests::processes::is_alive(process), "its server still runs");
    works_now(stack, "fails-configure").await;
}

async fn activate(stack: &Stack) {
    failed(stack, "fails-activate", stack.operator.provision("fails-activate").await).await;
    allow(stack, "admin_customers", "before update").await;
    works_now(stack, "fails-activate").await;
}

/// What can neither be done nor taken back stays visible, blocks the name, and is finished when somebody says so.
async fn remove(stack: &Stack) {
    let id = "fails-remove";
    let body = json!({ "customer_id": id, "name": id, "email": "ada@example.org", "plan": "pro" });
    let begun = stack.operator.post("/api/admin/customers", &body).await.expect(202);
    let operation = format!("/api/admin/operations/{}", begun["operation"]["id"].as_str().unwrap());
    let held = placed(stack, id).await.hold().await;
    stack.operator.post(&format!("{operation}/cancel"), &json!({})).await.expect(202);
    drop(held);
    wait_for("the operation to be given up", Duration::from_secs(60), || async {
        stack.operator.get(&operation).await.expect(200)["status"] == "dead"
    })
    .await;
    let dead = stack.operator.get("/api/admin/operations?status=dead").await.expect(200);
    assert_eq!(dead["data"].as_array().unwrap().len(), 1, "{dead}");
    assert!(
        dead["data"][0]["error"].as_str().is_some_and(|error| error.contains("remove_customer")),
        "{dead}"
    );
    stack.operator.provision(id).await.expect_problem(409, "already-exists");
    stack.operator.get(&format!("/api/provision/{id}")).await.expect_problem(404, "not-found");
    let key = begun["api_key"]["key"].as_str().unwrap();
    stack.operator.with_token(key).get("/api/v1/contacts").await.expect_problem(401, "unauthenticated");

    allow(stack, "admin_customers", "before delete").await;
    stack.operator.post(&format!("{operation}/retry"), &json!({})).await.expect(202);
    wait_for("the operation to end", Duration::from_secs(30), || async {
        stack.operator.get(&operation).await.expect(200)["status"] == "canceled"
    })
    .await;
    stack.operator.post(&format!("{operation}/retry"), &json!({})).await.expect_problem(409, "conflict");
    wholeness::is_absent(stack, id).await;
    works_now(stack, id).await;
}

fn begin(stack: &Stack, id: &'static str) -> JoinHandle<Answer> {
    let operator = stack.operator.clone();
    tokio::spawn(async move { operator.provision(id).await })
}

/// Lets the admin database refuse a change, for one customer.
async fn refuse(stack: &Stack, table: &str, moment: &str, condition: &str) {
    let name = trigger(table, moment);
    let sql = format!(
        "create function {name}() returns trigger language plpgsql as
             $$ begin raise exception 'refused by the test'; end $$;
         create trigger {name} {moment} on {table} for each row when ({condition}) execute function {name}()"
    );
    stack.admin().await.batch_execute(&sql).await.unwrap();
}

async fn allow(stack: &Stack, table: &str, moment: &str) {
    let sql = format!("drop function {}() cascade", trigger(table, moment));
    stack.admin().await.batch_execute(&sql).await.unwrap();
}

fn trigger(table: &str, moment: &str) -> String {
    format!("test_refuses_{table}_{}", moment.replace(' ', "_"))
}
