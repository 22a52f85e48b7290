//! How the parts fare: what is well, what isn't, and what nobody can say.

use std::sync::Arc;

use async_trait::async_trait;
use domain::Plan;
use secrets::MasterKey;
use serde_json::{Value, json};

use super::Api;
use crate::{ApiState, Dependency, Need};

const PATH: &str = "/api/admin/health";

struct Broken(Need);

#[async_trait]
impl Dependency for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn need(&self) -> Need {
        self.0
    }

    async fn check(&self) -> Result<(), String> {
        Err("can't be reached".to_owned())
    }
}

fn part<'a>(health: &'a Value, name: &str) -> &'a Value {
    let found = health["parts"].as_array().unwrap().iter().find(|part| part["name"] == name);
    found.unwrap_or_else(|| panic!("{name} in {health}"))
}

fn status<'a>(health: &'a Value, name: &str) -> &'a str {
    part(health, name)["status"].as_str().unwrap()
}

#[tokio::test]
async fn every_part_is_told_of_as_it_is() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let without_a_worker = api.get(PATH).await.expect(200).body;
    assert_eq!(without_a_worker["status"], "degraded");
    assert_eq!(status(&without_a_worker, "worker"), "down");
    for name in ["jobs", "operations", "backups"] {
        assert_eq!(status(&without_a_worker, name), "ok", "{without_a_worker}");
    }
    assert_eq!(status(&without_a_worker, "audit_anchors"), "unknown");
    let listed = without_a_worker.to_string();
    assert!(!listed.contains("clerk") && !listed.contains("audit_streams"), "not set up: {listed}");

    api.sql(
        "insert into admin_job_schedules (kind, period_start) values ('reconciler_scan', now());
         insert into admin_jobs (kind, status, finished_at) values ('audit_anchors', 'succeeded', '2026-01-02 03:04:05Z')",
    )
    .await;
    let well = api.get(PATH).await.expect(200).body;
    assert_eq!(well["status"], "ok", "{well}");
    let anchored = part(&well, "audit_anchors")["detail"].as_str().unwrap();
    assert_eq!(anchored, "The audit log was last anchored at 2026-01-02T03:04:05Z.");

    api.sql(
        "alter table admin_job_schedules disable trigger user;
         update admin_job_schedules set updated_at = now() - interval '1 hour';
         insert into admin_jobs (kind, status, finished_at, last_error) values ('a', 'dead', now(), 'e'), ('b', 'dead', now(), 'e');
         insert into admin_jobs (kind, status, finished_at, last_error)
             values ('audit_anchors', 'dead', now(), 'the bucket is away');
         insert into admin_operations (kind, customer_id, customer_slug, intent, status, finished_at)
             values ('customer_delete', gen_random_uuid(), 'gone', 'absent', 'dead', now());
         insert into admin_backups (database_name, kind, path, status, finished_at, error)
             values ('d', 'manual', 'p', 'failed', now(), 'no disk');
         insert into admin_clerk_messages (id, event_type, payload, occurred_at, status)
             values ('m', 'user.created', '{}', now(), 'failed');
         insert into admin_audit_streams (name, endpoint, failed_attempts) values ('siem', 'https://siem.example', 3)",
    )
    .await;
    let ill = api.get(PATH).await.expect(200).body;
    assert_eq!(ill["status"], "degraded");
    for (name, state, detail) in [
        ("worker", "down", "No worker has shown a sign of life since "),
        ("jobs", "degraded", "3 jobs were given up"),
        ("operations", "degraded", "1 operation was given up"),
        ("backups", "degraded", "The last backup of one database failed."),
        ("audit_anchors", "degraded", "The audit log can't be anchored: the bucket is away"),
        ("audit_streams", "degraded", "The audit log can't be told to siem."),
        ("clerk", "degraded", "1 message was not done"),
    ] {
        assert_eq!(status(&ill, name), state, "{ill}");
        assert!(part(&ill, name)["detail"].as_str().unwrap().starts_with(detail), "{}", part(&ill, name));
    }
}

#[tokio::test]
async fn what_the_server_cannot_work_without_is_down_and_the_rest_unknown() {
    let database = testkit::admin_database().await;
    let proxy = testkit::fault_proxy(database.port()).await;
    let url = database.server_url_through(proxy.port());
    let api = Api::over(database, url, &MasterKey::generate());
    let with = |state: &ApiState, need| {
        let broken: Arc<dyn Dependency> = Arc::new(Broken(need));
        let state = ApiState { dependencies: Arc::new([broken]), ..state.clone() };
        super::super::router(&state).layer(crate::EVERY_REQUEST)
    };
    let mut api = Api { router: with(&api.state, Need::Optional), ..api };
    api.sql("insert into admin_job_schedules (kind, period_start) values ('reconciler_scan', now())").await;
    let worse = api.get(PATH).await.expect(200).body;
    assert_eq!((&worse["status"], status(&worse, "broken")), (&json!("degraded"), "degraded"));
    assert_eq!(part(&worse, "broken")["detail"], "It can't be reached.");
    assert!(
        part(&worse, "broken")["latency_ms"].is_number() && part(&worse, "worker")["latency_ms"].is_null()
    );
    for (need, answer, word) in [
        (Need::Optional, 200, "degraded"),
        (Need::ToBegin, 200, "degraded"),
        (Need::Required, 503, "unavailable"),
    ] {
        let broken: Arc<dyn Dependency> = Arc::new(Broken(need));
        let state = ApiState { dependencies: Arc::new([broken]), ..api.state.clone() };
        api.router = crate::health::router(&state).layer(crate::EVERY_REQUEST);
        let ready = api.get("/api/ready").await.expect(answer).body;
        assert_eq!(
            (&ready["status"], &ready["dependencies"][0]["required"]),
            (&json!(word), &json!(answer == 503))
        );
    }
    api.router = with(&api.state, Need::ToBegin);
    assert_eq!(status(&api.get(PATH).await.expect(200).body, "broken"), "down", "operators need it");
    api.router = with(&api.state, Need::Required);
    // The configured token needs no admin database.
    proxy.refuse();
    let away = api.get(PATH).await.expect(200).body;
    assert_eq!((&away["status"], status(&away, "broken")), (&json!("down"), "down"));
    for name in ["worker", "jobs", "operations", "backups", "audit_anchors"] {
        assert_eq!(status(&away, name), "unknown", "{away}");
    }
}
