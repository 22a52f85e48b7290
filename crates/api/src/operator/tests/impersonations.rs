//! Acting in a customer's place: nothing begins that the customer isn't told of. With real databases it is in the system
//! tests; here the customer's log fails as no database can be made to.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::{AuditAction, Plan, Role};
use http::Method;
use identity::impersonation::{CustomerLog, LogError, Note};
use serde_json::{Value, json};

use super::Api;

const PATH: &str = "/api/admin/customers/acme/impersonations";

/// A log that can be out of reach, or too old.
#[derive(Default)]
pub(super) struct Log {
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    #[default]
    There,
    Away,
    TooOld,
}

#[async_trait]
impl CustomerLog for Log {
    async fn write(&self, _note: &Note<'_>) -> Result<(), LogError> {
        match *self.state.lock().unwrap() {
            State::There => Ok(()),
            State::Away => Err(LogError::Away("no route".into())),
            State::TooOld => Err(LogError::TooOld("no column".into())),
        }
    }
}

#[tokio::test]
async fn what_the_customer_can_not_be_told_does_not_begin() {
    let mut api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let log = Arc::new(Log::default());
    api.state.customer_log = Arc::clone(&log) as Arc<dyn CustomerLog>;
    api.router = super::super::router(&api.state).layer(crate::EVERY_REQUEST);
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    let begin =
        async || api.ask_as(Some(&ann.token), Method::POST, PATH, json!({ "reason": "ticket 7" })).await;
    *log.state.lock().unwrap() = State::Away;
    begin().await.expect_problem(503, "unavailable");
    *log.state.lock().unwrap() = State::TooOld;
    begin().await.expect_problem(409, "conflict");
    assert_eq!(api.count("admin_api_keys").await, 0);
    assert!(api.audits(AuditAction::ImpersonationStarted).await.is_empty());

    *log.state.lock().unwrap() = State::There;
    let begun = begin().await.expect(201);
    assert_eq!(begun.body["permissions"], json!(["read:*"]));
    assert_eq!(api.audits(AuditAction::ImpersonationStarted).await[0].2["reason"], "ticket 7");
    // It ends even if the customer can't be told.
    *log.state.lock().unwrap() = State::Away;
    let end = format!("{PATH}/{}/end", begun.text("id"));
    for _ in 0..2 {
        let ended = api.ask_as(Some(&ann.token), Method::POST, &end, Value::Null).await;
        assert_eq!(ended.expect(200).text("status"), "revoked");
    }
    assert_eq!(api.audits(AuditAction::ImpersonationEnded).await.len(), 1);
}

#[tokio::test]
async fn every_reset_of_an_operator_ends_what_they_do_in_customers_places() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    for (number, reset) in ["reset-password", "reset-second-factor", "sign-out"].into_iter().enumerate() {
        let ann = api.operator(&format!("ann{number}@example.org"), &[Role::Admin]).await;
        let begun = api.ask_as(Some(&ann.token), Method::POST, PATH, json!({ "reason": "ticket 7" })).await;
        begun.expect(201);
        api.post(&format!("/api/admin/operators/{}/{reset}", ann.id), &Value::Null).await.expect(200);
        let active = "admin_api_keys where status = 'active'";
        assert_eq!(api.count(active).await, 0, "{reset}");
    }
    assert_eq!(api.audits(AuditAction::ImpersonationEnded).await.len(), 3);
}
