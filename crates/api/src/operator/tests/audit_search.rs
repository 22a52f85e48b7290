//! Words in the audit log: found in what was done, in the thing and in the values; bounded; and for nobody who may not read
//! the log.

use domain::operator::{Actor, Credential};
use domain::{Plan, Right, Rights};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;

const LOGS: &str = "/api/admin/audit-logs";

async fn house() -> Api {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    api.customer("globex", Plan::Starter).await;
    let reason = |text: &str| json!({ "reason": text });
    api.post("/api/admin/customers/acme/suspend", &reason("Invoice unpaid, voucher, 50% of it"))
        .await
        .expect(200);
    api.post("/api/admin/customers/globex/suspend", &reason("asked for it: ticket Ä-7")).await.expect(200);
    api.post("/api/admin/customers/acme/resume", &Value::Null).await.expect(200);
    api
}

/// What was done, by whom it was done to, as `suspended acme`.
async fn found(api: &Api, query: &str) -> Vec<String> {
    let listed = api.get(&format!("{LOGS}?{query}")).await.expect(200).body;
    let told = |row: &Value| {
        let action = row["action"].as_str().unwrap().trim_start_matches("customer_").to_owned();
        format!("{action} {}", row["customer_id"].as_str().unwrap_or("nobody"))
    };
    listed["data"].as_array().unwrap().iter().map(told).collect()
}

#[tokio::test]
async fn words_are_found_in_actions_things_and_values_all_of_them_and_nothing_else() {
    let api = house().await;
    let one: &[&str] = &["suspended acme"];
    for (query, expected) in [
        ("q=voucher", one),
        ("q=INVOICE%20unpaid", one),
        ("q=unpaid%20invoice%20suspended", one),
        ("q=invoice%20ticket", &[]),
        // Nothing in a word means more than itself.
        ("q=50%25", one),
        ("q=5_%25", &[]),
        ("q=%25", one),
        ("q=%C3%84-7", &["suspended globex"]),
        ("q=customer_suspended", &["suspended globex", "suspended acme"]),
        ("q=customer_suspended&customer=acme", one),
        ("q=ticket&customer=acme", &[]),
        ("q=acme&action=customer_resumed", &[]),
    ] {
        assert_eq!(found(&api, query).await, expected, "{query}");
    }
    // In the id of the thing.
    let row = api.get(&format!("{LOGS}?q=voucher")).await.expect(200).body["data"][0].clone();
    let id = row["resource_id"].as_str().unwrap();
    assert_eq!(found(&api, &format!("q={id}%20customer_resumed")).await, ["resumed acme"]);
    // Page by page.
    let first = api.get(&format!("{LOGS}?q=customer_suspended&limit=1")).await.expect(200).body;
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(found(&api, &format!("q=customer_suspended&limit=1&cursor={cursor}")).await, one);
    // The file has what the list has.
    let file = api.file("?format=csv&q=voucher").await.1;
    assert_eq!((file.lines().count(), file.contains("globex"), file.contains("voucher")), (2, false, true));
}

#[tokio::test]
async fn a_search_names_its_customer_or_a_time_that_is_not_too_long() {
    let api = house().await;
    api.sql(
        "insert into admin_audit_logs (action, resource_type, new_values, created_at)
         values ('customer_updated', 'customer', '{\"note\": \"voucher\"}', now() - interval '100 days')",
    )
    .await;
    // Without a time, the last 92 days.
    assert_eq!(found(&api, "q=voucher").await, ["suspended acme"]);
    let day = |days: i64| {
        (chrono::Utc::now() - chrono::TimeDelta::days(days)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let wide = format!("q=voucher&created_at[gte]={}", day(365));
    assert_eq!(found(&api, &wide).await, ["suspended acme", "updated nobody"]);
    let wider = format!("q=voucher&created_at[gte]={}", day(400));
    for path in [LOGS.to_owned(), format!("{LOGS}/export")] {
        assert_eq!(api.get(&format!("{path}?{wider}")).await.wrong_fields(), ["created_at[gte]"]);
    }
    // One customer's rows have no such bound, and without words there is none.
    assert_eq!(found(&api, &format!("{wider}&customer=acme")).await, ["suspended acme"]);
    assert_eq!(found(&api, &format!("created_at[gte]={}", day(400))).await.len(), 4);
    for wrong in ["", "%20", "a%00b", &"a+".repeat(9), &"a".repeat(201)] {
        for path in [LOGS.to_owned(), format!("{LOGS}/export")] {
            assert_eq!(api.get(&format!("{path}?q={wrong}")).await.wrong_fields(), ["q"], "{wrong:?}");
        }
    }
    // A whole key doesn't belong into an address.
    let key = format!("sk_{}", "a1".repeat(21));
    let refused = api.get(&format!("{LOGS}?q={key}")).await;
    assert_eq!(refused.wrong_fields(), ["q"]);
    assert!(!refused.body.to_string().contains(&key));
}

#[tokio::test]
async fn a_search_that_takes_too_long_says_so_and_holds_nobody_up() {
    let api = house().await;
    let mut other = api.database.connect().await;
    let lock = other.transaction().await.unwrap();
    lock.batch_execute("lock table admin_audit_logs in access exclusive mode").await.unwrap();
    let refused = api.get(&format!("{LOGS}?q=voucher")).await;
    assert_eq!(refused.wrong_fields(), ["q"]);
    lock.rollback().await.unwrap();
    assert_eq!(found(&api, "q=voucher").await, ["suspended acme"]);
}

#[tokio::test]
async fn an_operator_without_the_right_finds_nothing() {
    let api = house().await;
    let rights = Rights::ALL.without(Rights::of(&[Right::AuditRead]));
    let api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Token(Uuid::nil()), rights));
    for path in [LOGS.to_owned(), format!("{LOGS}/export")] {
        let refused =
            api.get(&format!("{path}?q=unpaid")).await.expect_problem(403, "operator-permission-missing");
        assert!(!refused.body.to_string().contains("unpaid"), "{refused:?}");
    }
}
