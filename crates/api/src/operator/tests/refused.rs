//! Who tries what they may not, or comes in with what has ended, is in the audit log.

use domain::{AuditAction, Plan, Role};
use http::{Method, Request, header};
use serde_json::{Value, json};

use super::Api;

impl Api {
    /// What the log tells of refusals, the newest first: of what, and the values.
    async fn refusals(&self) -> Vec<(String, Value)> {
        let rows = self.audits(AuditAction::AccessDenied).await;
        rows.into_iter().map(|(id, _, told)| (id, told)).collect()
    }
}

#[tokio::test]
async fn a_refusal_is_found_with_the_customer_whom_it_is_about() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await;
    let ann = api.operator("ann@example.org", &[Role::ReadOnly]).await;
    for name in ["acme".to_owned(), acme.to_string(), "nobody".to_owned()] {
        let path = format!("/api/admin/customers/{name}/suspend");
        let refused = api.ask_as(Some(&ann.token), Method::POST, &path, json!({})).await;
        refused.expect_problem(403, "operator-permission-missing");
    }
    let client = api.catalog.client().await.unwrap();
    let sql = "select customer_id::text, chain_id::text from admin_audit_logs where action = 'access_denied' order by id";
    let rows = client.query(sql, &[]).await.unwrap();
    let found: Vec<_> =
        rows.iter().map(|row| (row.get::<_, Option<String>>(0), row.get::<_, String>(1))).collect();
    let (own, platform) = (acme.to_string(), "00000000-0000-0000-0000-000000000000".to_owned());
    assert_eq!(found, [(Some(own.clone()), own.clone()), (Some(own.clone()), own), (None, platform)]);
}

#[tokio::test]
async fn a_token_that_does_what_only_a_session_may_is_on_record() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    let body = json!({ "name": "t", "permissions": ["customers:impersonate"] });
    let made =
        api.ask_as(Some(&ann.token), Method::POST, "/api/admin/tokens", body.clone()).await.expect(201);
    let token = made.text("token");
    let impersonate = "/api/admin/customers/acme/impersonations";
    for (path, body) in [(impersonate, json!({ "reason": "ticket 7" })), ("/api/admin/tokens", body)] {
        api.ask_as(Some(token), Method::POST, path, body).await.expect_problem(403, "forbidden");
    }
    let told = api.refusals().await;
    let routes: Vec<_> = told.iter().map(|(route, _)| route.as_str()).collect();
    assert_eq!(routes, ["POST /api/admin/tokens", "POST /api/admin/customers/{customer}/impersonations"]);
    assert!(told.iter().all(|(_, told)| told["reason"] == "forbidden"), "{told:?}");
}

#[tokio::test]
async fn what_has_ended_is_on_record_when_it_is_shown_and_what_never_was_is_not() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    let body = json!({ "name": "t", "permissions": ["customers:read"] });
    let made = api.ask_as(Some(&ann.token), Method::POST, "/api/admin/tokens", body).await.expect(201);
    let look =
        async |bearer: &str| api.ask_as(Some(bearer), Method::GET, "/api/admin/customers", Value::Null).await;
    look(made.text("token")).await.expect(200);
    api.post(&format!("/api/admin/operators/{}/sign-out", ann.id), &Value::Null).await.expect(200);
    // However often they are shown.
    for _ in 0..5 {
        for dead in [made.text("token"), &ann.token] {
            look(dead).await.expect_problem(401, "unauthenticated");
        }
    }
    for never in [secrets::BearerKind::Token, secrets::BearerKind::Session] {
        let token = secrets::BearerToken::generate(never);
        let shown = secrets::ExposeSecret::expose_secret(token.secret()).to_owned();
        look(&shown).await.expect_problem(401, "unauthenticated");
    }
    let told = api.refusals().await;
    let told: Vec<_> = told.iter().map(|(id, told)| (id.clone(), told["ended"].clone())).collect();
    let id = ann.id.to_string();
    assert_eq!(told, [(id.clone(), json!("session")), (id, json!("token"))]);
}

#[tokio::test]
async fn a_change_that_another_site_asked_for_is_on_record() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    // As if it had gone into a cookie.
    api.sql("update admin_operator_sessions set in_cookie = true").await;
    for _ in 0..3 {
        let asked = Request::post("/api/admin/customers/acme/suspend")
            .header(header::COOKIE, format!("__Host-sixty_session={}", ann.token))
            .header("sec-fetch-site", "cross-site");
        let answer = api.send(asked.body(axum::body::Body::empty()).unwrap()).await;
        answer.expect_problem(403, "cross-site-request");
    }
    let told = api.refusals().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, ann.id.to_string());
    assert_eq!(told[0].1["reason"], "cross-site-request");
    assert_eq!(told[0].1["request"], "POST /api/admin/customers/acme/suspend");
}

#[tokio::test]
async fn a_wrong_present_password_and_guesses_that_were_slowed_are_on_record() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    let body = json!({ "password": "not the one", "new_password": "quarry lantern fjord" });
    let changed = api.ask_as(Some(&ann.token), Method::PUT, "/api/admin/session/password", body).await;
    changed.expect_problem(401, "sign-in-refused");
    assert_eq!(api.refusals().await, [(ann.id.to_string(), json!({ "wrong": "present password" }))]);
    let guess = async |email: &str| {
        let body = json!({ "email": email, "password": "a guess" });
        api.ask_as(None, Method::POST, "/api/admin/session", body).await.status.as_u16()
    };
    while guess("ann@example.org").await != 429 {}
    assert_eq!(guess("ann@example.org").await, 429);
    let slowed = async || {
        let told = api.refusals().await;
        told.into_iter().filter(|(_, told)| told["reason"] == "too-many-guesses").collect::<Vec<_>>()
    };
    testkit::wait_for("the slowed guesses to be noted", std::time::Duration::from_secs(20), async || {
        slowed().await.len() == 1
    })
    .await;
    assert_eq!(slowed().await[0].0, ann.id.to_string());
}
