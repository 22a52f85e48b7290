//! Saved views: whose they are, who sees them, who changes them.

use domain::{AuditAction, Role};
use http::Method;
use serde_json::{Value, json};

use super::sign_in::Operator;
use super::{Answer, Api};

const PATH: &str = "/api/admin/saved-views";

impl Api {
    async fn as_operator(&self, operator: &Operator, method: Method, path: &str, body: Value) -> Answer {
        self.ask_as(Some(&operator.token), method, path, body).await
    }

    async fn save(&self, operator: &Operator, name: &str, shared: bool) -> String {
        let body = json!({ "page": "customers", "name": name, "query": "?status=trial", "shared": shared });
        let made = self.as_operator(operator, Method::POST, PATH, body).await.expect(201);
        assert_eq!(made.header("location"), format!("{PATH}/{}", made.text("id")));
        made.text("id").to_owned()
    }

    async fn names(&self, operator: &Operator, query: &str) -> Vec<String> {
        let seen = self.as_operator(operator, Method::GET, &format!("{PATH}{query}"), Value::Null).await;
        let seen = seen.expect(200).body;
        seen["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|view| view["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn views_are_ones_own_unless_they_are_shared() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Support]).await;
    let bob = api.operator("bob@example.org", &[Role::Admin]).await;
    let owner = api.operator("olga@example.org", &[Role::Owner]).await;
    let private = api.save(&ann, "Mine", false).await;
    let shared = api.save(&ann, "Everybody's", true).await;
    assert_eq!(api.names(&ann, "").await, ["Everybody's", "Mine"]);
    assert_eq!(api.names(&bob, "?page=customers").await, ["Everybody's"]);
    assert_eq!(api.names(&bob, "?page=audit").await, [""; 0]);
    let seen = api.as_operator(&bob, Method::GET, &format!("{PATH}/{shared}"), Value::Null).await.expect(200);
    assert_eq!((&seen.body["query"], &seen.body["is_own"]), (&json!("status=trial"), &json!(false)));
    assert_eq!(seen.body["owner"], json!({ "id": ann.id, "name": "Ann" }));

    // Somebody else's can't be changed, and one that isn't shared isn't even there.
    for (id, problem) in [(&private, (404, "not-found")), (&shared, (403, "operator-permission-missing"))] {
        let path = format!("{PATH}/{id}");
        let change = api.as_operator(&bob, Method::PATCH, &path, json!({ "name": "Bob's" })).await;
        change.expect_problem(problem.0, problem.1);
        api.as_operator(&bob, Method::DELETE, &path, Value::Null).await.expect_problem(problem.0, problem.1);
    }
    let private_path = format!("{PATH}/{private}");
    api.as_operator(&owner, Method::DELETE, &private_path, Value::Null)
        .await
        .expect_problem(404, "not-found");

    let change = json!({ "name": "Trials", "query": "status=trial&plan=pro" });
    let shared_path = format!("{PATH}/{shared}");
    let changed = api.as_operator(&ann, Method::PATCH, &shared_path, change).await.expect(200);
    assert_eq!((changed.text("name"), &changed.body["shared"]), ("Trials", &json!(true)));
    api.as_operator(&ann, Method::PATCH, &shared_path, json!({})).await.expect(200);
    api.as_operator(&owner, Method::PATCH, &shared_path, json!({ "shared": false })).await.expect(200);
    assert_eq!(api.names(&bob, "").await, [""; 0]);
    api.as_operator(&ann, Method::DELETE, &shared_path, Value::Null).await.expect(204);
    api.as_operator(&ann, Method::DELETE, &shared_path, Value::Null).await.expect_problem(404, "not-found");
    let counts = [
        (AuditAction::SavedViewCreated, 2),
        (AuditAction::SavedViewUpdated, 2),
        (AuditAction::SavedViewDeleted, 1),
    ];
    for (action, count) in counts {
        assert_eq!(api.audits(action).await.len(), count, "{action}");
    }
    let (id, before, after) = api.audits(AuditAction::SavedViewUpdated).await.pop().unwrap();
    assert_eq!((id, &before["name"], &after["name"]), (shared, &json!("Everybody's"), &json!("Trials")));
}

#[tokio::test]
async fn nothing_secret_is_kept() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::ReadOnly]).await;
    let id = api.save(&ann, "Mine", true).await;
    let path = format!("{PATH}/{id}");
    let key = secrets::ApiKey::generate();
    let key = secrets::ExposeSecret::expose_secret(key.secret()).to_owned();
    let encoded: String = key.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for query in [
        format!("q={key}"),
        format!("?q={encoded}"),
        format!("q={}", encoded.replace('%', "%25")),
        format!("q={}", ann.token),
        "status=trial&token=abc".to_owned(),
        "q=postgresql://app:hunter2@db.example/acme".to_owned(),
    ] {
        let body = json!({ "page": "customers", "name": "Other", "query": query });
        let refused = api.as_operator(&ann, Method::POST, PATH, body).await;
        assert_eq!(refused.wrong_fields(), ["/query"], "{query}");
        assert!(!refused.body.to_string().contains(&key) && !refused.body.to_string().contains("hunter2"));
        let refused = api.as_operator(&ann, Method::PATCH, &path, json!({ "query": query })).await;
        assert_eq!(refused.wrong_fields(), ["/query"], "{query}");
    }
    let harmless = "api_key_id=0190a0a0-0000-7000-8000-00000000000a&q=sk_8fJ2aB&endpoint=%2Fapi%2Fv1%2Fdeals";
    let kept = api.as_operator(&ann, Method::PATCH, &path, json!({ "query": harmless })).await.expect(200);
    assert_eq!(kept.text("query"), harmless);
    assert_eq!(api.count("admin_saved_views").await, 1);
}

#[tokio::test]
async fn nonsense_is_refused_and_tokens_have_no_views() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::ReadOnly]).await;
    api.save(&ann, "Mine", false).await;
    let body = |page: &str, name: &str, query: &str| json!({ "page": page, "name": name, "query": query });
    for (wrong, field) in [
        (body("Customers", "N", ""), "/page"),
        (body("", "N", ""), "/page"),
        (body("customers", " ", ""), "/name"),
        (body("customers", "N", &"x".repeat(2001)), "/query"),
        (body("customers", "N", "a\u{0}b"), "/query"),
    ] {
        let refused = api.as_operator(&ann, Method::POST, PATH, wrong.clone()).await;
        assert_eq!(refused.wrong_fields(), [field], "{wrong}");
    }
    let again = api.as_operator(&ann, Method::POST, PATH, body("customers", "Mine", "")).await;
    let again = again.expect_problem(409, "already-exists");
    assert_eq!(again.body["errors"][0]["field"], "/name", "{again:?}");
    api.as_operator(&ann, Method::POST, PATH, body("usage", "Mine", "")).await.expect(201);
    // The configured token has no account, and a token of an account is no session.
    api.get(PATH).await.expect_problem(403, "forbidden");
    let token = json!({ "name": "t", "permissions": ["customers:read"] });
    let token = api.as_operator(&ann, Method::POST, "/api/admin/tokens", token).await.expect(201);
    let asked = api.ask_as(Some(token.text("token")), Method::GET, PATH, Value::Null).await;
    asked.expect_problem(403, "forbidden");
    api.ask_as(None, Method::GET, PATH, Value::Null).await.expect_problem(401, "unauthenticated");
}
