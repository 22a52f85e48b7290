//! API tokens of operators: what they may do, and when they end.

use domain::{AuditAction, Role};
use http::Method;
use serde_json::{Value, json};

use super::{Answer, Api};

const TOKENS: &str = "/api/admin/tokens";

impl Api {
    async fn token(&self, session: &str, permissions: &[&str]) -> Answer {
        let body = json!({ "name": "deploy", "permissions": permissions });
        self.ask_as(Some(session), Method::POST, TOKENS, body).await
    }

    async fn get_as(&self, bearer: &str, path: &str) -> Answer {
        self.ask_as(Some(bearer), Method::GET, path, Value::Null).await
    }
}

#[tokio::test]
async fn a_token_may_do_what_it_names_and_its_operator_may() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Support]).await;
    let made = api.token(&ann.token, &["customers:read", "backups:read"]).await.expect(201);
    let token = made.text("token").to_owned();
    assert!(token.starts_with("op_") && token.starts_with(made.text("prefix")));
    api.get_as(&token, "/api/admin/customers").await.expect(200);
    // The role has it, the token hasn't.
    let refused = api.get_as(&token, "/api/admin/jobs").await;
    refused.expect_problem(403, "operator-permission-missing");
    let who = api.get_as(&token, "/api/admin/session").await.expect(200);
    assert_eq!(who.body["permissions"], json!(["customers:read", "backups:read"]));
    assert_eq!((who.text("credential"), who.text("email")), ("token", "ann@example.org"));

    // The operator loses the role, and the token with them what came of it.
    let path = format!("/api/admin/operators/{}", ann.id);
    api.ask(Method::PATCH, &path, &json!({ "roles": ["billing"] })).await.expect(200);
    api.get_as(&token, "/api/admin/customers").await.expect(200);
    let refused = api.get_as(&token, "/api/admin/backups").await;
    refused.expect_problem(403, "operator-permission-missing");
    // Kept out, and let in again: what was taken stays taken.
    api.ask(Method::PATCH, &path, &json!({ "disabled": true })).await.expect(200);
    api.get_as(&token, "/api/admin/customers").await.expect_problem(401, "unauthenticated");
    api.ask(Method::PATCH, &path, &json!({ "disabled": false })).await.expect(200);
    api.get_as(&token, "/api/admin/customers").await.expect_problem(401, "unauthenticated");
}

#[tokio::test]
async fn nobody_makes_a_token_that_may_do_more_and_no_token_makes_one() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::ReadOnly]).await;
    let refused = api.token(&ann.token, &["customers:read", "secrets:write", "nonsense"]).await;
    assert_eq!(refused.wrong_fields(), ["/permissions/1", "/permissions/2"]);
    assert_eq!(api.token(&ann.token, &[]).await.wrong_fields(), ["/permissions"]);
    let late =
        json!({ "name": "n", "permissions": ["customers:read"], "expires_at": "2999-01-01T00:00:00Z" });
    let refused = api.ask_as(Some(&ann.token), Method::POST, TOKENS, late).await;
    assert_eq!(refused.wrong_fields(), ["/expires_at"]);

    let made = api.token(&ann.token, &["customers:read"]).await.expect(201);
    let token = made.text("token");
    for (method, path, body) in [
        (Method::POST, TOKENS, json!({ "name": "n", "permissions": ["customers:read"] })),
        (Method::GET, TOKENS, Value::Null),
        (Method::GET, "/api/admin/sessions", Value::Null),
        (Method::POST, "/api/admin/session/recovery-codes", Value::Null),
        (
            Method::PUT,
            "/api/admin/session/password",
            json!({ "password": "a", "new_password": "quarry lantern fjord" }),
        ),
        (Method::DELETE, "/api/admin/session", Value::Null),
    ] {
        api.ask_as(Some(token), method.clone(), path, body.clone()).await.expect_problem(403, "forbidden");
        // Nor does the token of the configuration have an account.
        let bootstrap = api.ask(method, path, &body).await;
        bootstrap.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_token_ends_and_belongs_to_one_operator() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    let bob = api.operator("bob@example.org", &[Role::Owner]).await;
    let made = api.token(&ann.token, &["customers:read"]).await.expect(201);
    let (token, revoke) = (made.text("token").to_owned(), format!("{TOKENS}/{}/revoke", made.text("id")));
    assert_eq!(api.get_as(&bob.token, TOKENS).await.expect(200).body["data"], json!([]));
    let refused = api.ask_as(Some(&bob.token), Method::POST, &revoke, Value::Null).await;
    refused.expect_problem(404, "not-found");
    api.get_as(&token, "/api/admin/customers").await.expect(200);
    let listed = api.get_as(&ann.token, TOKENS).await.expect(200);
    assert!(listed.body["data"][0]["last_used_at"].is_string() && !listed.body.to_string().contains(&token));

    api.ask_as(Some(&ann.token), Method::POST, &revoke, Value::Null).await.expect(200);
    api.get_as(&token, "/api/admin/customers").await.expect_problem(401, "unauthenticated");
    let late = api.token(&ann.token, &["customers:read"]).await.expect(201);
    api.sql("update admin_operator_tokens set expires_at = now()").await;
    api.get_as(late.text("token"), "/api/admin/customers").await.expect_problem(401, "unauthenticated");

    let told = format!("{:?}", api.audits(AuditAction::OperatorTokenCreated).await);
    assert!(told.contains("deploy") && !told.contains(&token));
    assert_eq!(api.audits(AuditAction::OperatorTokenRevoked).await.len(), 1);
}
