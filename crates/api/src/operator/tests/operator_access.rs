//! Sessions and API tokens of other operators: seen and ended by whoever manages operators, and by nobody else.

use domain::{AuditAction, Right, Role};
use http::Method;
use serde_json::{Value, json};

use super::Api;

const ADMIN: &str = "/api/admin";

#[tokio::test]
async fn an_owner_sees_where_somebody_is_signed_in_and_ends_it_at_once() {
    let api = Api::new().await;
    let owner = api.operator("olga@example.org", &[Role::Owner]).await;
    let ann = api.operator("ann@example.org", &[Role::Support]).await;
    let own_path = format!("{ADMIN}/sessions");
    api.ask_as(Some(&ann.token), Method::GET, &own_path, Value::Null).await.expect(200);

    let path = format!("{ADMIN}/operators/{}/sessions", ann.id);
    let seen = api.ask_as(Some(&owner.token), Method::GET, &path, Value::Null).await.expect(200).body;
    let own = api.ask_as(Some(&ann.token), Method::GET, &own_path, Value::Null).await.expect(200).body;
    let ids = |listed: &Value| -> Vec<Value> {
        listed["data"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
    };
    assert_eq!((ids(&seen).len(), ids(&seen)), (1, ids(&own)));
    assert_eq!(seen["data"][0]["is_this_one"], false);
    // What is shown opens nothing.
    let shown = seen.to_string();
    assert!(!shown.contains("hash") && !shown.contains(&ann.token), "{shown}");

    let session = ids(&seen)[0].as_str().unwrap().to_owned();
    // Not under another operator's name.
    let elsewhere = format!("{ADMIN}/operators/{}/sessions/{session}", owner.id);
    api.ask_as(Some(&owner.token), Method::DELETE, &elsewhere, Value::Null)
        .await
        .expect_problem(404, "not-found");
    api.ask_as(Some(&ann.token), Method::GET, &own_path, Value::Null).await.expect(200);

    let one = format!("{path}/{session}");
    api.ask_as(Some(&owner.token), Method::DELETE, &one, Value::Null).await.expect(204);
    api.ask_as(Some(&ann.token), Method::GET, &own_path, Value::Null)
        .await
        .expect_problem(401, "unauthenticated");
    api.ask_as(Some(&owner.token), Method::DELETE, &one, Value::Null).await.expect_problem(404, "not-found");
    let seen = api.ask_as(Some(&owner.token), Method::GET, &path, Value::Null).await.expect(200).body;
    assert_eq!(seen["data"], json!([]));
    let audits = api.audits(AuditAction::OperatorSessionEnded).await;
    assert_eq!(audits[0], (ann.id.to_string(), Value::Null, json!({ "session_id": session })));
    assert_eq!(audits.iter().filter(|row| row.2["session_id"] == session).count(), 1, "{audits:?}");
    // The owner's own session goes on, and says that it is the one.
    let path = format!("{ADMIN}/operators/{}/sessions", owner.id);
    let seen = api.ask_as(Some(&owner.token), Method::GET, &path, Value::Null).await.expect(200).body;
    assert_eq!(seen["data"][0]["is_this_one"], true);
}

#[tokio::test]
async fn an_owner_sees_somebodys_tokens_and_takes_one_back_at_once() {
    let api = Api::new().await;
    let owner = api.operator("olga@example.org", &[Role::Owner]).await;
    let ann = api.operator("ann@example.org", &[Role::Support]).await;
    let body = json!({ "name": "deploy", "permissions": ["customers:read"] });
    let made = api.ask_as(Some(&ann.token), Method::POST, "/api/admin/tokens", body).await.expect(201);
    let token = made.text("token").to_owned();
    let customers = format!("{ADMIN}/customers");
    api.ask_as(Some(&token), Method::GET, &customers, Value::Null).await.expect(200);

    let path = format!("{ADMIN}/operators/{}/tokens", ann.id);
    let seen = api.ask_as(Some(&owner.token), Method::GET, &path, Value::Null).await.expect(200).body;
    assert_eq!(seen["data"].as_array().unwrap().len(), 1);
    assert_eq!((&seen["data"][0]["name"], &seen["data"][0]["revoked_at"]), (&json!("deploy"), &Value::Null));
    let shown = seen.to_string();
    assert!(!shown.contains("hash") && !shown.contains(&token), "{shown}");

    let id = made.text("id");
    let elsewhere = format!("{ADMIN}/operators/{}/tokens/{id}/revoke", owner.id);
    api.ask_as(Some(&owner.token), Method::POST, &elsewhere, Value::Null)
        .await
        .expect_problem(404, "not-found");
    api.ask_as(Some(&token), Method::GET, &customers, Value::Null).await.expect(200);
    let revoke = format!("{path}/{id}/revoke");
    let revoked = api.ask_as(Some(&owner.token), Method::POST, &revoke, Value::Null).await.expect(200).body;
    assert!(revoked["revoked_at"].is_string(), "{revoked}");
    api.ask_as(Some(&token), Method::GET, &customers, Value::Null)
        .await
        .expect_problem(401, "unauthenticated");
    let audits = api.audits(AuditAction::OperatorTokenRevoked).await;
    assert_eq!((audits.len(), &audits[0].0), (1, &ann.id.to_string()));
}

#[tokio::test]
async fn an_operator_who_manages_nobody_sees_and_ends_nothing_of_another() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Support]).await;
    let sessions = format!("{ADMIN}/operators/{}/sessions", ann.id);
    let seen = api.get(&sessions).await.expect(200).body;
    let session = format!("{sessions}/{}", seen["data"][0]["id"].as_str().unwrap());
    let body = json!({ "name": "deploy", "permissions": ["customers:read"] });
    let made = api.ask_as(Some(&ann.token), Method::POST, "/api/admin/tokens", body).await.expect(201);
    let tokens = format!("{ADMIN}/operators/{}/tokens", ann.id);
    let revoke = format!("{tokens}/{}/revoke", made.text("id"));
    // An admin sees operators, and manages none.
    assert!(Role::Admin.rights().has(Right::OperatorsRead));
    let mallory = api.operator("mallory@example.org", &[Role::Admin]).await;
    for (method, path) in [
        (Method::GET, &sessions),
        (Method::DELETE, &session),
        (Method::GET, &tokens),
        (Method::POST, &revoke),
    ] {
        let refused = api.ask_as(Some(&mallory.token), method, path, Value::Null).await;
        refused.expect_problem(403, "operator-permission-missing");
    }
    let customers = format!("{ADMIN}/customers");
    api.ask_as(Some(&ann.token), Method::GET, &customers, Value::Null).await.expect(200);
    api.ask_as(Some(made.text("token")), Method::GET, &customers, Value::Null).await.expect(200);
    // Nobody by this id.
    let nobody = format!("{ADMIN}/operators/{}", uuid::Uuid::now_v7());
    for path in [format!("{nobody}/sessions"), format!("{nobody}/tokens")] {
        api.get(&path).await.expect_problem(404, "not-found");
    }
}
