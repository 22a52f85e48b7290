//! Every operator's route with every role: allowed or refused, as the table says. A route that isn't in the table fails.

use std::collections::BTreeSet;

use axum::Extension;
use axum::body::Body;
use catalog::audit::Actor;
use domain::operator::Credential;
use domain::{AuditAction, Right, Role};
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Api};

/// What the routes ask for, each with a body that its parser takes.
pub(super) fn table() -> Vec<(&'static str, &'static str, Right, Value)> {
    use Right as R;
    let none = || Value::Null;
    let sign_up =
        json!({ "customer_id": "Not a name", "name": "N", "email": "n@example.org", "plan": "pro" });
    let old_sign_up = json!({
        "customerId": "Not a name", "customerName": "N", "customerEmail": "n@example.org", "plan": "pro"
    });
    let restore = json!({
        "backup_id": Uuid::nil(), "customer_id": "Not a name", "name": "N", "email": "n@example.org"
    });
    vec![
        ("GET", "/api/provision/{customerId}", R::CustomersRead, none()),
        ("POST", "/api/provision", R::CustomersWrite, old_sign_up),
        ("GET", "/api/admin/customers", R::CustomersRead, none()),
        ("GET", "/api/admin/customers.csv", R::CustomersRead, none()),
        ("POST", "/api/admin/customers", R::CustomersWrite, sign_up),
        ("GET", "/api/admin/customers/{customer}", R::CustomersRead, none()),
        ("PATCH", "/api/admin/customers/{customer}", R::CustomersWrite, json!({})),
        ("DELETE", "/api/admin/customers/{customer}", R::CustomersDelete, none()),
        ("POST", "/api/admin/customers/{customer}/suspend", R::CustomersSuspend, json!({})),
        ("POST", "/api/admin/customers/{customer}/resume", R::CustomersSuspend, none()),
        ("GET", "/api/admin/customers/{customer}/plan/preview?plan=pro", R::CustomersRead, none()),
        ("PUT", "/api/admin/customers/{customer}/plan", R::SubscriptionsWrite, json!({ "plan": "pro" })),
        (
            "POST",
            "/api/admin/customers/{customer}/connection-urls",
            R::CredentialsReveal,
            json!({ "role": "app" }),
        ),
        ("GET", "/api/admin/customers/{customer}/timeline", R::AuditRead, none()),
        ("GET", "/api/admin/customers/{customer}/database", R::CustomersRead, none()),
        ("GET", "/api/admin/customers/{customer}/users", R::CustomersRead, none()),
        ("GET", "/api/admin/limits", R::CustomersRead, none()),
        ("GET", "/api/admin/customers/{customer}/limits", R::CustomersRead, none()),
        (
            "PUT",
            "/api/admin/customers/{customer}/limits",
            R::CustomersWrite,
            json!({ "requests": 5, "period": "hour" }),
        ),
        ("DELETE", "/api/admin/customers/{customer}/limits", R::CustomersWrite, none()),
        ("GET", "/api/admin/customers/{customer}/api-keys", R::CustomersRead, none()),
        ("POST", "/api/admin/customers/{customer}/api-keys", R::KeysWrite, json!({ "name": "K" })),
        ("GET", "/api/admin/customers/{customer}/api-keys/{id}", R::CustomersRead, none()),
        ("PATCH", "/api/admin/customers/{customer}/api-keys/{id}", R::KeysWrite, json!({})),
        ("POST", "/api/admin/customers/{customer}/api-keys/{id}/revoke", R::KeysWrite, none()),
        ("POST", "/api/admin/customers/{customer}/api-keys/{id}/rotate", R::KeysWrite, json!({})),
        ("GET", "/api/admin/modules", R::CustomersRead, none()),
        ("PATCH", "/api/admin/modules/{module_key}", R::PricesWrite, json!({})),
        ("GET", "/api/admin/customers/{customer}/modules", R::CustomersRead, none()),
        (
            "PUT",
            "/api/admin/customers/{customer}/modules/{module_key}",
            R::ModulesWrite,
            json!({ "enabled": true }),
        ),
        ("DELETE", "/api/admin/customers/{customer}/modules/{module_key}", R::ModulesWrite, none()),
        ("GET", "/api/admin/customers/{customer}/modules/{module_key}/preview", R::CustomersRead, none()),
        ("GET", "/api/admin/operations", R::CustomersRead, none()),
        ("GET", "/api/admin/operations/{id}", R::CustomersRead, none()),
        ("GET", "/api/admin/operations/{id}/events", R::CustomersRead, none()),
        ("POST", "/api/admin/operations/{id}/retry", R::OperationsWrite, none()),
        ("POST", "/api/admin/operations/{id}/cancel", R::OperationsWrite, none()),
        ("GET", "/api/admin/jobs", R::JobsRead, none()),
        ("GET", "/api/admin/jobs/{id}", R::JobsRead, none()),
        ("POST", "/api/admin/jobs/{id}/retry", R::JobsWrite, none()),
        ("POST", "/api/admin/jobs/{id}/cancel", R::JobsWrite, none()),
        ("GET", "/api/admin/clerk", R::ClerkRead, none()),
        ("GET", "/api/admin/clerk/messages", R::ClerkRead, none()),
        ("GET", "/api/admin/clerk/messages/{id}", R::ClerkRead, none()),
        ("POST", "/api/admin/clerk/messages/{id}/replay", R::ClerkWrite, none()),
        ("GET", "/api/admin/clerk/reconciliations", R::ClerkRead, none()),
        ("GET", "/api/admin/clerk/reconciliations/{id}/differences", R::ClerkRead, none()),
        ("POST", "/api/admin/clerk/reconciliations", R::ClerkWrite, json!({})),
        ("GET", "/api/admin/backups", R::BackupsRead, none()),
        ("GET", "/api/admin/customers/{customer}/backups", R::BackupsRead, none()),
        ("POST", "/api/admin/customers/{customer}/backups", R::BackupsWrite, none()),
        ("POST", "/api/admin/restores", R::BackupsRestore, restore),
        ("GET", "/api/admin/secrets", R::SecretsRead, none()),
        ("GET", "/api/admin/secrets/data-keys", R::SecretsRead, none()),
        ("GET", "/api/admin/secrets/stored", R::SecretsRead, none()),
        ("POST", "/api/admin/secrets/rotations", R::SecretsWrite, json!({})),
        ("GET", "/api/admin/secrets/rotations/{id}", R::SecretsRead, none()),
        ("POST", "/api/admin/secrets/retirements", R::SecretsWrite, json!({ "key_id": "feedbeef" })),
        ("POST", "/api/admin/secrets/data-key-rotations", R::SecretsWrite, none()),
        ("POST", "/api/admin/customers/{customer}/data-key-rotations", R::SecretsWrite, none()),
        ("GET", "/api/admin/statistics/customers", R::CustomersRead, none()),
        ("GET", "/api/admin/statistics/modules", R::CustomersRead, none()),
        ("GET", "/api/admin/statistics/work", R::CustomersRead, none()),
        ("GET", "/api/admin/usage", R::UsageRead, none()),
        ("GET", "/api/admin/usage/series", R::UsageRead, none()),
        ("GET", "/api/admin/health", R::CustomersRead, none()),
        ("GET", "/api/admin/usage/movers", R::UsageRead, none()),
        ("GET", "/api/admin/usage/requests", R::UsageRead, none()),
        (
            "GET",
            "/api/admin/customers/{customer}/api-keys/{id}/limit-simulation?requests=1&period=day",
            R::UsageRead,
            none(),
        ),
        ("GET", "/api/admin/settings", R::CustomersRead, none()),
        ("GET", "/api/admin/audit-logs", R::AuditRead, none()),
        ("GET", "/api/admin/audit-logs/{id}", R::AuditRead, none()),
        ("GET", "/api/admin/audit-logs/export", R::AuditRead, none()),
        ("POST", "/api/admin/audit-logs/verifications", R::AuditRead, json!({})),
        ("GET", "/api/admin/audit-streams", R::AuditRead, none()),
        (
            "POST",
            "/api/admin/audit-streams",
            R::AuditStreamsWrite,
            json!({ "name": "a", "endpoint": "s3://audit" }),
        ),
        ("GET", "/api/admin/audit-streams/{id}", R::AuditRead, none()),
        ("PATCH", "/api/admin/audit-streams/{id}", R::AuditStreamsWrite, json!({})),
        ("DELETE", "/api/admin/audit-streams/{id}", R::AuditStreamsWrite, none()),
        ("GET", "/api/admin/customers/{customer}/impersonations", R::AuditRead, none()),
        (
            "POST",
            "/api/admin/customers/{customer}/impersonations",
            R::CustomersImpersonate,
            json!({ "reason": "ticket 7" }),
        ),
        ("GET", "/api/admin/roles", R::CustomersRead, none()),
        ("GET", "/api/admin/operators", R::OperatorsRead, none()),
        (
            "POST",
            "/api/admin/operators",
            R::OperatorsWrite,
            json!({ "email": "a@example.org", "name": "A", "roles": [] }),
        ),
        ("GET", "/api/admin/operators/{id}", R::OperatorsRead, none()),
        ("PATCH", "/api/admin/operators/{id}", R::OperatorsWrite, json!({})),
        ("POST", "/api/admin/operators/{id}/reset-password", R::OperatorsWrite, none()),
        ("POST", "/api/admin/operators/{id}/reset-second-factor", R::OperatorsWrite, none()),
        ("POST", "/api/admin/operators/{id}/sign-out", R::OperatorsWrite, none()),
        ("GET", "/api/admin/operators/{id}/sessions", R::OperatorsWrite, none()),
        ("DELETE", "/api/admin/operators/{id}/sessions/{session_id}", R::OperatorsWrite, none()),
        ("GET", "/api/admin/operators/{id}/tokens", R::OperatorsWrite, none()),
        ("POST", "/api/admin/operators/{id}/tokens/{token_id}/revoke", R::OperatorsWrite, none()),
    ]
}

/// The route of an entry: what its parameters are given isn't part of it.
pub(super) fn route(path: &str) -> String {
    path.split('?').next().unwrap().to_owned()
}

fn filled(path: &str) -> String {
    let nobody = Uuid::nil().to_string();
    path.replace("{id}", &nobody)
        .replace("{session_id}", &nobody)
        .replace("{token_id}", &nobody)
        .replace("{module_key}", "ai_assistant")
        .replace("{customer}", "nobody")
        .replace("{customerId}", "nobody")
}

impl Api {
    /// The same API for somebody who is known already.
    pub(super) fn known_as(mut self, actor: Actor) -> Self {
        self.router =
            super::super::guarded(&self.state, super::super::routes().merge(super::super::own_routes()))
                .layer(Extension(actor))
                .with_state(self.state.clone())
                .layer(crate::EVERY_REQUEST);
        self
    }

    async fn try_route(&self, method: &str, path: &str, body: &Value) -> Answer {
        let method: Method = method.parse().unwrap();
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(self.request(method, &filled(path)).body(body).unwrap()).await
    }
}

#[tokio::test]
async fn every_route_asks_for_its_permission_of_every_role() {
    let mut api = Api::new().await;
    for role in Role::ALL {
        api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Session(Uuid::nil()), role.rights()));
        for (method, path, right, body) in &table() {
            let answer = api.try_route(method, path, body).await;
            if role.rights().has(*right) {
                let refused = [401, 403].contains(&answer.status.as_u16());
                assert!(!refused, "{role} on {method} {path}: {answer:?}");
                continue;
            }
            assert_eq!(answer.status.as_u16(), 403, "{role} on {method} {path}: {answer:?}");
            assert_eq!(answer.body["type"], "/problems/operator-permission-missing");
            assert_eq!(answer.body["permission"], right.as_str(), "{method} {path}");
            let holders: Vec<_> = Role::holders(*right).map(Role::as_str).collect();
            assert_eq!(answer.body["roles"], json!(holders), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn roles_are_told_with_what_they_may_do() {
    let api = Api::new().await;
    let told = api.get("/api/admin/roles").await.expect(200).body;
    let data = told["data"].as_array().unwrap();
    assert_eq!(data.len(), Role::ALL.len());
    for (row, role) in data.iter().zip(Role::ALL) {
        let rights: Vec<_> = role.rights().iter().map(Right::as_str).collect();
        assert_eq!((&row["role"], &row["permissions"]), (&json!(role.as_str()), &json!(rights)));
        assert!(row["description"].as_str().unwrap().ends_with('.'), "{row}");
    }
}

#[test]
fn no_route_is_missing_in_the_table() {
    let document = serde_json::to_value(super::super::routes().into_openapi()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        documented
            .extend(item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    let tried = table().into_iter().map(|(method, path, ..)| (method.to_owned(), route(path)));
    assert_eq!(tried.collect::<BTreeSet<_>>(), documented);
}

#[tokio::test]
async fn a_refusal_is_recorded_with_who_and_what() {
    let id = Uuid::now_v7();
    let api = Api::new().await;
    let api = api.known_as(Actor::operator(id, Credential::Session(Uuid::nil()), Role::ReadOnly.rights()));
    let path = "/api/admin/customers/acme/connection-urls";
    api.post(path, &json!({ "role": "app" })).await.expect_problem(403, "operator-permission-missing");
    api.get("/api/admin/customers").await.expect(200);
    let rows = api.audits(AuditAction::AccessDenied).await;
    let expected = json!({ "path": path, "permission": "credentials:reveal" });
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(
        (rows[0].0.as_str(), &rows[0].2),
        ("POST /api/admin/customers/{customer}/connection-urls", &expected)
    );
}
