//! Stored secrets by kind.

use catalog::stored_secrets::SecretKind;
use domain::Plan;
use serde_json::{Value, json};

use super::Api;

#[tokio::test]
async fn stored_secrets_are_counted_with_the_age_and_the_owner_of_the_oldest_and_never_shown() {
    let api = Api::new().await;
    let mut ids = Vec::new();
    for (slug, days) in [("acme", 400), ("other", 3)] {
        let id = api.customer(slug, Plan::Starter).await;
        api.sql(&format!(
            "insert into admin_customer_ai_keys (customer_id, ai_provider, api_key_encrypted, set_at)
             values ('{id}', 'openai', 'v1.data1.c2VhbGVk', now() - interval '{days} days')"
        ))
        .await;
        ids.push(id);
    }
    // One operator, who has an authenticator app for a week.
    api.sql(
        "insert into admin_operators (email, name, roles, password_hash, totp_secret_sealed, totp_confirmed_at)
         values ('ann@example.org', 'Ann', '{owner}', 'x', 'v1.data1.c2VhbGVk', now() - interval '7 days')",
    )
    .await;
    let told = api.get("/api/admin/secrets/stored").await.expect(200).body;
    let rows = told["data"].as_array().unwrap();
    assert_eq!(rows.len(), SecretKind::ALL.len(), "{told}");
    let of = |kind: &str| rows.iter().find(|row| row["kind"] == kind).unwrap();

    let mut ai = of("ai_key").clone();
    assert!(ai["oldest_set_at"].as_str().unwrap().ends_with('Z'), "{ai}");
    ai.as_object_mut().unwrap().remove("oldest_set_at");
    let expected = json!({
        "kind": "ai_key", "count": 2, "oldest_age_days": 400,
        "customer_uuid": ids[0].uuid(), "customer_id": "acme", "customer_name": "acme Inc.",
    });
    assert_eq!(ai, expected);
    let app = of("authenticator_app");
    assert_eq!((&app["count"], &app["oldest_age_days"]), (&json!(1), &json!(7)));
    assert_eq!(app["customer_uuid"], Value::Null);
    let none = json!({
        "kind": "backup_key", "count": 0, "oldest_set_at": null, "oldest_age_days": null,
        "customer_uuid": null, "customer_id": null, "customer_name": null,
    });
    assert_eq!(*of("backup_key"), none);
    assert!(!told.to_string().contains("c2VhbGVk"), "{told}");
}
