//! Checks a token against keys that are at hand; nothing here asks the network.

use std::collections::HashMap;

use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet, RSAKeyParameters};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, errors::ErrorKind};
use serde::de::DeserializeOwned;

/// How far our clock and an issuer's may be apart, in seconds.
pub const LEEWAY_SECONDS: u64 = 5;
/// The longest token that is looked at, in bytes: a cookie holds 4 KiB.
const LONGEST: usize = 8 * 1024;

/// Why a token isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a token, signed by another algorithm or key, or without the claims that are asked for.
    #[error("the token is malformed or its signature doesn't fit")]
    Invalid,
    /// Longer than any token is.
    #[error("the token is longer than {LONGEST} bytes")]
    TooLong,
    /// Signed by a key that isn't at hand; fresher keys may know it.
    #[error("the token is signed by an unknown key")]
    UnknownKey,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time hasn't come.
    #[error("the token isn't valid yet")]
    NotYetValid,
    /// Another issuer's.
    #[error("the token is of another issuer")]
    WrongIssuer,
    /// Made for somebody else.
    #[error("the token was made for another application")]
    WrongAudience,
}

/// An issuer's public RSA keys by their ids.
#[derive(Clone, Default)]
pub struct SigningKeys(HashMap<String, SigningKey>);

#[derive(Clone)]
struct SigningKey {
    /// What was published, to tell one key from another of the same name.
    published: RSAKeyParameters,
    key: DecodingKey,
}

impl SigningKeys {
    /// The RSA keys of a JSON Web Key Set; other kinds of keys, and keys without an id, are left out.
    #[must_use]
    pub fn of(set: &JwkSet) -> Self {
        let named = set.keys.iter().filter_map(|key| {
            let AlgorithmParameters::RSA(published) = &key.algorithm else { return None };
            let signing = SigningKey { published: published.clone(), key: DecodingKey::from_jwk(key).ok()? };
            Some((key.common.key_id.clone()?, signing))
        });
        Self(named.collect())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of these isn't among the others: neither its name alone nor the key alone makes it the same.
    #[must_use]
    pub fn lacks_in(&self, others: &Self) -> bool {
        self.0.iter().any(|(id, one)| others.0.get(id).is_none_or(|other| other.published != one.published))
    }
}

/// What a token has to say to be taken.
pub struct Verifier(Validation);

impl Verifier {
    /// Tokens of this issuer, made for this audience if one is named.
    #[must_use]
    pub fn new(issuer: &str, audience: Option<&str>) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[issuer]);
        let mut required = vec!["exp", "iss", "sub"];
        match audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                required.push("aud");
            }
            None => validation.validate_aud = false,
        }
        validation.set_required_spec_claims(&required);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_SECONDS;
        Self(validation)
    }

    /// The claims of a token whose signature, issuer, audience and times are right. The algorithm is ours to name, not the
    /// token's.
    ///
    /// # Errors
    /// Why the token is refused.
    pub fn verify<C: DeserializeOwned>(&self, token: &str, keys: &SigningKeys) -> Result<C, Refused> {
        if token.len() > LONGEST {
            return Err(Refused::TooLong);
        }
        let header = decode_header(token).map_err(|_| Refused::Invalid)?;
        if header.alg != Algorithm::RS256 {
            return Err(Refused::Invalid);
        }
        let signing = header.kid.and_then(|kid| keys.0.get(&kid)).ok_or(Refused::UnknownKey)?;
        decode::<C>(token, &signing.key, &self.0)
            .map(|token| token.claims)
            .map_err(|error| refused(error.kind()))
    }
}

fn refused(kind: &ErrorKind) -> Refused {
    match kind {
        ErrorKind::ExpiredSignature => Refused::Expired,
        ErrorKind::ImmatureSignature => Refused::NotYetValid,
        ErrorKind::InvalidIssuer => Refused::WrongIssuer,
        ErrorKind::InvalidAudience => Refused::WrongAudience,
        _ => Refused::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};
    use testkit::{FAR_FUTURE, TokenSigner};

    use super::*;

    #[test]
    fn only_a_token_that_is_right_in_everything_is_taken() {
        let signer = TokenSigner::new("one");
        let keys = SigningKeys::of(&serde_json::from_value(signer.key_set()).unwrap());
        let verifier = Verifier::new("https://clerk.test", None);
        let header = json!({ "alg": "RS256", "kid": "one" });
        let verdict = |verifier: &Verifier, header: &Value, change: Value| {
            verifier.verify::<Value>(&signer.sign(header, &change), &keys).map(|claims| claims["sub"].clone())
        };
        let user = Ok(json!("user_1"));
        assert_eq!(verdict(&verifier, &header, json!({})), user);
        for (change, refused) in [
            (json!({ "exp": 1 }), Refused::Expired),
            (json!({ "nbf": FAR_FUTURE }), Refused::NotYetValid),
            (json!({ "iss": "https://other.test" }), Refused::WrongIssuer),
            (json!({ "iss": null }), Refused::Invalid),
            (json!({ "pad": "x".repeat(LONGEST) }), Refused::TooLong),
        ] {
            assert_eq!(verdict(&verifier, &header, change), Err(refused));
        }
        // Clocks may differ by five seconds, and no more; the test itself takes less than three.
        let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap();
        for (change, wanted) in [
            (json!({ "exp": now - 2 }), user.clone()),
            (json!({ "exp": now - 6 }), Err(Refused::Expired)),
            (json!({ "nbf": now + 5 }), user.clone()),
            (json!({ "nbf": now + 9 }), Err(Refused::NotYetValid)),
        ] {
            assert_eq!(verdict(&verifier, &header, change.clone()), wanted, "{change}");
        }
        let other = json!({ "alg": "RS256", "kid": "two" });
        assert_eq!(verdict(&verifier, &other, json!({})), Err(Refused::UnknownKey));
        for alg in ["none", "HS256", "RS512"] {
            assert_eq!(
                verdict(&verifier, &json!({ "alg": alg, "kid": "one" }), json!({})),
                Err(Refused::Invalid)
            );
        }
        let foreign = TokenSigner::new("one").sign(&header, &json!({}));
        assert_eq!(verifier.verify::<Value>(&foreign, &keys).err(), Some(Refused::Invalid));
        let for_us = Verifier::new("https://clerk.test", Some("sixty"));
        assert_eq!(verdict(&for_us, &header, json!({ "aud": "sixty" })), user);
        assert_eq!(verdict(&for_us, &header, json!({ "aud": ["other", "sixty"] })), user);
        assert_eq!(verdict(&for_us, &header, json!({ "aud": "other" })), Err(Refused::WrongAudience));
        assert!(verdict(&for_us, &header, json!({})).is_err());
    }

    /// Whoever knows the public key, which is published, and writes the header as they like.
    #[test]
    fn a_token_does_not_say_how_it_is_verified() {
        let signer = TokenSigner::new("one");
        let set = signer.key_set();
        let keys = SigningKeys::of(&serde_json::from_value(set.clone()).unwrap());
        let verifier = Verifier::new("https://clerk.test", None);
        let good = signer.token(&json!({}));
        assert!(verifier.verify::<Value>(&good, &keys).is_ok());
        let claims: Value = verifier.verify(&good, &keys).unwrap();
        let text = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let (payload, signature) = (text(&claims), good.rsplit('.').next().unwrap());
        let refused = |token: &str| verifier.verify::<Value>(token, &keys).err();
        // Without a signature, or with one that is for something else.
        for alg in ["none", "None", "NONE", "", "RS256"] {
            let header = text(&json!({ "alg": alg, "kid": "one" }));
            assert_eq!(refused(&format!("{header}.{payload}.")), Some(Refused::Invalid), "{alg:?}");
            assert_eq!(refused(&format!("{header}.{payload}")), Some(Refused::Invalid), "{alg:?}");
        }
        let (header, _) = good.split_once('.').unwrap();
        let promoted = text(&json!({ "sub": "admin", "iss": "https://clerk.test", "exp": FAR_FUTURE }));
        assert_eq!(refused(&format!("{header}.{promoted}.{signature}")), Some(Refused::Invalid));
        // With the public key as the secret of a symmetric algorithm, in each form that it is known in.
        let modulus = set["keys"][0]["n"].as_str().unwrap();
        let forms = [set.to_string(), set["keys"][0].to_string(), modulus.to_owned()].map(String::into_bytes);
        for secret in forms.into_iter().chain([URL_SAFE_NO_PAD.decode(modulus).unwrap(), Vec::new()]) {
            for alg in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let mut header = Header::new(alg);
                header.kid = Some("one".to_owned());
                let forged = encode(&header, &claims, &EncodingKey::from_secret(&secret)).unwrap();
                assert_eq!(refused(&forged), Some(Refused::Invalid), "{alg:?}");
            }
        }
        // With a key that the token brings along, or says where to fetch; and with an id that is a path or a statement.
        let thief = TokenSigner::new("one");
        let brought = json!({
            "alg": "RS256", "kid": "one", "jwk": thief.key_set()["keys"][0], "jku": "https://evil.test/jwks.json",
            "x5u": "https://evil.test/cert.pem",
        });
        assert_eq!(refused(&thief.sign(&brought, &json!({}))), Some(Refused::Invalid));
        for kid in ["", "../../../../dev/null", "/dev/null", "one' union select 'x", "ONE", "one\0"] {
            let forged = thief.sign(&json!({ "alg": "RS256", "kid": kid }), &json!({}));
            assert_eq!(refused(&forged), Some(Refused::UnknownKey), "{kid}");
        }
        assert_eq!(refused(&thief.sign(&json!({ "alg": "RS256" }), &json!({}))), Some(Refused::UnknownKey));
    }
}
