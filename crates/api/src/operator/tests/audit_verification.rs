//! The proof of a chain over HTTP: whole, touched, somebody else's, and one at a time.

use domain::Plan;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;

const PATH: &str = "/api/admin/audit-logs/verifications";

impl Api {
    async fn verified(&self, customer: Option<&str>) -> Value {
        self.post(PATH, &json!({ "customer": customer })).await.expect(200).body
    }

    /// What somebody does who owns the tables.
    async fn tamper(&self, sql: &str) {
        self.sql(&format!(
            "alter table admin_audit_logs disable trigger user; {sql}; alter table admin_audit_logs enable trigger user"
        ))
        .await;
    }
}

#[tokio::test]
async fn a_chain_is_whole_until_somebody_touches_it() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Pro).await.uuid();
    let other = api.customer("other", Plan::Pro).await.uuid();
    assert_eq!(api.verified(Some("acme")).await["rows"], 0);
    for customer in [acme, other] {
        let rows = format!(
            "insert into admin_audit_logs (customer_id, action, new_values)
             select '{customer}', 'customer_updated', jsonb_build_object('n', n) from generate_series(1, 10) n"
        );
        api.sql(&rows).await;
    }
    api.operator("ann@example.org", &[domain::Role::ReadOnly]).await;
    let whole = api.verified(Some("acme")).await;
    assert_eq!((&whole["intact"], &whole["first_bad"]), (&json!(true), &Value::Null), "{whole}");
    assert_eq!(
        (&whole["rows"], &whole["last_sequence"], &whole["chain"]),
        (&json!(10), &json!(10), &json!(acme))
    );
    assert_eq!(whole["customer_name"], "acme Inc.");
    let platform = api.verified(None).await;
    assert_eq!((&platform["intact"], &platform["customer_uuid"]), (&json!(true), &Value::Null));
    assert_eq!((&platform["chain"], &platform["customer_name"]), (&json!(Uuid::nil()), &Value::Null));
    assert!(platform["rows"].as_i64().unwrap() >= 3, "{platform}");

    let change = format!(
        "update admin_audit_logs set new_values = '{{}}' where customer_id = '{acme}' and chain_sequence = 4"
    );
    api.tamper(&change).await;
    let touched = api.verified(Some("acme")).await;
    assert_eq!((&touched["intact"], &touched["rows"]), (&json!(false), &json!(10)), "{touched}");
    assert_eq!(touched["first_bad"]["sequence"], 4);
    assert!(
        touched["first_bad"]["id"].is_string() && touched["first_bad"]["reason"].is_string(),
        "{touched}"
    );
    assert_eq!(api.verified(Some("other")).await["intact"], true, "the others' are whole");
    assert_eq!(api.verified(None).await["intact"], true);

    api.tamper(&format!(
        "delete from admin_audit_logs where customer_id = '{other}' and chain_sequence = 10"
    ))
    .await;
    let shortened = api.verified(Some(&other.to_string())).await;
    assert_eq!(shortened["first_bad"]["id"], Value::Null);
    assert_eq!((&shortened["first_bad"]["sequence"], &shortened["intact"]), (&json!(10), &json!(false)));
    let headless = format!("delete from admin_audit_heads where chain_id = '{other}'");
    api.tamper(&headless).await;
    assert_eq!(api.verified(Some("other")).await["first_bad"]["reason"], "the chain has no head");
}

#[tokio::test]
async fn one_at_a_time_and_for_those_who_are_there() {
    let api = Api::new().await;
    assert_eq!(api.post(PATH, &json!({ "customer": "nobody" })).await.wrong_fields(), ["/customer"]);
    assert_eq!(api.post(PATH, &json!({ "chain": 7 })).await.wrong_fields(), ["/chain"]);
    let turn = api.state.verifying.try_acquire().unwrap();
    let busy = api.post(PATH, &json!({})).await.expect_problem(503, "unavailable");
    assert_eq!(busy.header("retry-after"), "5");
    drop(turn);
    api.post(PATH, &json!({})).await.expect(200);
}
