//! Refusals of whoever comes in, in the audit log: where it is known whose account it is about.
//!
//! Who isn't let in can ask as often as they like, so each of these rows is written once in a while only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use catalog::audit::{self, AuditEntry};
use catalog::{CatalogError, operator_sessions, operator_tokens, operators};
use domain::audit::AuditAction;
use domain::operator::Actor;
use secrets::token::sha256_hex;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::service::LONGEST_IDLE;
use crate::{Caller, Identity};

/// How long nothing more is written of the same thing.
const QUIET: Duration = Duration::from_secs(60);
/// How much is remembered at most. When more is tried at once, some is written twice.
const REMEMBERED: usize = 10_000;

/// What was written a moment ago, on this server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recently(Arc<Mutex<HashMap<String, Instant>>>);

impl Recently {
    /// Whether this is to be written. Says so once a minute.
    fn is_new(&self, what: &str) -> bool {
        let now = Instant::now();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(what).is_some_and(|at| now.duration_since(*at) < QUIET) {
            return false;
        }
        if known.len() >= REMEMBERED {
            known.retain(|_, at| now.duration_since(*at) < QUIET);
            if known.len() >= REMEMBERED {
                known.clear();
            }
        }
        known.insert(what.to_owned(), now);
        true
    }
}

impl Identity {
    /// Notes that somebody showed a session or a token that has ended, if there ever was such a one.
    pub async fn note_ended(&self, token: &str, caller: &Caller) {
        let hash = sha256_hex(token);
        let noted = async {
            let client = self.client_for_sign_in().await?;
            let of_token = operator_tokens::holder(&client, &hash).await?;
            let found = match of_token {
                Some((operator, id)) => Some((operator, id, "token")),
                None => operator_sessions::holder(&client, &hash)
                    .await?
                    .map(|(operator, id)| (operator, id, "session")),
            };
            drop(client);
            // What never was is kept nowhere: it may be anything.
            let Some((operator, id, what)) = found else { return Ok(()) };
            let told = json!({ "ended": what, "credential_id": id });
            self.note(&format!("ended {id}"), Some(operator), told, caller).await
        };
        tell(noted.await);
    }

    /// Notes that a page of another site asked for a change with somebody's session.
    pub async fn note_other_site(&self, token: &str, (method, path): (&str, &str), caller: &Caller) {
        let noted = async {
            let client = self.client_for_sign_in().await?;
            let found = operator_sessions::live(&client, &sha256_hex(token), LONGEST_IDLE).await?;
            drop(client);
            let Some(session) = found.filter(|session| session.in_cookie) else { return Ok(()) };
            let told = json!({
                "reason": "cross-site-request", "session_id": session.id, "request": format!("{method} {path}"),
            });
            self.note(&format!("site {}", session.id), Some(session.operator_id), told, caller).await
        };
        tell(noted.await);
    }

    /// Notes a wrong guess at an account that exists. At one that doesn't, what was typed may be a password: it is kept
    /// nowhere. Guesses are slowed, so that these rows are few.
    pub(crate) async fn note_guess(&self, operator: Uuid, what: &str, caller: &Caller) {
        tell(self.write_refusal(Some(operator), json!({ "wrong": what }), caller).await);
    }

    /// Notes that guesses at an account are slowed. Not waited for: an account that exists is refused as fast as one that
    /// doesn't.
    pub(crate) fn note_slowed(&self, email: String, caller: &Caller) {
        let (identity, caller) = (self.clone(), caller.clone());
        tokio::spawn(async move {
            let noted = async {
                let found = operators::by_email(&identity.client_for_sign_in().await?, &email).await?;
                let Some(operator) = found else { return Ok(()) };
                let told = json!({ "reason": "too-many-guesses" });
                identity.note(&format!("slowed {}", operator.id), Some(operator.id), told, &caller).await
            };
            tell(noted.await);
        });
    }

    /// Notes that an OpenID provider vouched for somebody who has no account here, or a disabled one.
    pub(crate) async fn note_vouched_for(
        &self,
        (issuer, subject): (&str, &str),
        operator: Option<Uuid>,
        caller: &Caller,
    ) {
        let reason = if operator.is_some() { "account-disabled" } else { "no-account" };
        let told = json!({ "reason": reason, "issuer": issuer, "subject": subject });
        tell(self.note(&format!("vouched {issuer} {subject}"), operator, told, caller).await);
    }

    async fn note(
        &self,
        what: &str,
        operator: Option<Uuid>,
        told: Value,
        caller: &Caller,
    ) -> Result<(), CatalogError> {
        if !self.recently().is_new(what) {
            return Ok(());
        }
        self.write_refusal(operator, told, caller).await
    }

    async fn write_refusal(
        &self,
        operator: Option<Uuid>,
        told: Value,
        caller: &Caller,
    ) -> Result<(), CatalogError> {
        let actor = Actor::on_behalf_of(None).from(caller.ip_address, caller.user_agent.clone());
        let entry = AuditEntry {
            customer_id: None,
            action: AuditAction::AccessDenied,
            resource_type: "operator",
            resource_id: operator.map(|operator| operator.to_string()),
            old_values: None,
            new_values: Some(told),
        };
        audit::insert(&self.client_for_sign_in().await?, &actor, &entry).await?;
        Ok(())
    }
}

/// A refusal stands whether or not it can be written down.
fn tell(noted: Result<(), CatalogError>) {
    if let Err(error) = noted {
        tracing::warn!(%error, "a refused sign-in can't be recorded");
    }
}
