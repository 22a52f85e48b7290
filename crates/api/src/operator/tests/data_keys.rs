//! The ages of data keys: of everybody's, page by page, of one customer's, and never a key.

use domain::operator::{Actor, Credential};
use domain::{Plan, Right, Rights};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;

const KEYS: &str = "/api/admin/secrets/data-keys";

/// The keys of three customers and the platform, made so many days ago, without opening anything.
async fn house() -> Api {
    let api = Api::new().await;
    for (slug, days) in [("acme", 400), ("globex", 10), ("initech", 100)] {
        let id = api.customer(slug, Plan::Starter).await.uuid();
        api.sql(&format!(
            "insert into admin_data_keys (customer_id, wrapped_key, created_at)
             values ('{id}', 'v1.feedbeef.wrapped-of-{slug}', now() - interval '{days} days')"
        ))
        .await;
    }
    api.sql(
        "insert into admin_data_keys (wrapped_key, created_at)
         values ('v1.feedbeef.wrapped-of-platform', now() - interval '200 days')",
    )
    .await;
    api
}

async fn owners(api: &Api, query: &str) -> (Vec<String>, Value) {
    let listed = api.get(&format!("{KEYS}{query}")).await.expect(200).body;
    let owner = |row: &Value| row["customer_id"].as_str().unwrap_or("the platform").to_owned();
    (listed["data"].as_array().unwrap().iter().map(owner).collect(), listed["next_cursor"].clone())
}

#[tokio::test]
async fn keys_are_listed_by_age_page_by_page_without_a_key() {
    let api = house().await;
    let all = ["acme", "the platform", "initech", "globex"];
    assert_eq!(owners(&api, "").await, (all.map(str::to_owned).to_vec(), Value::Null));
    let (mut seen, mut cursor) = owners(&api, "?limit=1").await;
    while let Some(next) = cursor.as_str() {
        let (more, after) = owners(&api, &format!("?limit=1&cursor={next}")).await;
        seen.extend(more);
        cursor = after;
    }
    assert_eq!(seen, all);
    let listed = api.get(KEYS).await.expect(200).body;
    assert!(!listed.to_string().contains("wrapped"), "{listed}");
    let oldest = &listed["data"][0];
    assert_eq!(
        (&oldest["age_days"], &oldest["version"], &oldest["master_key_id"], &oldest["customer_name"]),
        (&json!(400), &json!(1), &json!("feedbeef"), &json!("acme Inc."))
    );
    assert_eq!(oldest["last_rotation"], Value::Null);
    // A cursor of another list.
    let log = api.get("/api/admin/customers?limit=1").await.expect(200).body;
    let other = log["next_cursor"].as_str().unwrap();
    assert_eq!(api.get(&format!("{KEYS}?cursor={other}")).await.wrong_fields(), ["cursor"]);
    assert_eq!(api.get(&format!("{KEYS}?customer=nobody")).await.wrong_fields(), ["customer"]);
}

#[tokio::test]
async fn a_rotated_key_is_young_again_and_says_how_far_it_is() {
    let api = house().await;
    let begun = api.post("/api/admin/customers/acme/data-key-rotations", &Value::Null).await.expect(202).body;
    // As the worker does it: the version comes first, the old one goes when nothing is sealed with it any more.
    api.sql(
        "insert into admin_data_keys (customer_id, version, wrapped_key)
             select id, 2, 'v1.beefbeef.wrapped-anew' from admin_customers where company_domain = 'acme';
         update admin_data_keys set superseded_at = now() where version = 1
             and customer_id = (select id from admin_customers where company_domain = 'acme')",
    )
    .await;
    assert_eq!(owners(&api, "").await.0, ["the platform", "initech", "globex", "acme"]);
    let listed = api.get(&format!("{KEYS}?customer=acme")).await.expect(200).body;
    let key = &listed["data"][0];
    assert_eq!((listed["data"].as_array().unwrap().len(), &key["version"]), (1, &json!(2)));
    assert_eq!((&key["older_versions"], &key["age_days"]), (&json!(1), &json!(0)));
    assert_eq!(key["master_key_id"], "beefbeef");
    assert_eq!(
        (&key["last_rotation"]["id"], &key["last_rotation"]["status"]),
        (&begun["id"], &json!("running"))
    );
    // Another customer's page tells of its own rotation only.
    let listed = api.get(&format!("{KEYS}?customer=globex")).await.expect(200).body;
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&listed["data"][0]["customer_id"], &listed["data"][0]["last_rotation"]),
        (&json!("globex"), &Value::Null)
    );
}

#[tokio::test]
async fn an_operator_without_the_right_sees_no_key() {
    let api = house().await;
    let rights = Rights::ALL.without(Rights::of(&[Right::SecretsRead]));
    let api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Token(Uuid::nil()), rights));
    for query in ["", "?customer=acme"] {
        let refused =
            api.get(&format!("{KEYS}{query}")).await.expect_problem(403, "operator-permission-missing");
        assert!(!refused.body.to_string().contains("feedbeef"), "{refused:?}");
    }
}
