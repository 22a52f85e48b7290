//! Signing in by OpenID Connect: the provider says who somebody is, and the operator's account here what they may do.
//!
//! An account is found by the provider's own name for the person. The first time it is found by the address, which the
//! provider must have verified, and linked for good. Nobody gets an account by signing in.

mod provider;

use catalog::operator_sessions::{LiveSession, NewSession};
use catalog::operators::OperatorRow;
use catalog::{CatalogError, GenericClient, Transaction, operator_identities, operator_sessions, operators};
use customers::commit;
use domain::audit::AuditAction;
use domain::operator::Actor;
use secrets::token::sha256_hex;
use secrets::{BearerKind, BearerToken, ExposeSecret as _, SecretString};
use serde_json::json;

pub use provider::{Identified, OpenIdConfig, OpenIdError, OpenIdProvider};

use crate::service::{LONGEST_IDLE, LONGEST_SESSION, LONGEST_SIGN_IN};
use crate::sign_in::{canonical, live_session, write};
use crate::{Caller, Identity, SignInError, SignedIn};

/// Where the session goes that a browser begins.
#[derive(Debug, Clone, Copy)]
pub enum BegunFor<'a> {
    /// Into the browser's own cookie.
    Browser,
    /// To a program, which fetches it by answering this challenge: the SHA-256 of the answer, in lower-case hex.
    Program(&'a str),
}

impl Identity {
    /// Begins a session for whom the provider vouches for. It is complete where the provider has asked for a second factor.
    ///
    /// # Errors
    /// [`SignInError::Refused`] when they have no account here, or a disabled one.
    pub async fn sign_in_by_provider(
        &self,
        provider: &OpenIdProvider,
        person: &Identified,
        (begun_for, caller): (BegunFor<'_>, &Caller),
    ) -> Result<SignedIn, SignInError> {
        let issuer = provider.issuer();
        let mut client = self.client_for_sign_in().await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let operator = match account(&transaction, issuer, person, caller).await? {
            Some(operator) if operator.disabled_at.is_none() => operator,
            other => {
                // The provider's word and no guess: it is written down whom it vouched for.
                drop(transaction);
                drop(client);
                let operator = other.map(|operator| operator.id);
                self.note_vouched_for((issuer, &person.subject), operator, caller).await;
                return Err(SignInError::Refused);
            }
        };
        let (kind, in_cookie, challenge) = match begun_for {
            BegunFor::Browser => (BearerKind::Session, true, None),
            BegunFor::Program(challenge) => (BearerKind::Claim, false, Some(challenge)),
        };
        let token = BearerToken::generate(kind);
        let new = NewSession {
            operator_id: operator.id,
            token_hash: &token.hash(),
            in_cookie,
            longest: LONGEST_SIGN_IN,
            ip_address: caller.ip_address,
            user_agent: caller.user_agent.as_deref(),
            issuer: Some(issuer),
            claim_challenge: challenge,
        };
        let (id, expires_at) = operator_sessions::insert(&transaction, &new).await?;
        let begun = live_session(operator, id, expires_at, in_cookie);
        let mut session = LiveSession { password_must_change: false, ..begun };
        if person.has_second_factor {
            let completed =
                operator_sessions::complete(&transaction, id, &token.hash(), LONGEST_SESSION).await?;
            session.expires_at = completed.ok_or(SignInError::Over)?;
            session.is_complete = true;
            operators::signed_in(&transaction, session.operator_id).await?;
            let told = json!({
                "session_id": id, "second_factor": "provider", "in_cookie": in_cookie, "issuer": issuer
            });
            let (actor, action) = (caller.of(&session), AuditAction::OperatorSignedIn);
            write(&transaction, &actor, action, session.operator_id, Some(told)).await?;
        }
        commit(transaction).await?;
        Ok(SignedIn { token, session, recovery_codes: Vec::new() })
    }

    /// Gives a program the session that a browser began for it: once, and to whoever answers the challenge.
    ///
    /// # Errors
    /// [`SignInError::Refused`] for a wrong code or answer, or two minutes later.
    pub async fn claim_session(
        &self,
        code: &SecretString,
        answer: &SecretString,
    ) -> Result<SignedIn, SignInError> {
        let token = BearerToken::generate(BearerKind::Session);
        let shown = (sha256_hex(code.expose_secret()), sha256_hex(answer.expose_secret()));
        let client = self.client_for_sign_in().await?;
        let claimed =
            operator_sessions::claim(&client, (&shown.0, &shown.1), &token.hash(), LONGEST_IDLE).await?;
        let session = claimed.ok_or(SignInError::Refused)?;
        Ok(SignedIn { token, session, recovery_codes: Vec::new() })
    }
}

/// The account of a person: the linked one, or the one with their verified address, which is linked now.
async fn account(
    transaction: &Transaction<'_>,
    issuer: &str,
    person: &Identified,
    caller: &Caller,
) -> Result<Option<OperatorRow>, CatalogError> {
    if let Some(id) = operator_identities::operator_of(transaction, issuer, &person.subject).await? {
        return operators::get(transaction, id).await;
    }
    let Some(email) = &person.verified_email else { return Ok(None) };
    let Some(operator) = operators::by_email(transaction, &canonical(email)).await? else { return Ok(None) };
    if !operator_identities::link(transaction, operator.id, issuer, &person.subject).await? {
        // The account is somebody else's at this provider: an address that was given to another person brings nobody in.
        return Ok(None);
    }
    note_link(transaction, &operator, issuer, caller).await?;
    Ok(Some(operator))
}

async fn note_link(
    client: &impl GenericClient,
    operator: &OperatorRow,
    issuer: &str,
    caller: &Caller,
) -> Result<(), CatalogError> {
    let actor =
        Actor::on_behalf_of(Some(operator.id.to_string())).from(caller.ip_address, caller.user_agent.clone());
    let told = json!({ "linked_to": issuer });
    write(client, &actor, AuditAction::OperatorUpdated, operator.id, Some(told)).await
}
