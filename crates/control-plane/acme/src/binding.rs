//! External account binding (RFC 8555, 7.3.4): an authority that gives certificates to its own customers only is shown that the
//! account is one of theirs.
//!
//! The library makes a key of its own for such an account. Ours is made and kept before anybody is asked: most authorities take
//! a binding once, and one whose account's key was lost with a server that died would be used up.

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, Response};
use instant_acme::{Error, Problem};
use rustls::pki_types::PrivatePkcs8KeyDer;
use secrets::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::BadAcmeConfig;
use crate::directory::Directory;

/// The header with what the next request is to be signed with.
const NONCE: &str = "replay-nonce";
/// What an authority says to a nonce that it doesn't know any more.
const BAD_NONCE: &str = "urn:ietf:params:acme:error:badNonce";
/// How often is asked again with another one.
const ATTEMPTS: usize = 5;

/// Whose customer we are at the authority, and the key that shows it.
#[derive(Clone)]
pub struct ExternalAccount {
    key_id: String,
    key: hmac::Key,
}

impl fmt::Debug for ExternalAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ExternalAccount").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// Where the authority is asked for what.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Places {
    new_nonce: String,
    new_account: String,
}

impl ExternalAccount {
    /// The account by this id, with its key as the authority shows it: in base64, that of URLs or the other.
    ///
    /// # Errors
    /// [`BadAcmeConfig`] when that is no key. It isn't repeated.
    pub fn new(key_id: &str, key: &SecretString) -> Result<Self, BadAcmeConfig> {
        let text = key.expose_secret().trim().trim_end_matches('=').replace('+', "-").replace('/', "_");
        let key = URL_SAFE_NO_PAD.decode(text).ok().filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| BadAcmeConfig::new("the key of the account isn't in base64"))?;
        if key_id.trim().is_empty() {
            return Err(BadAcmeConfig::new("the account's key has no id"));
        }
        Ok(Self { key_id: key_id.trim().to_owned(), key: hmac::Key::new(hmac::HMAC_SHA256, &key) })
    }

    /// The account's key, signed by who is known to the authority.
    fn binding(&self, jwk: &Value, url: &str) -> Value {
        let head = json!({ "alg": "HS256", "kid": self.key_id, "url": url });
        let (head, payload) = (encoded(&head), encoded(jwk));
        let tag = hmac::sign(&self.key, format!("{head}.{payload}").as_bytes());
        json!({ "protected": head, "payload": payload, "signature": URL_SAFE_NO_PAD.encode(tag) })
    }
}

/// Makes the account of this key, or finds the one that it has; its URL.
pub(crate) async fn register(
    directory: &Directory,
    key: &PrivatePkcs8KeyDer<'_>,
    external: &ExternalAccount,
) -> Result<String, Error> {
    let get = |method, url| directory.send((method, url), HeaderMap::new(), Bytes::new());
    let places: Places =
        serde_json::from_slice(checked(get(Method::GET, directory.url.clone()).await?)?.body())?;
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_pkcs8_der())
        .map_err(|_| Error::KeyRejected)?;
    let jwk = public(&key)?;
    let payload = encoded(&json!({
        "termsOfServiceAgreed": true,
        "externalAccountBinding": external.binding(&jwk, &places.new_account),
    }));
    let mut nonce = nonce(&checked(get(Method::HEAD, places.new_nonce).await?)?)?;
    for attempt in 1.. {
        let head = encoded(&json!({ "alg": "ES256", "jwk": jwk, "nonce": nonce, "url": places.new_account }));
        let signature = key.sign(&SystemRandom::new(), format!("{head}.{payload}").as_bytes());
        let signature = signature.map_err(|_| Error::Crypto)?;
        let body =
            json!({ "protected": head, "payload": payload, "signature": URL_SAFE_NO_PAD.encode(signature) });
        let headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/jose+json"))]);
        let asked =
            directory.send((Method::POST, places.new_account.clone()), headers, body.to_string().into());
        let answer = asked.await?;
        let next = self::nonce(&answer);
        match (checked(answer), next) {
            (Ok(answer), _) => {
                let url = answer.headers().get(LOCATION).and_then(|url| url.to_str().ok());
                return url.map(str::to_owned).ok_or(Error::Str("the account has no URL"));
            }
            (Err(Error::Api(problem)), Ok(next))
                if attempt < ATTEMPTS && problem.r#type.as_deref() == Some(BAD_NONCE) =>
            {
                nonce = next;
            }
            (Err(error), _) => return Err(error),
        }
    }
    Err(Error::Str("a nonce that is taken"))
}

fn nonce(answer: &Response<Bytes>) -> Result<String, Error> {
    let nonce = answer.headers().get(NONCE).and_then(|nonce| nonce.to_str().ok());
    nonce.map(str::to_owned).ok_or(Error::Str("a nonce"))
}

fn checked(answer: Response<Bytes>) -> Result<Response<Bytes>, Error> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    Err(serde_json::from_slice::<Problem>(answer.body()).map_or_else(Error::from, Error::Api))
}

/// The public half, as JOSE writes it.
fn public(key: &EcdsaKeyPair) -> Result<Value, Error> {
    // 4, and the two coordinates.
    let (kind, rest) = key.public_key().as_ref().split_first().ok_or(Error::KeyRejected)?;
    if *kind != 4 || rest.len() != 64 {
        return Err(Error::KeyRejected);
    }
    let (x, y) = rest.split_at(32);
    Ok(json!({ "crv": "P-256", "kty": "EC", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) }))
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_as_authorities_show_it_and_not_repeated() {
        for right in [
            "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W",
            "a+b/cQ==",
            "a-b_cQ",
            " aGk= \n",
        ] {
            let account = ExternalAccount::new("kid-1", &right.into()).unwrap();
            assert!(!format!("{account:?}").contains(right.trim()), "{account:?}");
        }
        for wrong in ["", "a b", "not base64!", "="] {
            let error = ExternalAccount::new("kid-1", &wrong.into()).unwrap_err().to_string();
            assert!(wrong.len() < 2 || !error.contains(wrong), "{error}");
        }
        assert!(ExternalAccount::new(" ", &"aGk".into()).is_err());
    }
}
