//! Who may show a session token: what it says beside what every token of the issuer says.

use std::collections::HashSet;
use std::sync::Arc;

use token_issuer::{CannotVerify, Issuer, IssuerConfig, IssuerError, Refused};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::claims::SessionClaims;

/// Why a session token doesn't sign anybody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionRefused {
    /// It isn't a good token of the issuer.
    #[error(transparent)]
    Token(#[from] Refused),
    /// Given to an origin that isn't one of ours.
    #[error("the token was given to a page of another application")]
    WrongParty,
    /// The sign-in isn't finished.
    #[error("the sign-in that the token is of isn't finished")]
    Pending,
    /// It may be good: it names a key that isn't known, and the issuer can't be asked.
    #[error("the issuer can't be asked for its keys")]
    IssuerAway,
}

/// An issuer of session tokens.
#[derive(Debug)]
pub struct SessionIssuer {
    issuer: Arc<Issuer>,
    parties: HashSet<String>,
}

impl SessionIssuer {
    /// Tokens of this issuer whose keys are there, given to these origins. Without origins every origin is taken; with some,
    /// a token that names none is refused. The last keys are kept in a file, if one is named.
    ///
    /// # Errors
    /// When the machine has no certificates to trust.
    pub fn open(
        issuer: String,
        keys_url: Url,
        parties: impl IntoIterator<Item = String>,
        stored: Option<std::path::PathBuf>,
    ) -> Result<Self, IssuerError> {
        let issuer = Issuer::open(IssuerConfig { issuer, keys_url, audience: None, stored })?;
        Ok(Self { issuer: Arc::new(issuer), parties: parties.into_iter().collect() })
    }

    /// Keeps the keys fresh until `stop`.
    pub fn follow(&self, stop: CancellationToken) -> impl Future<Output = ()> + Send + use<> {
        Arc::clone(&self.issuer).follow(stop)
    }

    /// Asks for the keys.
    ///
    /// # Errors
    /// When the issuer can't be asked.
    pub async fn refresh(&self) -> Result<(), IssuerError> {
        self.issuer.refresh().await
    }

    /// Grows when a key is taken back: what was believed because of it must be looked at again.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.issuer.generation()
    }

    /// Whether any key is at hand.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.issuer.is_ready()
    }

    /// The claims of a good token, by the keys at hand.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify_at_hand(&self, token: &str) -> Result<SessionClaims, SessionRefused> {
        self.judge(self.issuer.verify_at_hand(token)?)
    }

    /// The claims of a good token; asks for the keys when it is signed by one that isn't known.
    ///
    /// # Errors
    /// Why it isn't taken.
    pub async fn verify(&self, token: &str) -> Result<SessionClaims, SessionRefused> {
        let claims = self.issuer.verify(token).await.map_err(|error| match error {
            CannotVerify::Refused(refused) => SessionRefused::Token(refused),
            CannotVerify::IssuerAway => SessionRefused::IssuerAway,
        })?;
        self.judge(claims)
    }

    fn judge(&self, claims: SessionClaims) -> Result<SessionClaims, SessionRefused> {
        let known = claims.azp.as_ref().is_some_and(|party| self.parties.contains(party));
        if !known && !self.parties.is_empty() {
            return Err(SessionRefused::WrongParty);
        }
        if claims.is_pending() { Err(SessionRefused::Pending) } else { Ok(claims) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use testkit::TokenSigner;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    #[tokio::test]
    async fn a_session_is_of_our_application_and_finished() {
        let (server, signer) = (MockServer::start().await, TokenSigner::new("one"));
        Mock::given(wiremock::matchers::any())
            .respond_with(ResponseTemplate::new(200).set_body_json(signer.key_set()))
            .mount(&server)
            .await;
        let open = |parties: &[&str]| {
            let parties: Vec<_> = parties.iter().map(|party| (*party).to_owned()).collect();
            SessionIssuer::open("https://clerk.test".to_owned(), server.uri().parse().unwrap(), parties, None)
                .unwrap()
        };
        let ours = open(&["https://app.test"]);
        ours.refresh().await.unwrap();
        let verdict = |change: Value| ours.verify_at_hand(&signer.token(&change)).map(|claims| claims.sub);
        assert_eq!(verdict(json!({})), Ok("user_1".to_owned()));
        assert_eq!(verdict(json!({ "sts": "active" })), Ok("user_1".to_owned()));
        assert_eq!(verdict(json!({ "sts": "pending" })), Err(SessionRefused::Pending));
        for party in [json!("https://other.test"), json!(null)] {
            assert_eq!(verdict(json!({ "azp": party })), Err(SessionRefused::WrongParty));
        }
        assert_eq!(verdict(json!({ "exp": 1 })), Err(SessionRefused::Token(Refused::Expired)));
        let every = open(&[]);
        assert!(every.verify(&signer.token(&json!({ "azp": null }))).await.is_ok());
    }
}
