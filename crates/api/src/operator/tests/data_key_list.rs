//! Data keys by age.

use domain::Plan;
use serde_json::{Value, json};

use super::Api;

const PATH: &str = "/api/admin/secrets/data-keys";

#[tokio::test]
async fn data_keys_are_listed_by_age_and_never_shown() {
    let api = Api::new().await;
    for (slug, days) in [("acme", 400), ("other", 3)] {
        let id = api.customer(slug, Plan::Starter).await;
        api.sql(&format!(
            "insert into admin_data_keys (customer_id, wrapped_key, created_at)
             values ('{id}', 'v1.feedbeef.c2VhbGVk', now() - interval '{days} days')"
        ))
        .await;
    }
    api.sql(
        "insert into admin_data_keys (customer_id, version, wrapped_key, created_at)
         values (null, 7, 'v1.feedbeef.c2VhbGVk', now() - interval '30 days')",
    )
    .await;
    let first = api.get(&format!("{PATH}?limit=2")).await.expect(200).body;
    let shown = |row: &Value| (row["customer_id"].clone(), row["version"].clone(), row["age_days"].clone());
    let ages: Vec<_> = first["data"].as_array().unwrap().iter().map(shown).collect();
    assert_eq!(ages, [(json!("acme"), json!(1), json!(400)), (Value::Null, json!(7), json!(30))]);
    assert_eq!(
        (&first["data"][0]["master_key_id"], &first["data"][0]["superseded_at"]),
        (&json!("feedbeef"), &Value::Null)
    );
    assert!(!first.to_string().contains("c2VhbGVk"), "{first}");
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = api.get(&format!("{PATH}?cursor={cursor}")).await.expect(200).body;
    assert_eq!(rest["data"].as_array().unwrap().len(), 1);
    assert_eq!(shown(&rest["data"][0]), (json!("other"), json!(1), json!(3)));

    let others = api.get(&format!("{PATH}?customer=other")).await.expect(200).body;
    assert_eq!(others["data"].as_array().unwrap().len(), 1, "another customer's is among them: {others}");
    assert_eq!(others["data"][0]["customer_id"], "other");
    assert_eq!(api.get(&format!("{PATH}?customer=nobody")).await.wrong_fields(), ["customer"]);
}

#[tokio::test]
async fn a_rotation_says_whose_data_key_it_is() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await;
    api.sql(&format!(
        "insert into admin_key_rotations (kind, customer_id, to_version, status, finished_at)
         values ('data_key', '{acme}', 2, 'succeeded', now()), ('data_key', gen_random_uuid(), 2, 'succeeded', now()),
                ('data_key', null, 3, 'succeeded', now())"
    ))
    .await;
    let told = api.get("/api/admin/secrets").await.expect(200).body;
    let mut named: Vec<_> = told["rotations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (row["customer_id"].as_str(), row["customer_name"].as_str(), row["customer_uuid"].is_null())
        })
        .collect();
    named.sort_unstable();
    // Of one who left no row, the UUID is all that is known.
    assert_eq!(named, [(None, None, false), (None, None, true), (Some("acme"), Some("acme Inc."), false)]);
    api.sql(&format!(
        "insert into admin_data_keys (customer_id, wrapped_key) values ('{acme}', 'v1.feedbeef.c2VhbGVk')"
    ))
    .await;
    let begun = api.post("/api/admin/customers/acme/data-key-rotations", &Value::Null).await.expect(202).body;
    assert_eq!(
        (begun["customer_id"].as_str(), begun["customer_name"].as_str()),
        (Some("acme"), Some("acme Inc."))
    );
    let path = format!("/api/admin/secrets/rotations/{}", begun["id"].as_str().unwrap());
    assert_eq!(api.get(&path).await.expect(200).body, begun);
}
