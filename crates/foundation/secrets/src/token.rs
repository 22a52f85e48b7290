//! The operator's token (`op_...`), and hashes of tokens.

use aws_lc_rs::{constant_time, digest};
use secrecy::{ExposeSecret, SecretString};

use crate::random;

/// Lower-case hex SHA-256 of a text.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    hex::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// Lower-case hex SHA-256 of several parts, each with its length before it: moving a byte from one part to the next
/// gives another hash.
#[must_use]
pub fn sha256_hex_of_parts(parts: &[&[u8]]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    hex::encode(context.finish())
}

/// An operator's bearer token.
#[derive(Debug, Clone)]
pub struct OperatorToken(SecretString);

/// The text can't be an operator's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an operator token is op_ followed by at least 32 letters and digits")]
pub struct MalformedOperatorToken;

impl OperatorToken {
    /// Makes a new token of 256 random bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(SecretString::from(format!("op_{}", random::base62(43))))
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`MalformedOperatorToken`] when it doesn't begin with `op_` or is too short to be safe.
    pub fn parse(text: &str) -> Result<Self, MalformedOperatorToken> {
        let body = text.strip_prefix("op_").ok_or(MalformedOperatorToken)?;
        if body.len() < 32 || !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(MalformedOperatorToken);
        }
        Ok(Self(SecretString::from(text)))
    }

    /// Whether the text is this token. Takes the same time wherever they differ.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let ours = digest::digest(&digest::SHA256, self.0.expose_secret().as_bytes());
        let theirs = digest::digest(&digest::SHA256, text.as_bytes());
        constant_time::verify_slices_are_equal(ours.as_ref(), theirs.as_ref()).is_ok()
    }

    /// The token itself, to be written to its file or shown once.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(sha256_hex_of_parts(&[b"ab", b"c"]), sha256_hex_of_parts(&[b"a", b"bc"]));
        assert_ne!(sha256_hex_of_parts(&[b"a"]), sha256_hex_of_parts(&[b"a", b""]));
        assert_eq!(sha256_hex_of_parts(&[b"a", b"\xff"]).len(), 64);
    }

    #[test]
    fn a_token_matches_itself_only() {
        let token = OperatorToken::generate();
        assert!(
            token.matches(
                OperatorToken::parse(token.secret().expose_secret()).unwrap().secret().expose_secret()
            )
        );
        assert!(!token.matches(OperatorToken::generate().secret().expose_secret()));
        assert!(OperatorToken::parse("op_short").is_err());
        assert!(OperatorToken::parse("sk_00000000000000000000000000000000000").is_err());
    }
}
