//! One customer's timeline: complete, in order, page by page, and nobody else's.

use customers::Actor;
use domain::operator::Credential;
use domain::{Plan, Right, Rights, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;

const PATH: &str = "/api/admin/customers/acme/timeline";

/// Rows of each kind, one a minute.
async fn life(api: &Api, customer: Uuid, slug: &str) {
    let sql = format!(
        "insert into admin_operations (kind, customer_id, customer_slug, intent, status, finished_at, created_at, requested_by)
             values ('customer_create', '{customer}', '{slug}', 'present', 'succeeded', now(), '2026-01-01 10:00Z', 'bootstrap'),
                    ('customer_delete', '{customer}', '{slug}', 'absent', 'dead', now(), '2026-01-01 10:07Z', null);
         update admin_operations set error = 'the disk is full' where kind = 'customer_delete';
         insert into admin_backups (customer_id, database_name, kind, path, started_at, status, finished_at, size_bytes, sha256,
                 postgres_version)
             values ('{customer}', 'd', 'manual', 'p', '2026-01-01 10:05Z', 'succeeded', now(), 12345678, repeat('a', 64), '15');
         insert into admin_audit_logs (customer_id, admin_user_id, action, resource_type, resource_id, new_values, created_at)
             values ('{customer}', 'bootstrap', 'customer_created', 'customer', '{customer}',
                     '{{\"subscription_plan\": \"pro\"}}', '2026-01-01 10:01Z'),
                    ('{customer}', null, 'module_enabled', 'module', 'ai_assistant', '{{\"reason\": \"a gift\"}}',
                     '2026-01-01 10:02Z')"
    );
    api.sql(&sql).await;
}

fn summaries(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|entry| entry["summary"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn everything_that_happened_is_told_once_in_order_and_page_by_page() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Pro).await.uuid();
    let other = api.customer("other", Plan::Pro).await.uuid();
    life(&api, acme, "acme").await;
    life(&api, other, "other").await;
    let ann = api.operator("ann@example.org", &[Role::Support]).await;
    let by_ann = format!(
        "insert into admin_audit_logs (customer_id, admin_user_id, action, created_at)
         values ('{acme}', '{}', 'customer_suspended', '2026-01-01 10:06Z')",
        ann.id
    );
    api.sql(&by_ann).await;
    let all = api.get(PATH).await.expect(200).body;
    let expected = [
        "Deleting the customer failed, and somebody has to look: the disk is full",
        "The customer was suspended.",
        "A backup that was asked for was made: 12.3 MB.",
        "AI Assistant was turned on: a gift",
        "The customer was signed up with the pro plan.",
        "Signing the customer up is done.",
    ];
    assert_eq!(summaries(&all), expected);
    let kinds: Vec<_> = all["data"].as_array().unwrap().iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds, ["operation", "audit", "backup", "audit", "audit", "operation"]);
    let actors: Vec<_> = all["data"].as_array().unwrap().iter().map(|entry| entry["actor"].clone()).collect();
    let bootstrap = json!({ "kind": "bootstrap", "name": "The configured token" });
    let ann = json!({ "kind": "operator", "name": "Ann" });
    assert_eq!(actors, [Value::Null, ann, Value::Null, Value::Null, bootstrap.clone(), bootstrap]);
    assert_eq!((&all["data"][0]["status"], &all["data"][1]["status"]), (&json!("dead"), &Value::Null));

    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("{PATH}?limit=2{cursor}")).await.expect(200).body;
        paged.extend(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(&json!(paged), &all["data"]);

    for (kind, count) in [("audit", 3), ("operation", 2), ("backup", 1)] {
        let page = api.get(&format!("{PATH}?kind={kind}")).await.expect(200).body;
        assert_eq!(page["data"].as_array().unwrap().len(), count, "{kind}");
    }
    let by_id = api.get(&format!("/api/admin/customers/{acme}/timeline")).await.expect(200).body;
    assert_eq!(by_id, all);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_nobody_has_no_timeline() {
    let api = Api::new().await;
    api.customer("acme", Plan::Pro).await;
    assert_eq!(summaries(&api.get(PATH).await.expect(200).body), [""; 0], "nothing has happened yet");
    for (query, field) in
        [("kind=weather", "kind"), ("limit=0", "limit"), ("cursor=x", "cursor"), ("q=1", "q")]
    {
        assert_eq!(api.get(&format!("{PATH}?{query}")).await.wrong_fields(), [field], "{query}");
    }
    let foreign = api.get("/api/admin/audit-logs?limit=1").await.expect(200).body;
    if let Some(cursor) = foreign["next_cursor"].as_str() {
        assert_eq!(api.get(&format!("{PATH}?cursor={cursor}")).await.wrong_fields(), ["cursor"]);
    }
    for nobody in ["nobody".to_owned(), Uuid::now_v7().to_string()] {
        api.get(&format!("/api/admin/customers/{nobody}/timeline")).await.expect_problem(404, "not-found");
    }
}

#[tokio::test]
async fn backups_are_for_those_who_may_read_them() {
    let mut api = Api::new().await;
    let acme = api.customer("acme", Plan::Pro).await.uuid();
    life(&api, acme, "acme").await;
    let holder = |rights| Actor::operator(Uuid::now_v7(), Credential::Session(Uuid::nil()), rights);
    api = api.known_as(holder(Role::Billing.rights()));
    let seen = api.get(PATH).await.expect(200).body;
    assert_eq!(summaries(&seen).len(), 4);
    assert!(seen["data"].as_array().unwrap().iter().all(|entry| entry["kind"] != "backup"), "{seen}");
    let refused =
        api.get(&format!("{PATH}?kind=backup")).await.expect_problem(403, "operator-permission-missing");
    assert_eq!(refused.body["permission"], "backups:read");
    // A token that may read the log, and no customers.
    api = api.known_as(holder(Rights::of(&[Right::AuditRead])));
    api.get(PATH).await.expect_problem(403, "operator-permission-missing");
}

#[tokio::test]
async fn who_joined_and_left_is_told_by_name() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Pro).await.uuid();
    api.sql(&format!(
        "insert into admin_clerk_users (clerk_user_id, email, name, changed_at)
             values ('user_ada', 'ada@acme.example', 'Ada Park', now()), ('user_bo', 'bo@acme.example', null, now());
         insert into admin_audit_logs (customer_id, action, resource_type, resource_id, old_values, new_values, created_at)
             values ('{acme}', 'customer_updated', 'membership', 'user_ada', '{{\"role\": null}}', '{{\"role\": \"org:admin\"}}',
                     '2026-01-01 10:01Z'),
                    ('{acme}', 'customer_updated', 'membership', 'user_bo', '{{\"role\": \"org:member\"}}',
                     '{{\"role\": null}}', '2026-01-01 10:02Z'),
                    ('{acme}', 'customer_updated', 'membership', 'user_eve', '{{\"role\": \"org:member\"}}',
                     '{{\"role\": \"org:admin\"}}', '2026-01-01 10:03Z')"
    ))
    .await;
    let expected = [
        "Somebody is org:admin among the customer's users, and was org:member.",
        "bo@acme.example is no longer among the customer's users.",
        "Ada Park joined the customer's users as org:admin.",
    ];
    assert_eq!(summaries(&api.get(PATH).await.expect(200).body), expected);
}
