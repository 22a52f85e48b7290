//! `sixty key`.

use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{serve, sixty};

const KEY: &str = "0190a0a0-0000-7000-8000-00000000000d";

fn key() -> Value {
    json!({
        "id": KEY, "prefix": "sk_abc", "name": "reports", "description": null, "permissions": ["read:*"],
        "allowed_networks": ["192.0.2.0/24", "2001:db8::/32"], "rate_limit_requests": 60,
        "rate_limit_period": "minute", "without_redis": "open", "status": "active", "rotated_from": null, "quota_key_id": KEY,
        "expires_at": null, "last_used_at": null, "created_at": "2026-11-23T15:00:00Z",
    })
}

fn new_key() -> Value {
    let mut key = key();
    key["key"] = "sk_abcdef".into();
    key
}

#[tokio::test]
async fn a_key_is_made_of_what_is_given_and_nothing_else() {
    let create = |Json(body): Json<Value>| async move {
        let bound = json!({
            "name": "reports", "permissions": ["read:*"], "allowed_networks": ["192.0.2.0/24", "2001:db8::/32"],
            "without_redis": "closed",
        });
        assert_eq!(body, bound);
        Json(new_key())
    };
    let url = serve(Router::new().route("/api/admin/customers/acme/api-keys", post(create))).await;
    let line = "key create acme --name reports --permission read:* --allow-network 192.0.2.0/24 --allow-network 2001:db8::/32 \
                --without-redis closed";
    insta::assert_snapshot!(sixty(&url, line).await.whole(), @r"
    API key      sk_abcdef
    id           0190a0a0-0000-7000-8000-00000000000d
    name         reports
    permissions  read:*
    networks     192.0.2.0/24 2001:db8::/32
    --- notes
    The key is shown here and never again: keep it now.
    --- code 0
    ");
}

#[tokio::test]
async fn a_key_is_shown_with_its_networks_and_limit() {
    let path = format!("/api/admin/customers/acme/api-keys/{KEY}");
    let url = serve(Router::new().route(&path, get(|| async { Json(key()) }))).await;
    insta::assert_snapshot!(sixty(&url, &format!("key show acme {KEY}")).await.whole(), @r"
    id           0190a0a0-0000-7000-8000-00000000000d
    name         reports
    prefix       sk_abc
    status       active
    permissions  read:*
    networks     192.0.2.0/24 2001:db8::/32
    rate limit   60 a minute, without Redis open
    created      2026-11-23 15:00
    --- notes
    --- code 0
    ");
    let ran = sixty(&url, &format!("key show acme {KEY} --json")).await;
    assert_eq!(serde_json::from_str::<Value>(&ran.results).unwrap(), key());
}

#[tokio::test]
async fn a_change_names_what_changes() {
    let path = format!("/api/admin/customers/acme/api-keys/{KEY}");
    let echo = |Json(body): Json<Value>| async move {
        let mut answer = key();
        answer["description"] = body.to_string().into();
        Json(answer)
    };
    let url = serve(Router::new().route(&path, axum::routing::patch(echo))).await;
    for (options, body) in [
        (
            "--rate-limit 5 --rate-limit-period hour",
            json!({ "rate_limit_requests": 5, "rate_limit_period": "hour" }),
        ),
        ("--rate-limit-period hour", json!({ "rate_limit_period": "hour" })),
        ("--without-redis closed", json!({ "without_redis": "closed" })),
        ("--without-redis default", json!({ "without_redis": null })),
        ("--allow-everywhere --never-expires", json!({ "allowed_networks": [], "expires_at": null })),
        (
            "--allow-network ::1 --name x --permission read:deals",
            json!({ "name": "x", "permissions": ["read:deals"], "allowed_networks": ["::1"] }),
        ),
    ] {
        let ran = sixty(&url, &format!("key update acme {KEY} {options} --json")).await;
        let answer: Value = serde_json::from_str(&ran.results).unwrap();
        let sent: Value = serde_json::from_str(answer["description"].as_str().unwrap()).unwrap();
        assert_eq!(sent, body, "{options}");
    }
}

#[tokio::test]
async fn a_rotation_shows_the_new_key_and_when_the_old_one_ends() {
    let path = format!("/api/admin/customers/acme/api-keys/{KEY}/rotate");
    let rotate = |Json(body): Json<Value>| async move {
        let mut answer = new_key();
        answer["replaces"] = key();
        match body["overlap_seconds"].as_i64() {
            Some(0) => answer["replaces"]["status"] = "revoked".into(),
            Some(seconds) => {
                assert_eq!(seconds, 86_400);
                answer["replaces"]["expires_at"] = "2026-11-24T15:00:00Z".into();
            }
            None => panic!("{body}"),
        }
        if let Some(expires_at) = body["expires_at"].as_str() {
            assert!(expires_at.parse::<DateTime<Utc>>().unwrap() > Utc::now());
            answer["expires_at"] = "2027-02-21T15:00:00Z".into();
        }
        Json(answer)
    };
    let url = serve(Router::new().route(&path, post(rotate))).await;
    insta::assert_snapshot!(sixty(&url, &format!("key rotate acme {KEY} --expires-in 90d")).await.whole(), @r"
    API key      sk_abcdef
    id           0190a0a0-0000-7000-8000-00000000000d
    name         reports
    permissions  read:*
    networks     192.0.2.0/24 2001:db8::/32
    expires      2027-02-21 15:00
    --- notes
    The key is shown here and never again: keep it now.
    The old key (sk_abc) works until 2026-11-24 15:00 UTC.
    --- code 0
    ");
    let ran = sixty(&url, &format!("key rotate acme {KEY} --overlap 0")).await;
    assert!(ran.notes.ends_with("The old key (sk_abc) no longer works.\n"), "{}", ran.notes);
}
