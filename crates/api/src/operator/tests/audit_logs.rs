//! Rows of the audit log: one by its id, and who and whom they are about.

use domain::operator::{Actor, Credential};
use domain::{AuditAction, Plan, Right, Rights, Role};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;

const LOGS: &str = "/api/admin/audit-logs";

async fn newest(api: &Api, query: &str) -> Value {
    let listed = api.get(&format!("{LOGS}?{query}")).await.expect(200).body;
    listed["data"][0].clone()
}

#[tokio::test]
async fn a_row_says_who_did_what_to_whom_by_name() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await;
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    let suspend = "/api/admin/customers/acme/suspend";
    api.ask_as(Some(&ann.token), Method::POST, suspend, json!({ "reason": "unpaid" })).await.expect(200);
    let row = newest(&api, "action=customer_suspended").await;
    assert_eq!(
        (&row["admin_user_id"], &row["admin_user_name"], &row["customer_uuid"]),
        (&json!(ann.id), &json!("Ann"), &json!(acme))
    );
    assert_eq!((&row["customer_id"], &row["customer_name"]), (&json!("acme"), &json!("acme Inc.")));
    let one = api.get(&format!("{LOGS}/{}", row["id"].as_str().unwrap())).await.expect(200).body;
    assert_eq!(one, row, "a row is the same in the list and alone");

    api.post("/api/admin/customers/acme/resume", &Value::Null).await.expect(200);
    let row = newest(&api, "action=customer_resumed").await;
    assert_eq!(
        (&row["admin_user_id"], &row["admin_user_name"]),
        (&json!("bootstrap"), &json!("The configured token"))
    );
    // Whoever else writes rows, and customers whose row is gone.
    let gone = Uuid::now_v7();
    api.sql(&format!(
        "insert into admin_audit_logs (customer_id, action, admin_user_id)
         values ('{gone}', 'customer_deleted', 'legacy-client'), (null, 'customer_created', '{gone}')"
    ))
    .await;
    let row = newest(&api, "action=customer_deleted").await;
    assert_eq!((&row["customer_uuid"], &row["customer_name"]), (&json!(gone), &Value::Null));
    assert_eq!((&row["admin_user_id"], &row["admin_user_name"]), (&json!("legacy-client"), &Value::Null));
    let row = newest(&api, "action=customer_created").await;
    assert_eq!((&row["admin_user_id"], &row["admin_user_name"]), (&json!(gone), &Value::Null));
}

#[tokio::test]
async fn every_row_of_a_page_has_its_names() {
    let api = Api::new().await;
    api.sql(
        "insert into admin_customers (company_name, company_domain)
             select 'c' || n, 'c' || n from generate_series(1, 100) n;
         insert into admin_audit_logs (customer_id, action) select id, 'customer_updated' from admin_customers",
    )
    .await;
    let listed = api.get(&format!("{LOGS}?limit=200")).await.expect(200).body;
    let rows = listed["data"].as_array().unwrap();
    assert_eq!(rows.len(), 100);
    for row in rows {
        assert_eq!(row["customer_id"], row["customer_name"], "{row}");
        assert!(row["customer_id"].is_string(), "{row}");
    }
}

#[tokio::test]
async fn secrets_stay_masked_and_who_may_not_read_the_log_reads_no_row() {
    let api = Api::new().await;
    let client = api.catalog.client().await.unwrap();
    let entry = catalog::audit::AuditEntry {
        customer_id: None,
        action: AuditAction::OperatorUpdated,
        resource_type: "operator",
        resource_id: None,
        old_values: None,
        new_values: Some(json!({ "password": "hunter2", "name": "Ann" })),
    };
    let id = catalog::audit::insert(&client, &Actor::system(), &entry).await.unwrap();
    let path = format!("{LOGS}/{id}");
    let row = api.get(&path).await.expect(200).body;
    assert_eq!(row["new_values"], json!({ "password": "***", "name": "Ann" }));
    api.get(&format!("{LOGS}/{}", Uuid::now_v7())).await.expect_problem(404, "not-found");
    api.get(&format!("{LOGS}/nonsense")).await.expect_problem(404, "not-found");
    assert_eq!(api.get(&format!("{path}?deep=1")).await.wrong_fields(), ["deep"]);

    let rights = Rights::ALL.without(Rights::of(&[Right::AuditRead]));
    let api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Token(Uuid::nil()), rights));
    api.get(&path).await.expect_problem(403, "operator-permission-missing");
}
