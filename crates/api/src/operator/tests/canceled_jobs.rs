//! Canceling jobs: a dead one is dismissed, one that waits is taken back, and nothing that is under way loses its job.

use domain::operator::{Actor, Credential};
use domain::{AuditAction, Right, Rights};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;

/// A job in this state, with this payload.
async fn job(api: &Api, status: &str, payload: &Value) -> String {
    let id = Uuid::now_v7();
    api.sql(&format!(
        "insert into admin_jobs (id, kind, status, payload, last_error, finished_at, lease_owner, lease_expires_at)
         values ('{id}', 'some_job', '{status}', '{payload}', 'out of luck',
                 case when '{status}' in ('succeeded', 'dead') then now() end,
                 case when '{status}' = 'running' then 'a worker' end,
                 case when '{status}' = 'running' then now() + interval '1 hour' end)"
    ))
    .await;
    format!("/api/admin/jobs/{id}")
}

async fn dead_jobs(api: &Api) -> (i64, String) {
    let work = api.get("/api/admin/statistics/work").await.expect(200).body;
    let health = api.get("/api/admin/health").await.expect(200).body;
    let parts = health["parts"].as_array().unwrap();
    let part = parts.iter().find(|part| part["name"] == "jobs").unwrap();
    (work["jobs"]["dead"].as_i64().unwrap(), part["status"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_dead_job_is_dismissed_once_and_is_wrong_no_more() {
    let api = Api::new().await;
    let path = job(&api, "dead", &json!({})).await;
    assert_eq!(dead_jobs(&api).await, (1, "degraded".to_owned()));
    let canceled = api.post(&format!("{path}/cancel"), &Value::Null).await.expect(200).body;
    assert_eq!((&canceled["status"], &canceled["last_error"]), (&json!("canceled"), &json!("out of luck")));
    assert_eq!(dead_jobs(&api).await, (0, "ok".to_owned()));
    // Again: the same answer, and no second row in the audit log.
    let again = api.post(&format!("{path}/cancel"), &Value::Null).await.expect(200).body;
    assert_eq!(again, canceled);
    let audits = api.audits(AuditAction::OperationCanceled).await;
    let id = canceled["id"].as_str().unwrap().to_owned();
    let before = json!({ "status": "dead", "last_error": "out of luck" });
    assert_eq!(audits, [(id, before, json!({ "status": "canceled" }))]);
    let listed = api.get("/api/admin/jobs?status=canceled").await.expect(200).body;
    assert_eq!(listed["data"], json!([canceled]));
    // What is dismissed isn't dead: nobody queues it again by mistake.
    api.post(&format!("{path}/retry"), &Value::Null).await.expect_problem(409, "conflict");
}

#[tokio::test]
async fn a_job_that_waits_is_taken_back_and_leaves_its_place() {
    let api = Api::new().await;
    let path = job(&api, "queued", &json!({})).await;
    api.sql("update admin_jobs set unique_key = 'only one'").await;
    api.post(&format!("{path}/cancel"), &Value::Null).await.expect(200);
    // Another one with its key may wait now.
    api.sql("insert into admin_jobs (kind, unique_key) values ('some_job', 'only one')").await;
}

#[tokio::test]
async fn what_runs_or_is_done_or_is_needed_is_not_canceled() {
    let api = Api::new().await;
    for status in ["running", "succeeded"] {
        let path = job(&api, status, &json!({})).await;
        let refused = api.post(&format!("{path}/cancel"), &Value::Null).await.expect_problem(409, "conflict");
        assert!(refused.body["detail"].as_str().unwrap().contains(status), "{refused:?}");
    }
    api.post(&format!("/api/admin/jobs/{}/cancel", Uuid::now_v7()), &Value::Null)
        .await
        .expect_problem(404, "not-found");

    let operation = Uuid::now_v7();
    api.sql(&format!(
        "insert into admin_operations (id, kind, customer_id, customer_slug, intent, status)
         values ('{operation}', 'customer_create', gen_random_uuid(), 'a', 'present', 'queued')"
    ))
    .await;
    let rotation = Uuid::now_v7();
    api.sql(&format!(
        "insert into admin_key_rotations (id, kind, to_version, status, total) values ('{rotation}', 'data_key', 2, 'running', 1)"
    ))
    .await;
    for (payload, owner) in [
        (json!({ "operation_id": operation }), format!("operation {operation}")),
        (json!({ "rotation_id": rotation }), format!("rotation {rotation}")),
    ] {
        for status in ["queued", "dead"] {
            let path = job(&api, status, &payload).await;
            let refused =
                api.post(&format!("{path}/cancel"), &Value::Null).await.expect_problem(409, "conflict");
            assert!(refused.body["detail"].as_str().unwrap().contains(&owner), "{refused:?}");
            assert_eq!(api.get(&path).await.expect(200).body["status"], status);
        }
    }
    assert_eq!(api.audits(AuditAction::OperationCanceled).await, []);
    // Once both have ended, nothing needs what is left of them.
    api.sql(
        "update admin_operations set status = 'succeeded', finished_at = now();
         update admin_key_rotations set status = 'succeeded', finished_at = now()",
    )
    .await;
    for payload in [json!({ "operation_id": operation }), json!({ "rotation_id": rotation })] {
        let path = job(&api, "dead", &payload).await;
        api.post(&format!("{path}/cancel"), &Value::Null).await.expect(200);
    }
}

#[tokio::test]
async fn an_operator_without_the_right_cancels_nothing() {
    let api = Api::new().await;
    let path = job(&api, "dead", &json!({})).await;
    let rights = Rights::ALL.without(Rights::of(&[Right::JobsWrite]));
    let api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Token(Uuid::nil()), rights));
    api.post(&format!("{path}/cancel"), &Value::Null)
        .await
        .expect_problem(403, "operator-permission-missing");
    assert_eq!(api.get(&path).await.expect(200).body["status"], "dead");
}
