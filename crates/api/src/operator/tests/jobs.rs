//! Jobs that an operator takes off.

use domain::AuditAction;
use serde_json::{Value, json};

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
        api.post(&path, &Value::Null).await.expect_problem(409, "conflict");
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
