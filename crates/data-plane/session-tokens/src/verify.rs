//! Checks a token against keys that are at hand; nothing here asks the network.

use std::collections::{HashMap, HashSet};

use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, errors::ErrorKind};

use crate::claims::SessionClaims;

/// The longest token that is looked at, in bytes: Clerk's stay under 4 KiB, the size of a cookie.
const LONGEST: usize = 8 * 1024;

/// Why a token doesn't sign anybody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a token, signed by another algorithm or key, or without the claims a session has.
    #[error("the session token is malformed or its signature doesn't fit")]
    Invalid,
    /// Longer than any session token is.
    #[error("the session token is longer than {LONGEST} bytes")]
    TooLong,
    /// Signed by a key that isn't at hand; fresher keys may know it.
    #[error("the session token is signed by an unknown key")]
    UnknownKey,
    /// Its time is over.
    #[error("the session token has expired")]
    Expired,
    /// Its time hasn't come.
    #[error("the session token isn't valid yet")]
    NotYetValid,
    /// Another issuer's.
    #[error("the session token is of another issuer")]
    WrongIssuer,
    /// Given to an origin that isn't one of ours.
    #[error("the session token was given to another application")]
    WrongParty,
    /// The sign-in isn't finished.
    #[error("the sign-in that the session token is of isn't finished")]
    Pending,
}

/// An issuer's public RSA keys by their ids.
#[derive(Clone, Default)]
pub struct SigningKeys(HashMap<String, DecodingKey>);

impl SigningKeys {
    /// The RSA keys of a JSON Web Key Set; other kinds of keys, and keys without an id, are left out.
    #[must_use]
    pub fn of(set: &JwkSet) -> Self {
        let rsa = set.keys.iter().filter(|key| matches!(key.algorithm, AlgorithmParameters::RSA(_)));
        Self(
            rsa.filter_map(|key| Some((key.common.key_id.clone()?, DecodingKey::from_jwk(key).ok()?)))
                .collect(),
        )
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of these isn't among the others.
    #[must_use]
    pub fn lacks_in(&self, others: &Self) -> bool {
        self.0.keys().any(|id| !others.0.contains_key(id))
    }
}

/// What a token has to say to be one of ours.
pub struct Verifier {
    validation: Validation,
    parties: HashSet<String>,
}

impl Verifier {
    /// Tokens of this issuer, given to these origins, with so many seconds of leeway for clocks that differ.
    /// Without origins every origin is taken; with some, a token that names none is refused.
    #[must_use]
    pub fn new(issuer: &str, parties: impl IntoIterator<Item = String>, leeway_seconds: u64) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        validation.validate_nbf = true;
        validation.validate_aud = false;
        validation.leeway = leeway_seconds;
        Self { validation, parties: parties.into_iter().collect() }
    }

    /// The claims of a token whose signature, issuer, times and origin are right. The algorithm is ours to
    /// name, not the token's.
    ///
    /// # Errors
    ///
    /// Why the token is refused.
    pub fn verify(&self, token: &str, keys: &SigningKeys) -> Result<SessionClaims, Refused> {
        if token.len() > LONGEST {
            return Err(Refused::TooLong);
        }
        let header = decode_header(token).map_err(|_| Refused::Invalid)?;
        if header.alg != Algorithm::RS256 {
            return Err(Refused::Invalid);
        }
        let key = header.kid.and_then(|kid| keys.0.get(&kid)).ok_or(Refused::UnknownKey)?;
        let claims = decode::<SessionClaims>(token, key, &self.validation)
            .map_err(|error| refused(error.kind()))?
            .claims;
        let known = claims.azp.as_ref().is_some_and(|party| self.parties.contains(party));
        if !known && !self.parties.is_empty() {
            return Err(Refused::WrongParty);
        }
        if claims.is_pending() { Err(Refused::Pending) } else { Ok(claims) }
    }
}

fn refused(kind: &ErrorKind) -> Refused {
    match kind {
        ErrorKind::ExpiredSignature => Refused::Expired,
        ErrorKind::ImmatureSignature => Refused::NotYetValid,
        ErrorKind::InvalidIssuer => Refused::WrongIssuer,
        _ => Refused::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use testkit::{FAR_FUTURE, TokenSigner};

    #[test]
    fn only_a_token_that_is_right_in_everything_is_taken() {
        let signer = TokenSigner::new("one");
        let keys = SigningKeys::of(&serde_json::from_value(signer.key_set()).unwrap());
        let verifier = Verifier::new("https://clerk.test", ["https://app.test".to_owned()], 5);
        let header = json!({ "alg": "RS256", "kid": "one" });
        let verdict = |header: &Value, change: Value| {
            verifier.verify(&signer.sign(header, &change), &keys).map(|claims| claims.sub)
        };
        assert_eq!(verdict(&header, json!({})), Ok("user_1".to_owned()));
        assert_eq!(verdict(&header, json!({ "sts": "active" })), Ok("user_1".to_owned()));
        assert_eq!(verdict(&header, json!({ "sts": "pending" })), Err(Refused::Pending));
        assert_eq!(verdict(&header, json!({ "exp": 1 })), Err(Refused::Expired));
        assert_eq!(verdict(&header, json!({ "nbf": FAR_FUTURE })), Err(Refused::NotYetValid));
        assert_eq!(verdict(&header, json!({ "iss": "https://other.test" })), Err(Refused::WrongIssuer));
        assert_eq!(verdict(&header, json!({ "azp": "https://other.test" })), Err(Refused::WrongParty));
        assert_eq!(verdict(&header, json!({ "azp": null })), Err(Refused::WrongParty));
        assert_eq!(verdict(&header, json!({ "pad": "x".repeat(LONGEST) })), Err(Refused::TooLong));
        assert_eq!(verdict(&json!({ "alg": "RS256", "kid": "two" }), json!({})), Err(Refused::UnknownKey));
        for alg in ["none", "HS256", "RS512"] {
            assert_eq!(verdict(&json!({ "alg": alg, "kid": "one" }), json!({})), Err(Refused::Invalid));
        }
        let foreign = TokenSigner::new("one").sign(&header, &json!({}));
        assert_eq!(verifier.verify(&foreign, &keys).map(|claims| claims.sub), Err(Refused::Invalid));
    }
}
