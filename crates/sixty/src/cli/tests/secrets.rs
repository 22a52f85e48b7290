//! `sixty secrets`.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::{serve, sixty};

#[tokio::test]
async fn a_provider_that_is_away_is_told_of_beside_the_others() {
    let status = || async {
        Json(json!({
            "active_key": "1a2b3c4d",
            "master_keys": [
                { "id": "1a2b3c4d", "provider": "local", "state": "active", "data_keys": 7, "available": true,
                  "activated_at": "2026-01-01T00:00:00Z", "age_days": 30, "retired_at": null },
            ],
            "providers": [
                { "provider": "vault", "status": "away", "keys": null, "answered_in_ms": 5003,
                  "error": "vault can't be reached: it doesn't answer in time" },
                { "provider": "local", "status": "ok", "keys": 2, "answered_in_ms": 0, "error": null },
            ],
            "rotations": [],
        }))
    };
    let url = serve(Router::new().route("/api/admin/secrets", get(status))).await;
    insta::assert_snapshot!(sixty(&url, "secrets status").await.whole(), @r"
    MASTER KEY  PROVIDER  STATE   DATA KEYS  AGE      ON THIS SERVER
    1a2b3c4d    local     active  7          30 days  yes
    HELD BY  STATUS  KEYS  ANSWERED IN
    vault    away    -     5003 ms
    local    ok      2     0 ms
    Away: vault can't be reached: it doesn't answer in time
    --- notes
    --- code 0
    ");
}

#[tokio::test]
async fn stored_secrets_are_listed_by_kind() {
    let stored = || async {
        Json(json!({ "data": [
            { "kind": "ai_key", "count": 12, "oldest_set_at": "2025-01-01T00:00:00Z", "oldest_age_days": 400,
              "customer_uuid": "0192", "customer_id": "acme", "customer_name": "Acme" },
            { "kind": "authenticator_app", "count": 1, "oldest_set_at": "2026-01-01T00:00:00Z", "oldest_age_days": 3,
              "customer_uuid": null, "customer_id": null, "customer_name": null },
            { "kind": "backup_key", "count": 0, "oldest_set_at": null, "oldest_age_days": null,
              "customer_uuid": null, "customer_id": null, "customer_name": null },
        ] }))
    };
    let url = serve(Router::new().route("/api/admin/secrets/stored", get(stored))).await;
    insta::assert_snapshot!(sixty(&url, "secrets stored").await.whole(), @r"
    STORED             HOW MANY  OLDEST    OF
    ai_key             12        400 days  acme
    authenticator_app  1         3 days    the platform
    backup_key         0         -         -
    --- notes
    --- code 0
    ");
}
