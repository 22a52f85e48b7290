//! Operations and jobs: found by several states at once, and one job by its id.

use domain::operator::{Actor, Credential};
use domain::{Right, Rights};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;

async fn statuses(api: &Api, path: &str) -> Vec<String> {
    let listed = api.get(path).await.expect(200).body;
    let rows = listed["data"].as_array().unwrap();
    let mut found: Vec<_> = rows.iter().map(|row| row["status"].as_str().unwrap().to_owned()).collect();
    found.sort_unstable();
    found
}

#[tokio::test]
async fn several_states_are_asked_for_at_once() {
    let api = Api::new().await;
    api.sql(
        "insert into admin_operations (kind, customer_id, customer_slug, intent, status, finished_at)
         select 'customer_create', gen_random_uuid(), 'a', 'present', status::admin_operation_status,
                case when status <> 'queued' then now() end
         from unnest(array['queued', 'failed', 'dead', 'dead', 'succeeded', 'canceled']) status;
         insert into admin_jobs (kind, status, finished_at)
         select 'a', status::admin_job_status, case when status <> 'queued' then now() end
         from unnest(array['queued', 'dead', 'succeeded']) status",
    )
    .await;
    let operations = "/api/admin/operations";
    assert_eq!(statuses(&api, &format!("{operations}?status=failed,dead")).await, ["dead", "dead", "failed"]);
    assert_eq!(statuses(&api, &format!("{operations}?status=dead")).await, ["dead", "dead"]);
    assert_eq!(statuses(&api, operations).await.len(), 6);
    // Page by page the filter is the same.
    let first = api.get(&format!("{operations}?status=failed,dead&limit=2")).await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = format!("{operations}?status=failed,dead&limit=2&cursor={cursor}");
    assert_eq!(statuses(&api, &second).await.len(), 1);
    let jobs = "/api/admin/jobs";
    assert_eq!(statuses(&api, &format!("{jobs}?status=queued,dead")).await, ["dead", "queued"]);
    assert_eq!(statuses(&api, &format!("{jobs}?status=dead&kind=b")).await, [""; 0]);
    for wrong in ["failed,gone", "", "dead,", "failed;dead"] {
        for path in [operations, jobs] {
            assert_eq!(
                api.get(&format!("{path}?status={wrong}")).await.wrong_fields(),
                ["status"],
                "{wrong}"
            );
        }
    }
    assert_eq!(api.get(&format!("{operations}?status=dead&status=failed")).await.wrong_fields(), ["status"]);
}

#[tokio::test]
async fn one_job_is_read_by_who_may_see_jobs() {
    let api = Api::new().await;
    api.sql("insert into admin_jobs (kind, payload) values ('some_job', '{\"n\": 1}')").await;
    let listed = api.get("/api/admin/jobs").await.expect(200).body["data"][0].clone();
    let path = format!("/api/admin/jobs/{}", listed["id"].as_str().unwrap());
    let one = api.get(&path).await.expect(200).body;
    assert_eq!((&one, &one["payload"]), (&listed, &json!({ "n": 1 })));
    api.get(&format!("/api/admin/jobs/{}", Uuid::now_v7())).await.expect_problem(404, "not-found");
    api.get("/api/admin/jobs/nonsense").await.expect_problem(404, "not-found");
    let rights = Rights::ALL.without(Rights::of(&[Right::JobsRead]));
    let api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Token(Uuid::nil()), rights));
    let refused = api.get(&path).await.expect_problem(403, "operator-permission-missing");
    assert_ne!(refused.body["payload"], json!({ "n": 1 }));
}

#[tokio::test]
async fn work_is_told_against_earlier() {
    let api = Api::new().await;
    // Ended so many days ago, begun a day before that; `null` hasn't ended.
    api.sql(
        "insert into admin_operations (kind, customer_id, customer_slug, intent, status, created_at, finished_at)
         select 'customer_create', gen_random_uuid(), 'a', 'present', status::admin_operation_status,
                now() - make_interval(days => days + 1),
                case when status not in ('queued', 'running') then now() - make_interval(days => days) end
         from (values ('succeeded', 1), ('succeeded', 2), ('failed', 3), ('dead', 4), ('canceled', 5),
                      ('succeeded', 8), ('dead', 9), ('dead', 20), ('queued', 10), ('queued', 0),
                      ('succeeded', 6)) as ended (status, days);
         insert into admin_jobs (kind, status, created_at, finished_at)
         select 'a', status::admin_job_status, now() - make_interval(days => days), now() - make_interval(days => days)
         from (values ('dead', 1), ('dead', 2), ('dead', 8), ('dead', 30), ('succeeded', 1)) as ended (status, days)",
    )
    .await;
    let week = (chrono::Utc::now() - chrono::TimeDelta::days(7)).to_rfc3339();
    let path = format!("/api/admin/statistics/work?created_at[gte]={}", week.replace('+', "%2B"));
    let told = api.get(&path).await.expect(200).body;
    let ended = |succeeded: i64, failed: i64, dead: i64, canceled: i64, jobs: i64| {
        json!({
            "operations": { "succeeded": succeeded, "failed": failed, "dead": dead, "canceled": canceled },
            "jobs": { "dead": jobs },
        })
    };
    assert_eq!(told["ended"], ended(3, 1, 1, 1, 2), "{told}");
    assert_eq!(told["ended_previous"], ended(1, 0, 1, 0, 1), "{told}");
    // A week ago one waited that still does, and one ran that was done a day later.
    let previous = json!({ "operations": { "under_way": 2, "dead": 2 }, "jobs": { "dead": 2 } });
    assert_eq!(told["previous"], previous, "{told}");
    let now = ["queued", "running", "failed", "dead"].map(|status| told["operations"][status].as_i64());
    assert_eq!(now, [Some(2), Some(0), Some(1), Some(3)]);
    let backwards = "created_at[gte]=2026-01-02T00:00:00Z&created_at[lt]=2026-01-01T00:00:00Z";
    let refused = api.get(&format!("/api/admin/statistics/work?{backwards}")).await;
    assert_eq!(refused.wrong_fields(), ["created_at[lt]"]);

    let rights = Rights::of(&[Right::CustomersRead]);
    let api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Token(Uuid::nil()), rights));
    let told = api.get(&path).await.expect(200).body;
    for part in ["ended", "ended_previous", "previous"] {
        assert_eq!(told[part]["jobs"], Value::Null, "{part}");
    }
}
