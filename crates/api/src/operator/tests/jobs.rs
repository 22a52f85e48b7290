//! Jobs that an operator takes off.

use domain::operator::{Actor, Credential};
use domain::{AuditAction, Right, Rights};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;

async fn job(api: &Api, status: &str) -> String {
    api.sql(&format!(
        "insert into admin_jobs (kind, status, last_error, finished_at, lease_owner, lease_expires_at)
         values ('unwanted_{status}', '{status}', 'the disk is full',
             case when '{status}' in ('dead', 'succeeded') then now() end,
             case when '{status}' = 'running' then 'w' end, case when '{status}' = 'running' then now() end)"
    ))
    .await;
    let listed = api.get(&format!("/api/admin/jobs?kind=unwanted_{status}")).await.expect(200).body;
    listed["data"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_job_that_waits_or_died_is_taken_off_and_written_down() {
    let api = Api::new().await;
    for status in ["dead", "queued"] {
        let id = job(&api, status).await;
        let path = format!("/api/admin/jobs/{id}/cancel");
        let canceled = api.post(&path, &Value::Null).await.expect(200).body;
        assert_eq!((&canceled["id"], &canceled["status"]), (&json!(id), &json!("canceled")));
        // Again: the same answer, and no second row in the audit log.
        assert_eq!(api.post(&path, &Value::Null).await.expect(200).body, canceled);
        let retry = format!("/api/admin/jobs/{id}/retry");
        api.post(&retry, &Value::Null).await.expect_problem(409, "conflict");
    }
    let listed = api.get("/api/admin/jobs?status=canceled").await.expect(200).body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    let work = api.get("/api/admin/statistics/work").await.expect(200).body;
    assert_eq!(work["jobs"]["dead"], 0, "{work}");
    let audits = api.audits(AuditAction::OperationCanceled).await;
    assert_eq!(audits.len(), 2);
    assert_eq!(audits[0].1["last_error"], "the disk is full");
    for status in ["running", "succeeded"] {
        let path = format!("/api/admin/jobs/{}/cancel", job(&api, status).await);
        api.post(&path, &Value::Null).await.expect_problem(409, "conflict");
    }
    let nobodys = "/api/admin/jobs/0192f0c4-0000-7000-8000-000000000000/cancel";
    api.post(nobodys, &Value::Null).await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn what_is_under_way_keeps_its_job() {
    let api = Api::new().await;
    let (operation, rotation) = (Uuid::now_v7(), Uuid::now_v7());
    api.sql(&format!(
        "insert into admin_operations (id, kind, customer_id, customer_slug, intent, status)
         values ('{operation}', 'customer_create', gen_random_uuid(), 'a', 'present', 'queued');
         insert into admin_key_rotations (id, kind, to_version) values ('{rotation}', 'data_key', 2)"
    ))
    .await;
    let owned = [
        ("operation_id", operation, format!("operation {operation}")),
        ("rotation_id", rotation, format!("rotation {rotation}")),
    ];
    for status in ["queued", "dead"] {
        let path = format!("/api/admin/jobs/{}", job(&api, status).await);
        for (field, id, owner) in &owned {
            api.sql(&format!("update admin_jobs set payload = '{{\"{field}\": \"{id}\"}}'")).await;
            let refused =
                api.post(&format!("{path}/cancel"), &Value::Null).await.expect_problem(409, "conflict");
            assert!(refused.text("detail").contains(owner.as_str()), "{refused:?}");
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
    let listed = api.get("/api/admin/jobs").await.expect(200).body;
    for left in listed["data"].as_array().unwrap() {
        let path = format!("/api/admin/jobs/{}/cancel", left["id"].as_str().unwrap());
        api.post(&path, &Value::Null).await.expect(200);
    }
}

#[tokio::test]
async fn an_operator_without_the_right_takes_no_job_off() {
    let api = Api::new().await;
    let path = format!("/api/admin/jobs/{}", job(&api, "dead").await);
    let rights = Rights::ALL.without(Rights::of(&[Right::JobsWrite]));
    let api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Token(Uuid::nil()), rights));
    api.post(&format!("{path}/cancel"), &Value::Null)
        .await
        .expect_problem(403, "operator-permission-missing");
    assert_eq!(api.get(&path).await.expect(200).body["status"], "dead");
}
