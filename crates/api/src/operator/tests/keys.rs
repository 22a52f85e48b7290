//! API keys: networks, limits, rotation.

use axum::body::Body;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{AuditAction, Plan};
use http::Method;
use serde_json::{Value, json};

use super::{Answer, Api};

const KEYS: &str = "/api/admin/customers/acme/api-keys";

async fn made(api: &Api, body: Value) -> (String, Answer) {
    let answer = api.post(KEYS, &body).await.expect(201);
    (format!("{KEYS}/{}", answer.text("id")), answer)
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn networks_and_limits_are_shown_wherever_a_key_is() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let body = json!({
        "name": "bound", "allowed_networks": ["192.0.2.7", "2001:db8::/32", "192.0.2.7/32"],
        "rate_limit_requests": 60, "rate_limit_period": "minute",
    });
    let (path, new) = made(&api, body).await;
    let networks = json!(["192.0.2.7/32", "2001:db8::/32"]);
    assert_eq!(new.body["allowed_networks"], networks);
    let read = api.get(&path).await.expect(200);
    assert_eq!(read.body["allowed_networks"], networks);
    assert_eq!(api.get(KEYS).await.expect(200).body["data"][0]["allowed_networks"], networks);
    assert_eq!(
        (&read.body["rate_limit_requests"], &read.body["rate_limit_period"]),
        (&json!(60), &json!("minute"))
    );

    let changed = api.ask(Method::PATCH, &path, &json!({ "name": "still bound" })).await.expect(200);
    assert_eq!(changed.body["allowed_networks"], networks);
    let freed =
        api.ask(Method::PATCH, &path, &json!({ "allowed_networks": [], "rate_limit_requests": 5 })).await;
    let freed = freed.expect(200);
    assert_eq!(
        (&freed.body["allowed_networks"], &freed.body["rate_limit_requests"]),
        (&json!([]), &json!(5))
    );
    let audits = api.audits(AuditAction::ApiKeyUpdated).await;
    assert_eq!(audits.len(), 2);
    assert_eq!((&audits[0].1["allowed_networks"], &audits[0].2["allowed_networks"]), (&networks, &json!([])));
    assert!(api.audits(AuditAction::CustomerUpdated).await.is_empty());
    // Nothing changed, nothing to tell.
    api.ask(Method::PATCH, &path, &json!({ "rate_limit_requests": 5 })).await.expect(200);
    assert_eq!(api.audits(AuditAction::ApiKeyUpdated).await.len(), 2);
}

#[tokio::test]
async fn a_keys_limit_declares_what_it_does_without_redis() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let (path, new) = made(&api, json!({ "name": "declared", "without_redis": "closed" })).await;
    let (_, plain) = made(&api, json!({ "name": "plain" })).await;
    assert_eq!((&new.body["without_redis"], &plain.body["without_redis"]), (&json!("closed"), &Value::Null));
    let tag = api.get(&path).await.header("etag").to_owned();
    let kept = api.ask(Method::PATCH, &path, &json!({ "name": "still declared" })).await.expect(200);
    assert_eq!(kept.body["without_redis"], "closed");
    let opened = api.ask(Method::PATCH, &path, &json!({ "without_redis": "open" })).await.expect(200);
    assert_eq!(opened.body["without_redis"], "open");
    assert_ne!(opened.header("etag"), tag, "it is part of the version that operators change");
    let as_configured = api.ask(Method::PATCH, &path, &json!({ "without_redis": null })).await.expect(200);
    assert_eq!(as_configured.body["without_redis"], Value::Null);
    let audits = api.audits(AuditAction::ApiKeyUpdated).await;
    assert_eq!(audits.len(), 3);
    // A rotated key draws on the old one's limit: what is declared for one is declared for both.
    let rotated = api.post(&format!("{path}/rotate"), &json!({ "overlap_seconds": 3600 })).await.expect(201);
    api.ask(Method::PATCH, &path, &json!({ "without_redis": "local" })).await.expect(200);
    let successor = api.get(rotated.header("location")).await.expect(200);
    assert_eq!(successor.body["without_redis"], "local");
}

#[tokio::test]
async fn what_is_wrong_is_named_and_changes_nothing() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let (path, _) = made(&api, json!({ "name": "one" })).await;
    let before = api.get(&path).await.body;
    let too_many: Vec<_> = (0..101).map(|number| format!("10.0.0.{number}")).collect();
    for (wrong, field) in [
        (json!({ "allowed_networks": ["192.0.2.7/24"] }), "/allowed_networks/0"),
        (json!({ "allowed_networks": ["10.0.0.0/8", "localhost"] }), "/allowed_networks/1"),
        (json!({ "allowed_networks": too_many }), "/allowed_networks"),
        (json!({ "allowed_networks": "10.0.0.0/8" }), "/allowed_networks"),
        (json!({ "allowed_networks": [7] }), "/allowed_networks/0"),
        (json!({ "rate_limit_requests": -1 }), "/rate_limit_requests"),
        (json!({ "rate_limit_requests": 0 }), "/rate_limit_requests"),
        (json!({ "rate_limit_requests": 1.5 }), "/rate_limit_requests"),
        (json!({ "rate_limit_requests": 2_147_483_648_i64 }), "/rate_limit_requests"),
        (json!({ "rate_limit_period": "week" }), "/rate_limit_period"),
        (json!({ "without_redis": "shut" }), "/without_redis"),
        (json!({ "expires_at": "yesterday" }), "/expires_at"),
        (json!({ "permissions": ["read:*", "delete:*"] }), "/permissions/1"),
        (json!({ "colour": "red" }), "/colour"),
    ] {
        let refused = api.ask(Method::PATCH, &path, &wrong).await;
        assert_eq!(refused.wrong_fields(), [field], "{wrong}");
        let mut whole = wrong.clone();
        whole["name"] = "new".into();
        assert_eq!(api.post(KEYS, &whole).await.wrong_fields(), [field], "{wrong}");
    }
    let told = api.ask(Method::PATCH, &path, &json!({ "allowed_networks": ["192.0.2.7/24"] })).await;
    assert!(told.text("detail").contains("192.0.2.0/24"), "{told:?}");
    let told = api.ask(Method::PATCH, &path, &json!({ "rate_limit_requests": 0 })).await;
    assert!(told.text("detail").contains("revoke"), "{told:?}");
    for body in [&b"{\"name\": \"\xff\"}"[..], b"{", b"", b"[]", b"null"] {
        for (method, path) in
            [(Method::POST, KEYS), (Method::PATCH, &path), (Method::POST, &format!("{path}/rotate"))]
        {
            let request = api.request(method, path).body(Body::from(body)).unwrap();
            api.send(request).await.expect(400);
        }
    }
    assert_eq!(api.get(&path).await.body, before);
    assert_eq!(api.count("admin_api_keys").await, 1);
}

#[tokio::test]
async fn a_rotated_key_hands_over_and_ends_when_the_caller_said() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let body = json!({
        "name": "reports", "description": "nightly", "permissions": ["read:deals"],
        "allowed_networks": ["10.0.0.0/8"], "rate_limit_requests": 7, "rate_limit_period": "hour",
        "without_redis": "closed",
    });
    let (path, old) = made(&api, body).await;
    let rotate = format!("{path}/rotate");
    let before = Utc::now();
    let rotated = api.post(&rotate, &json!({ "overlap_seconds": 3600 })).await.expect(201);
    for same in [
        "name",
        "description",
        "permissions",
        "allowed_networks",
        "rate_limit_requests",
        "rate_limit_period",
        "without_redis",
    ] {
        assert_eq!(rotated.body[same], old.body[same], "{same}");
        assert!(!old.body[same].is_null(), "{same}");
    }
    assert_ne!(rotated.body["key"], old.body["key"]);
    assert_eq!(rotated.body["rotated_from"], old.body["id"]);
    assert_eq!((&old.body["replaced_by"], &rotated.body["replaced_by"]), (&Value::Null, &Value::Null));
    assert_eq!(rotated.body["replaces"]["replaced_by"], rotated.body["id"]);
    assert_eq!(rotated.body["quota_key_id"], old.body["id"]);
    assert_eq!(rotated.body["expires_at"], Value::Null);
    assert_eq!(rotated.header("cache-control"), "no-store");
    let ends = time(&rotated.body["replaces"]["expires_at"]) - before;
    assert!((3595..=3660).contains(&ends.num_seconds()), "{ends}");
    assert_eq!(api.get(&path).await.body["status"], "active", "the old one goes on meanwhile");
    assert!(api.get(rotated.header("location")).await.body["key"].is_null(), "shown once");

    // Once is enough, and the line goes on from the new one, on the first one's quota.
    let again = api.post(&rotate, &json!({})).await.expect_problem(409, "conflict");
    assert!(again.text("detail").contains(rotated.text("id")), "{again:?}");
    let third = api.post(&format!("{}/rotate", rotated.header("location")), &json!({})).await.expect(201);
    assert_eq!(third.body["quota_key_id"], old.body["id"]);
    assert_eq!(third.body["rotated_from"], rotated.body["id"]);

    let audits = api.audits(AuditAction::ApiKeyRotated).await;
    assert_eq!(audits.len(), 2);
    assert_eq!((&*audits[1].0, &audits[1].2["replaced_by"]), (old.text("id"), &rotated.body["id"]));
    assert_eq!(api.audits(AuditAction::ApiKeyCreated).await.len(), 3);
    let everything = format!("{audits:?}");
    assert!(!everything.contains(rotated.text("key")), "a key is in the audit log");
}

#[tokio::test]
async fn keys_that_draw_on_one_quota_have_one_limit() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let (old_path, old) = made(&api, json!({ "name": "reports", "rate_limit_requests": 7 })).await;
    let (other_path, _) = made(&api, json!({ "name": "other", "rate_limit_requests": 7 })).await;
    let rotated = api.post(&format!("{old_path}/rotate"), &json!({})).await.expect(201);
    let new_path = rotated.header("location");
    let limit = async |path: &str| {
        let key = api.get(path).await.expect(200).body;
        (key["rate_limit_requests"].as_i64().unwrap(), key["rate_limit_period"].as_str().unwrap().to_owned())
    };
    let more = json!({ "name": "renamed", "rate_limit_requests": 500, "rate_limit_period": "day" });
    api.ask(Method::PATCH, new_path, &more).await.expect(200);
    for path in [&*old_path, new_path] {
        assert_eq!(limit(path).await, (500, "day".to_owned()), "{path}");
    }
    // From whichever of them, and nothing but the limit.
    api.ask(Method::PATCH, &old_path, &json!({ "rate_limit_requests": 9 })).await.expect(200);
    assert_eq!(limit(new_path).await, (9, "day".to_owned()));
    assert_eq!(api.get(&old_path).await.body["name"], "reports");
    assert_eq!(limit(&other_path).await, (7, "month".to_owned()), "a key of another line");
    let told: Vec<_> =
        api.audits(AuditAction::ApiKeyUpdated).await.into_iter().map(|(key, ..)| key).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told.iter().filter(|key| *key == old.text("id")).count(), 2);
}

#[tokio::test]
async fn an_old_key_never_lives_longer_for_being_rotated() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let soon = Utc::now() + TimeDelta::minutes(10);
    let (path, old) = made(&api, json!({ "name": "short", "expires_at": soon })).await;
    let rotated = api.post(&format!("{path}/rotate"), &json!({})).await.expect(201);
    assert_eq!(rotated.body["replaces"]["expires_at"], old.body["expires_at"]);
    // The new one lives as long as the old one was made to, unless told otherwise.
    let life = time(&rotated.body["expires_at"]) - Utc::now();
    assert!((595..=600).contains(&life.num_seconds()), "{life}");
    let path = rotated.header("location");
    let for_ever = api.post(&format!("{path}/rotate"), &json!({ "expires_at": null })).await.expect(201);
    assert_eq!(for_ever.body["expires_at"], Value::Null);

    let path = for_ever.header("location");
    let lost = api.post(&format!("{path}/rotate"), &json!({ "overlap_seconds": 0 })).await.expect(201);
    assert_eq!(lost.body["replaces"]["status"], "revoked");
    let more_time = json!({ "expires_at": null });
    api.ask(Method::PATCH, path, &more_time).await.expect_problem(409, "conflict");
}

#[tokio::test]
async fn what_does_not_work_any_more_is_not_rotated() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    api.customer("other", Plan::Starter).await;
    let (revoked, _) = made(&api, json!({ "name": "revoked" })).await;
    api.post(&format!("{revoked}/revoke"), &json!({})).await.expect(200);
    let told = api.post(&format!("{revoked}/rotate"), &json!({})).await.expect_problem(409, "conflict");
    assert!(told.text("detail").contains("Make a new key"), "{told:?}");
    let (expired, new) = made(&api, json!({ "name": "expired" })).await;
    api.sql("update admin_api_keys set expires_at = now() where name = 'expired'").await;
    let told = api.post(&format!("{expired}/rotate"), &json!({})).await.expect_problem(409, "conflict");
    assert!(told.text("detail").contains("PATCH"), "{told:?}");
    customers::api_keys::expire_due(&api.control_plane).await.unwrap();
    api.post(&format!("{expired}/rotate"), &json!({})).await.expect_problem(409, "conflict");

    // Another customer's path doesn't lead to it.
    let id = new.text("id");
    let theirs = format!("/api/admin/customers/other/api-keys/{id}");
    api.get(&theirs).await.expect_problem(404, "not-found");
    for (method, path) in [
        (Method::PATCH, theirs.clone()),
        (Method::POST, format!("{theirs}/rotate")),
        (Method::POST, format!("{theirs}/revoke")),
    ] {
        api.ask(method, &path, &json!({})).await.expect_problem(404, "not-found");
    }
    api.post("/api/admin/customers/nobody/api-keys/nonsense/rotate", &json!({})).await.expect(404);
    assert_eq!(api.count("admin_api_keys").await, 2);
}

#[tokio::test]
async fn a_rotation_is_checked_before_anything_changes() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let (path, _) = made(&api, json!({ "name": "one" })).await;
    let rotate = format!("{path}/rotate");
    for (wrong, field) in [
        (json!({ "overlap_seconds": -1 }), "/overlap_seconds"),
        (json!({ "overlap_seconds": 2_592_001 }), "/overlap_seconds"),
        (json!({ "overlap_seconds": "1h" }), "/overlap_seconds"),
        (json!({ "expires_at": "2020-01-01T00:00:00Z" }), "/expires_at"),
        (json!({ "name": "other" }), "/name"),
    ] {
        assert_eq!(api.post(&rotate, &wrong).await.wrong_fields(), [field], "{wrong}");
    }
    let tag = api.get(&path).await.header("etag").to_owned();
    // The key is used meanwhile, which is no change of it; then somebody changes it.
    api.sql("update admin_api_keys set last_used_at = now()").await;
    let with_tag = |path: &str, method, body: Value| {
        let request = api.request(method, path).header("If-Match", &tag);
        request.body(Body::from(body.to_string())).unwrap()
    };
    let renamed = api.send(with_tag(&path, Method::PATCH, json!({ "name": "two" }))).await.expect(200);
    assert_ne!(renamed.header("etag"), tag);
    let stale = api.send(with_tag(&rotate, Method::POST, json!({}))).await;
    stale.expect_problem(412, "precondition-failed");
    assert_eq!(api.count("admin_api_keys").await, 1);

    // Of many at once one rotates.
    let tries = (0..8).map(|_| {
        let (rotate, body) = (rotate.clone(), json!({}));
        let api = &api;
        async move { api.post(&rotate, &body).await.status.as_u16() }
    });
    let mut statuses = futures_util::future::join_all(tries).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(api.count("admin_api_keys").await, 2);
}
