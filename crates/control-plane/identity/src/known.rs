//! Who shows this token.

use catalog::operator_sessions::LiveSession;
use catalog::operators::OperatorRow;
use catalog::{CatalogError, operator_sessions, operator_tokens, operators};
use domain::operator::{Actor, Credential, Rights};
use secrets::token::sha256_hex;

use crate::service::LONGEST_IDLE;
use crate::{Caller, Identity, NextStep};

/// Why a request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Somebody did something, or nobody says otherwise.
    Person,
    /// A page or a program asked by itself.
    Background,
}

impl Identity {
    /// The session of a token that was shown in this way: what a browser keeps in a cookie is worth nothing elsewhere.
    /// `None` when it has ended, or never was. What nobody did doesn't count as using it: a page that stays open and asks by
    /// itself keeps no session alive.
    ///
    /// # Errors
    /// When the admin database can't be asked.
    pub async fn session(
        &self,
        token: &str,
        in_cookie: bool,
        cause: Cause,
    ) -> Result<Option<LiveSession>, CatalogError> {
        let client = self.client_for_sign_in().await?;
        let found = operator_sessions::live(&client, &sha256_hex(token), LONGEST_IDLE).await?;
        let Some(session) = found.filter(|session| session.in_cookie == in_cookie) else { return Ok(None) };
        if cause == Cause::Person {
            operator_sessions::touch(&client, session.id).await?;
        }
        Ok(Some(session))
    }

    /// The operator of an API token, with what the token may do of what they may do now.
    ///
    /// # Errors
    /// When the admin database can't be asked.
    pub async fn bearer_of_token(&self, token: &str, caller: Caller) -> Result<Option<Actor>, CatalogError> {
        let client = self.client_for_sign_in().await?;
        let Some(token) = operator_tokens::live(&client, &sha256_hex(token)).await? else { return Ok(None) };
        operator_tokens::touch(&client, token.id).await?;
        let rights = Rights::of_roles(&token.roles).and(Rights::of(&token.permissions));
        let actor = Actor::operator(token.operator_id, Credential::Token(token.id), rights);
        Ok(Some(actor.from(caller.ip_address, caller.user_agent)))
    }

    /// What somebody who came in earlier may do now; `None` when what they came in with has ended. Doesn't count as using it:
    /// a page that merely stays open keeps no session alive.
    ///
    /// # Errors
    /// When the admin database can't be asked.
    pub async fn rights_now(&self, actor: &Actor) -> Result<Option<Rights>, CatalogError> {
        match actor.credential() {
            // Neither ends while the program runs.
            Credential::System | Credential::Bootstrap => Ok(Some(actor.rights())),
            Credential::Session(id) => {
                let client = self.client_for_sign_in().await?;
                let found = operator_sessions::still_live(&client, id, LONGEST_IDLE).await?;
                let complete = found.filter(|session| NextStep::of(session).is_none());
                Ok(complete.map(|session| Rights::of_roles(&session.roles)))
            }
            Credential::Token(id) => {
                let client = self.client_for_sign_in().await?;
                let found = operator_tokens::still_live(&client, id).await?;
                Ok(found.map(|token| Rights::of_roles(&token.roles).and(Rights::of(&token.permissions))))
            }
        }
    }

    /// The account of whoever asks; `None` for the token of the configuration.
    ///
    /// # Errors
    /// When the admin database can't be asked.
    pub async fn account(&self, actor: &Actor) -> Result<Option<OperatorRow>, CatalogError> {
        let Some(id) = actor.operator_id() else { return Ok(None) };
        operators::get(&self.client_for_sign_in().await?, id).await
    }
}

/// The operator of a complete session, with what their roles allow.
#[must_use]
pub fn operator_of(session: &LiveSession, caller: Caller) -> Actor {
    let rights = Rights::of_roles(&session.roles);
    Actor::operator(session.operator_id, Credential::Session(session.id), rights)
        .from(caller.ip_address, caller.user_agent)
}
