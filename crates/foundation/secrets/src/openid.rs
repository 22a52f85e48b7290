//! The secret of a sign-in at an OpenID provider: one random text in the browser's cookie, from which follow the state, the
//! nonce and the PKCE verifier. Nothing has to be kept at the server meanwhile.

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

use crate::random;

/// 256 random bits in base62.
const LENGTH: usize = 43;

/// The secret.
#[derive(Debug, Clone)]
pub struct OpenIdSecret(SecretString);

impl OpenIdSecret {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(SecretString::from(random::base62(LENGTH)))
    }

    /// The one that a browser shows.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let has_form = text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        has_form.then(|| Self(SecretString::from(text)))
    }

    /// The text itself, for the cookie.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }

    /// What the provider gives back with the code: the answer is to this very browser's question.
    #[must_use]
    pub fn state(&self) -> String {
        self.derived("state")
    }

    /// Whether a state is this secret's.
    #[must_use]
    pub fn has_state(&self, shown: &str) -> bool {
        constant_time::verify_slices_are_equal(self.state().as_bytes(), shown.as_bytes()).is_ok()
    }

    /// What the provider puts into the token: it was made for this sign-in.
    #[must_use]
    pub fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// What shows that whoever fetches the token is who asked for the code.
    #[must_use]
    pub fn code_verifier(&self) -> SecretString {
        SecretString::from(self.derived("verifier"))
    }

    /// Its hash, which the provider is told first (PKCE, S256).
    #[must_use]
    pub fn code_challenge(&self) -> String {
        let verifier = self.code_verifier();
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.expose_secret().as_bytes()))
    }

    fn derived(&self, what: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose_secret().as_bytes());
        URL_SAFE_NO_PAD.encode(hmac::sign(&key, what.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_follows_from_the_cookie_and_nothing_tells_of_another() {
        let secret = OpenIdSecret::generate();
        let again = OpenIdSecret::parse(secret.secret().expose_secret()).unwrap();
        assert!(again.has_state(&secret.state()) && again.nonce() == secret.nonce());
        assert_eq!(again.code_challenge(), secret.code_challenge());
        let all = [secret.state(), secret.nonce(), secret.code_verifier().expose_secret().to_owned()];
        assert!(all[0] != all[1] && all[1] != all[2] && all.iter().all(|text| text.len() == 43));
        assert!(!OpenIdSecret::generate().has_state(&secret.state()) && !again.has_state(""));
        for wrong in ["", "short", &"x".repeat(44), &format!("{}-", "x".repeat(42))] {
            assert!(OpenIdSecret::parse(wrong).is_none());
        }
    }
}
