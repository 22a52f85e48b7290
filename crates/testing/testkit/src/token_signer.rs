//! An issuer of session tokens of our own, for tests: it can sign what no issuer would.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A moment that no test lives to see, in seconds since 1970.
pub const FAR_FUTURE: u64 = 4_000_000_000;

/// Somebody who signs session tokens.
pub struct TokenSigner {
    pair: KeyPair,
    id: &'static str,
}

impl TokenSigner {
    /// A signer with a new key under this id.
    ///
    /// # Panics
    /// When no key can be made.
    pub fn new(id: &'static str) -> Self {
        Self { pair: KeyPair::generate(KeySize::Rsa2048).expect("a key that was just made signs"), id }
    }

    /// Its keys, as an issuer publishes them.
    pub fn key_set(&self) -> Value {
        let public = self.pair.public_key();
        let n = text(public.modulus().big_endian_without_leading_zero());
        let e = text(public.exponent().big_endian_without_leading_zero());
        json!({ "keys": [{ "kty": "RSA", "kid": self.id, "alg": "RS256", "use": "sig", "n": n, "e": e }] })
    }

    /// A good token but for this header and these claims.
    ///
    /// # Panics
    /// When it can't be signed.
    pub fn sign(&self, header: &Value, change: &Value) -> String {
        let mut claims = json!({
            "sub": "user_1", "iss": "https://clerk.test", "exp": FAR_FUTURE, "nbf": 1, "azp": "https://app.test"
        });
        claims
            .as_object_mut()
            .expect("a key that was just made signs")
            .extend(change.as_object().expect("a key that was just made signs").clone());
        let body = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body.as_bytes(), &mut signature)
            .expect("a key that was just made signs");
        format!("{body}.{}", text(signature))
    }

    /// A good token but for these claims.
    pub fn token(&self, change: &Value) -> String {
        self.sign(&json!({ "alg": "RS256", "kid": self.id }), change)
    }
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
