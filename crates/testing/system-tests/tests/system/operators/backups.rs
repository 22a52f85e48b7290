//! A backup, asked for and restored by the command line: into a new customer, row for row, behind walls of their own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use system_tests::{Connection, Customer, Stack};
use testkit::wait_for;

const TABLES: [&str; 11] = [
    "organizations",
    "users",
    "contacts",
    "deals",
    "activities",
    "tasks",
    "calendar_events",
    "smart_task_templates",
    "workflows",
    "workflow_executions",
    "audit_logs",
];

pub(super) async fn story(stack: &Stack) {
    let origin = stack.customer("origin").await;
    fill(&origin).await;
    stack.program.run(&["customer", "backup", &origin.id]).await.succeeded();
    let backup = finished_backup(stack, &origin).await;
    assert_eq!((&backup["kind"], &backup["status"]), (&json!("manual"), &json!("succeeded")), "{backup}");
    assert_eq!(backup["encrypted"], true, "{backup}");
    let file = file_of(stack, &backup);
    opens(stack, &file, &backup).await;
    let backed_up = rows(stack, &origin.id).await;
    assert!(backed_up.len() > 15, "{backed_up:#?}");
    // What comes after the backup isn't in it.
    let late = origin.api.post("/api/v1/contacts", &json!({ "first_name": "Late" })).await.expect(201);

    let taken = restore(stack, &backup, "origin").await;
    assert_eq!(taken.code, Some(4), "{taken:?}");
    let restored = restore(stack, &backup, "restored").await.succeeded().json();
    let key = restored["api_key"]["key"].as_str().unwrap_or_else(|| panic!("{restored}"));
    let copy = origin.api.with_token(key);
    assert_eq!(rows(stack, "restored").await, backed_up);

    // The ids are the same, the customers are two.
    let late = format!("/api/v1/contacts/{}", late["id"].as_str().unwrap());
    copy.get(&late).await.expect_problem(404, "not-found");
    let new = copy.post("/api/v1/contacts", &json!({ "first_name": "New" })).await.expect(201);
    let new = format!("/api/v1/contacts/{}", new["id"].as_str().unwrap());
    origin.api.get(&new).await.expect_problem(404, "not-found");
    let template = json!({ "name": "t", "trigger_activity_type": "call", "task_title": "t" });
    copy.post("/api/v1/smart-task-templates", &template).await.expect_problem(403, "module-disabled");
    super::super::walls::roles::stand(stack, "restored", "origin").await;

    let audit = stack
        .operator
        .get("/api/admin/audit-logs?customer=restored&action=backup_restored")
        .await
        .expect(200);
    assert_eq!(audit["data"][0]["new_values"]["parameters"]["backup_id"], backup["id"], "{audit}");
    let audit =
        stack.operator.get("/api/admin/audit-logs?customer=origin&action=backup_created").await.expect(200);
    assert_eq!(audit["data"].as_array().unwrap().len(), 1, "{audit}");
    restoring_what_is_not_there(stack).await;

    // Who is gone can be brought back for as long as there are backups, though their keys are gone with them.
    stack.program.run(&["customer", "delete", &origin.id, "--yes"]).await.succeeded();
    opens(stack, &file, &backup).await;
    let restored = restore(stack, &backup, "returned").await.succeeded().json();
    assert!(restored["api_key"]["key"].is_string(), "{restored}");
    assert_eq!(rows(stack, "returned").await, backed_up);
}

fn file_of(stack: &Stack, backup: &Value) -> PathBuf {
    let id = backup["id"].as_str().unwrap();
    let folder = stack.path().join("backups").join(backup["database_name"].as_str().unwrap());
    let mut files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.find(|file| file.to_string_lossy().contains(id)).unwrap()
}

/// On the machine with the master key, and nowhere else.
async fn opens(stack: &Stack, file: &Path, backup: &Value) {
    let file = file.to_str().unwrap();
    let found = stack.program.run(&["backup", "verify", file, "--json"]).await.succeeded().json();
    assert_eq!((&found["encrypted"], &found["backup"]), (&json!(true), &backup["id"]), "{found}");
    let bytes = stack.program.command(&["backup", "decrypt", file]).output().await.unwrap();
    assert!(bytes.status.success() && bytes.stdout.starts_with(b"PGDMP"), "{:?}", bytes.status);
    let elsewhere = tempfile::tempdir().unwrap();
    let stranger = stack.program.clone().with("SIXTY_HOME", elsewhere.path());
    let stranger = stranger.with("SIXTY_MASTER_KEY", "ab".repeat(32)).with("ADMIN_DB_TLS", "plain");
    for command in ["verify", "decrypt"] {
        let refused = stranger.command(&["backup", command, file]).output().await.unwrap();
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{command}");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains("is not configured here"), "{said}");
    }
}

async fn fill(customer: &Customer) {
    let api = &customer.api;
    let other = api.post("/api/v1/organizations", &json!({ "name": "Other unit" })).await.expect(201);
    for api in [api.clone(), api.in_organization(other["id"].as_str().unwrap())] {
        let user = api
            .post("/api/v1/users", &json!({ "email": "ada@example.org", "name": "Ada ü ' \\ \n" }))
            .await
            .expect(201);
        let contact = api
            .post("/api/v1/contacts", &json!({ "first_name": "Grace", "user_id": user["id"] }))
            .await
            .expect(201);
        let deal = json!({ "name": "Big", "mrr": "12345678901.23", "contact_id": contact["id"], "metadata": { "a": [1, null] } });
        let deal = api.post("/api/v1/deals", &deal).await.expect(201);
        let template =
            json!({ "name": "Follow up", "trigger_activity_type": "call", "task_title": "Call again" });
        api.post("/api/v1/smart-task-templates", &template).await.expect(201);
        api.post("/api/v1/activities", &json!({ "type": "call", "deal_id": deal["id"] })).await.expect(201);
        let tasks = api.get("/api/v1/tasks").await.expect(200);
        assert_eq!(tasks["data"][0]["title"], "Call again", "the template made its follow-up task: {tasks}");
        let event = json!({ "title": "Meet", "start_time": "2026-01-01T10:00:00Z", "end_time": "2026-01-01T11:00:00Z" });
        api.post("/api/v1/calendar-events", &event).await.expect(201);
        api.post("/api/v1/workflows", &json!({ "name": "Flow", "actions": [{ "do": "mail" }] }))
            .await
            .expect(201);
    }
}

async fn finished_backup(stack: &Stack, customer: &Customer) -> Value {
    let list = || async {
        let shown =
            stack.program.run(&["customer", "backups", &customer.id, "--json"]).await.succeeded().json();
        let first = shown.get("data").unwrap_or(&shown).get(0).cloned();
        first.filter(|backup| backup["status"] != "running")
    };
    wait_for("the backup to be made", Duration::from_secs(60), || async { list().await.is_some() }).await;
    list().await.expect("it was there a moment ago")
}

async fn restore(stack: &Stack, backup: &Value, into: &str) -> system_tests::Finished {
    let from = backup["id"].as_str().unwrap();
    let email = format!("ada@{into}.example");
    let arguments =
        ["customer", "restore", into, "--from", from, "--name", "Restored", "--email", &email, "--json"];
    stack.program.run(&arguments).await
}

/// Every row of every table, of every organization, as the role that only reads sees them.
async fn rows(stack: &Stack, customer: &str) -> Vec<Value> {
    let client = Connection::of(&stack.operator, customer, "readonly").await.connect().await;
    let organizations = client.query("select id::text from organizations order by id", &[]).await.unwrap();
    let mut found = Vec::new();
    for organization in organizations {
        let id: String = organization.get(0);
        client.batch_execute(&format!("set app.org_id = '{id}'")).await.unwrap();
        for table in TABLES {
            let sql = format!("select jsonb_build_object('{table}', to_jsonb(t)) from {table} t order by id");
            found.extend(client.query(&sql, &[]).await.unwrap().iter().map(|row| row.get::<_, Value>(0)));
        }
    }
    found
}

async fn restoring_what_is_not_there(stack: &Stack) {
    let missing = json!({ "id": "01a20922-337d-705e-845b-39d610d3630a" });
    let refused = restore(stack, &missing, "from-nothing").await;
    assert_eq!(refused.code, Some(3), "{refused:?}");
    stack.operator.get("/api/provision/from-nothing").await.expect_problem(404, "not-found");
}
