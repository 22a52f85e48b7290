//! `Idempotency-Key`: done once, answered again, and never done twice whatever breaks.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use domain::{AuditAction, Plan, Role};
use futures_util::future::join_all;
use http::{Method, Request, StatusCode};
use secrets::MasterKey;
use serde_json::{Value, json};

use super::{Answer, Api};
use problem::LARGEST_BODY;

const PATIENCE: Duration = Duration::from_secs(20);

const KEYS: &str = "/api/admin/customers/acme/api-keys";

async fn post(api: &Api, path: &str, key: &str, body: &Value) -> Answer {
    let request = api.request(Method::POST, path).header("Idempotency-Key", key);
    api.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn a_request_is_done_once_and_answered_again() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let body = json!({ "name": "once" });
    let first = post(&api, KEYS, "a", &body).await.expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = post(&api, KEYS, "a", &body).await.expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.body, first.body, "with the key, which is shown nowhere else");
    for same in ["location", "content-type", "cache-control"] {
        assert_eq!(again.header(same), first.header(same), "{same}");
        assert!(!first.header(same).is_empty(), "{same}");
    }
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert_eq!(api.count("admin_api_keys").await, 1);

    // Another key, another path, or no key is another request.
    post(&api, KEYS, "b", &body).await.expect(201);
    api.customer("other", Plan::Starter).await;
    post(&api, "/api/admin/customers/other/api-keys", "a", &body).await.expect(201);
    api.post(KEYS, &body).await.expect(201);
    assert_eq!(api.count("admin_api_keys").await, 4);
    // What is kept shows no key to whoever reads the table.
    let client = api.catalog.client().await.unwrap();
    let rows: Vec<String> = client
        .query_one("select array_agg(kept::text) from admin_idempotency_keys kept", &[])
        .await
        .unwrap()
        .get(0);
    assert!(rows.iter().all(|row| !row.contains(first.text("key"))), "{rows:?}");
}

#[tokio::test]
async fn an_answer_is_given_again_to_who_may_still_ask_for_it() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let ann = api.operator("ann@example.org", &[Role::Support]).await;
    let ask = async |bearer: &str, path: &str, key: &str, body: &Value| {
        let request = Request::post(path)
            .header("Authorization", format!("Bearer {bearer}"))
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key);
        api.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let token = async |permissions: &[&str]| {
        let body = json!({ "name": "t", "permissions": permissions });
        let made = api.ask_as(Some(&ann.token), Method::POST, "/api/admin/tokens", body).await.expect(201);
        made.text("token").to_owned()
    };
    let (may, may_not) = (token(&["keys:write"]).await, token(&["usage:read"]).await);
    let body = json!({ "name": "once" });
    let first = ask(&ann.token, KEYS, "a", &body).await.expect(201);
    assert_eq!(ask(&may, KEYS, "a", &body).await.expect(201).body, first.body);
    let refused = ask(&may_not, KEYS, "a", &body).await.expect_problem(403, "operator-permission-missing");
    assert_eq!(refused.text("permission"), "keys:write");
    // What only a session does, no token gets by repeating it.
    let impersonate = "/api/admin/customers/acme/impersonations";
    let reason = json!({ "reason": "ticket 7" });
    let rights = token(&["customers:impersonate"]).await;
    ask(&ann.token, impersonate, "b", &reason).await.expect(201);
    ask(&rights, impersonate, "b", &reason).await.expect_problem(403, "forbidden");

    let operator = format!("/api/admin/operators/{}", ann.id);
    api.ask(Method::PATCH, &operator, &json!({ "roles": ["read-only"] })).await.expect(200);
    for (path, body, key) in [(KEYS, &body, "a"), (impersonate, &reason, "b")] {
        let refused = ask(&ann.token, path, key, body).await;
        refused.expect_problem(403, "operator-permission-missing");
    }
    assert!(api.audits(AuditAction::AccessDenied).await.len() >= 3, "each of them is on record");
    // An answer of which nobody knows what it took is nobody's.
    api.ask(Method::PATCH, &operator, &json!({ "roles": ["admin"] })).await.expect(200);
    ask(&ann.token, KEYS, "a", &body).await.expect(201);
    api.sql("update admin_idempotency_keys set asked_permissions = null").await;
    ask(&ann.token, KEYS, "a", &body).await.expect_problem(409, "idempotency-outcome-unknown");
}

#[tokio::test]
async fn a_revealed_password_is_not_kept_and_leaves_its_row_each_time() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await;
    let database = testkit::customer_database().await;
    api.place(acme, &database, database.port()).await;
    let path = "/api/admin/customers/acme/connection-urls";
    for shown in 1..=2 {
        let answer = post(&api, path, "a", &json!({ "role": "app" })).await.expect(200);
        assert_eq!((answer.header("idempotent-replayed"), answer.text("password")), ("", testkit::PASSWORD));
        assert_eq!(api.audits(AuditAction::CredentialsRevealed).await.len(), shown);
    }
    assert_eq!(api.count("admin_idempotency_keys").await, 0);
}

#[tokio::test]
async fn the_same_key_for_something_else_is_a_mistake() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    post(&api, KEYS, "a", &json!({ "name": "one" })).await.expect(201);
    let other = json!({ "name": "two" });
    post(&api, KEYS, "a", &other).await.expect_problem(422, "idempotency-key-reused");
    assert_eq!(api.count("admin_api_keys").await, 1);
}

#[tokio::test]
async fn every_post_takes_a_key() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let made = api.post(KEYS, &json!({ "name": "one" })).await.expect(201);
    let one = made.header("location").to_owned();
    let customer =
        json!({ "customer_id": "newer", "name": "Newer", "email": "ada@newer.example", "plan": "pro" });
    for (path, body, status) in [
        ("/api/admin/customers".to_owned(), customer, 202),
        ("/api/admin/customers/acme/suspend".to_owned(), json!({}), 200),
        ("/api/admin/customers/acme/resume".to_owned(), json!({}), 200),
        ("/api/admin/customers/acme/backups".to_owned(), json!({}), 202),
        (format!("{one}/rotate"), json!({}), 201),
        (format!("{one}/revoke"), json!({}), 200),
    ] {
        let first = post(&api, &path, "k", &body).await.expect(status);
        let again = post(&api, &path, "k", &body).await.expect(status);
        assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &first.body), "{path}");
    }
    // All of them are described so, but for signing in: a password must be right each time.
    let document = serde_json::to_value(crate::openapi_document()).unwrap();
    let sign_in = super::super::sign_in_routes().merge(super::super::openid_routes()).into_openapi();
    for (path, item) in document["paths"].as_object().unwrap() {
        let is_operators = (path.starts_with("/api/admin") || path.starts_with("/api/provision"))
            && !sign_in.paths.paths.contains_key(path);
        if let Some(operation) = item.get("post").filter(|_| is_operators) {
            let parameters = operation["parameters"].as_array().unwrap();
            assert!(parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key"), "{path}");
            assert!(operation["responses"].get("422").is_some(), "{path}");
        }
    }
}

#[tokio::test]
async fn of_many_at_once_one_is_done() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let body = json!({ "name": "once" });
    let answers = join_all((0..20).map(|_| post(&api, KEYS, "a", &body))).await;
    let mut keys = Vec::new();
    for answer in answers {
        match answer.status {
            StatusCode::CREATED => keys.push(answer.text("key").to_owned()),
            _ => {
                let busy = answer.expect_problem(409, "idempotency-in-progress");
                assert!(busy.header("retry-after").parse::<u32>().is_ok(), "{busy:?}");
            }
        }
    }
    assert!(!keys.is_empty());
    assert!(keys.iter().all(|key| *key == keys[0]), "one answer");
    assert_eq!(api.count("admin_api_keys").await, 1);
}

#[tokio::test]
async fn a_server_that_died_leaves_a_question_and_never_a_second_key() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let body = json!({ "name": "once" });
    post(&api, KEYS, "a", &body).await.expect(201);
    // As the row is while a server is at it.
    api.sql(
        "update admin_idempotency_keys set response_status = null, response_body_sealed = null,
             lease_expires_at = now() + interval '1 hour'",
    )
    .await;
    post(&api, KEYS, "a", &body).await.expect_problem(409, "idempotency-in-progress");
    post(&api, KEYS, "a", &json!({})).await.expect_problem(422, "idempotency-key-reused");
    // And when the server is gone.
    api.sql("update admin_idempotency_keys set lease_expires_at = now()").await;
    let lost = post(&api, KEYS, "a", &body).await.expect_problem(409, "idempotency-outcome-unknown");
    assert!(lost.text("detail").contains("GET") && lost.text("detail").contains("new key"), "{lost:?}");
    post(&api, KEYS, "a", &body).await.expect_problem(409, "idempotency-outcome-unknown");
    assert_eq!(api.count("admin_api_keys").await, 1);
    // The day after, the key is as good as new.
    api.sql("update admin_idempotency_keys set expires_at = now()").await;
    post(&api, KEYS, "a", &body).await.expect(201);
    assert_eq!(api.count("admin_api_keys").await, 2);
}

#[tokio::test]
async fn a_caller_who_hangs_up_finds_the_answer() {
    let api = Arc::new(Api::new().await);
    api.customer("acme", Plan::Starter).await;
    let body = json!({ "name": "once" });
    // Held in the middle: the key's row can't be written while somebody has the table.
    let mut blocker = api.database.connect().await;
    let lock = blocker.transaction().await.unwrap();
    lock.batch_execute("lock table admin_api_keys in share mode").await.unwrap();
    let caller = {
        let (api, body) = (Arc::clone(&api), body.clone());
        tokio::spawn(async move { post(&api, KEYS, "a", &body).await })
    };
    testkit::wait_for("the request to be begun", PATIENCE, async || {
        api.count("admin_idempotency_keys").await == 1
    })
    .await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    post(&api, KEYS, "a", &body).await.expect_problem(409, "idempotency-in-progress");
    lock.commit().await.unwrap();
    testkit::wait_for("the answer to be kept", PATIENCE, async || {
        post(&api, KEYS, "a", &body).await.status == StatusCode::CREATED
    })
    .await;
    assert_eq!(api.count("admin_api_keys").await, 1);
}

#[tokio::test]
async fn what_was_refused_or_failed_may_be_tried_again() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    // Refused: judged anew.
    let resume = "/api/admin/customers/acme/resume";
    post(&api, resume, "a", &json!({})).await.expect_problem(409, "conflict");
    api.post("/api/admin/customers/acme/suspend", &json!({})).await.expect(200);
    post(&api, resume, "a", &json!({})).await.expect(200);
    post(&api, KEYS, "a", &json!({ "name": "" })).await.expect(400);
    post(&api, KEYS, "a", &json!({ "name": "now right" })).await.expect(201);
    // Failed on our side before anything was done.
    let body = json!({ "name": "after all" });
    api.sql("alter table admin_audit_logs rename to elsewhere").await;
    post(&api, KEYS, "b", &body).await.expect_problem(500, "internal");
    api.sql("alter table elsewhere rename to admin_audit_logs").await;
    let done = post(&api, KEYS, "b", &body).await.expect(201);
    assert_eq!(done.header("idempotent-replayed"), "");
    assert_eq!(api.count("admin_api_keys").await, 2);
}

#[tokio::test]
async fn a_commit_that_nobody_confirmed_is_not_done_again() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    // The connection dies in the middle of the commit.
    api.sql(
        "create function die() returns trigger language plpgsql as
             $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
         create constraint trigger dying after insert on admin_api_keys deferrable initially deferred
             for each row execute function die();",
    )
    .await;
    let body = json!({ "name": "once" });
    let unclear = post(&api, KEYS, "a", &body).await.expect_problem(503, "outcome-unknown");
    assert!(unclear.text("detail").contains("Look whether"), "{unclear:?}");
    api.sql("drop trigger dying on admin_api_keys").await;
    post(&api, KEYS, "a", &body).await.expect_problem(409, "idempotency-outcome-unknown");
    assert_eq!(api.count("admin_api_keys").await, 0);
    post(&api, KEYS, "b", &body).await.expect(201);
}

#[tokio::test]
async fn without_the_admin_database_nothing_is_begun() {
    let database = testkit::admin_database().await;
    let proxy = testkit::fault_proxy(database.port()).await;
    let url = database.server_url_through(proxy.port());
    let api = Api::over(database, url, &MasterKey::generate());
    api.customer("acme", Plan::Starter).await;
    proxy.refuse();
    let body = json!({ "name": "once" });
    let away = post(&api, KEYS, "a", &body).await.expect_problem(503, "unavailable");
    assert!(!away.header("retry-after").is_empty());
    proxy.resume();
    post(&api, KEYS, "a", &body).await.expect(201);
}

#[tokio::test]
async fn an_answer_sealed_under_another_master_key_is_not_given() {
    let database = testkit::admin_database().await;
    let api = Api::over(database.clone(), database.server_url(), &MasterKey::generate());
    api.customer("acme", Plan::Starter).await;
    let body = json!({ "name": "once" });
    post(&api, KEYS, "a", &body).await.expect(201);
    let url = database.server_url();
    let rotated = Api::over(database, url, &MasterKey::generate());
    post(&rotated, KEYS, "a", &body).await.expect_problem(409, "idempotency-outcome-unknown");
    assert_eq!(api.count("admin_api_keys").await, 1);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let long = "k".repeat(256);
    for wrong in ["", "\"open", long.as_str(), "tab\tbed"] {
        let refused = post(&api, KEYS, wrong, &json!({ "name": "x" })).await;
        assert_eq!(refused.wrong_fields(), ["Idempotency-Key"], "{wrong:?}");
    }
    let send = async |first: &[u8], second: Option<&str>| {
        let mut request = api.request(Method::POST, KEYS).header("Idempotency-Key", first);
        if let Some(second) = second {
            request = request.header("Idempotency-Key", second);
        }
        api.send(request.body(Body::from("{}")).unwrap()).await
    };
    assert_eq!(send(b"\xff\xfe", None).await.wrong_fields(), ["Idempotency-Key"]);
    assert_eq!(send(b"a", Some("b")).await.wrong_fields(), ["Idempotency-Key"]);
    // Too much is too much with a key, too; without a token nobody gets that far.
    let huge = api.request(Method::POST, KEYS).header("Idempotency-Key", "a");
    let huge = huge.body(Body::from(vec![b' '; LARGEST_BODY + 1])).unwrap();
    api.send(huge).await.expect_problem(413, "payload-too-large");
    let stranger = http::Request::post(KEYS).header("Idempotency-Key", "a").body(Body::empty()).unwrap();
    api.send(stranger).await.expect_problem(401, "unauthenticated");
    // Reading takes no key: the header is left alone.
    let reading = api.request(Method::GET, KEYS).header("Idempotency-Key", "\"open").body(Body::empty());
    api.send(reading.unwrap()).await.expect(200);
    assert_eq!(api.count("admin_idempotency_keys").await, 0);
    assert_eq!(api.count("admin_api_keys").await, 0);
}
