//! What operators show with each request: a session's token (`os_...`) or an API token (`op_...`). Only hashes are stored.

use secrecy::{ExposeSecret, SecretString};

use crate::{random, token};

/// A token that was just made, to be shown once.
#[derive(Debug, Clone)]
pub struct BearerToken(SecretString);

/// What a token stands for, as its beginning says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BearerKind {
    /// A session of a person.
    Session,
    /// An API token, for automation.
    Token,
    /// A code with which a program fetches the session that a browser began for it.
    Claim,
}

/// 256 random bits in base62.
const LENGTH: usize = 43;
/// How much of a token is shown in lists.
const SHOWN: usize = 9;

impl BearerKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Session => "os_",
            Self::Token => "op_",
            Self::Claim => "oc_",
        }
    }

    /// What a text that was shown stands for, if it can be one at all.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        [Self::Session, Self::Token, Self::Claim].into_iter().find(|kind| {
            text.strip_prefix(kind.prefix()).is_some_and(|body| {
                body.len() == LENGTH && body.bytes().all(|byte| byte.is_ascii_alphanumeric())
            })
        })
    }
}

impl BearerToken {
    /// A new one.
    #[must_use]
    pub fn generate(kind: BearerKind) -> Self {
        Self(SecretString::from(format!("{}{}", kind.prefix(), random::base62(LENGTH))))
    }

    /// The token itself.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }

    /// Under which it is stored.
    #[must_use]
    pub fn hash(&self) -> String {
        token::sha256_hex(self.0.expose_secret())
    }

    /// Its beginning, by which people know it again.
    #[must_use]
    pub fn shown_prefix(&self) -> String {
        self.0.expose_secret().chars().take(SHOWN).collect()
    }
}

/// A code for whoever lost their device: 16 letters and digits that can't be mistaken, about 80 bits.
#[must_use]
pub fn recovery_code() -> SecretString {
    let text = data_encoding::BASE32_NOPAD.encode(&random::bytes::<10>());
    let (first, rest) = text.split_at(text.len() / 2);
    SecretString::from(format!("{first}-{rest}"))
}

/// The hash of a recovery code, however it was typed.
#[must_use]
pub fn recovery_code_hash(typed: &str) -> String {
    let plain: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
    token::sha256_hex(&plain.to_ascii_uppercase())
}

/// A password for whoever is to choose their own at once: 20 letters and digits, about 119 bits.
#[must_use]
pub fn one_time_password() -> SecretString {
    SecretString::from(random::base62(20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_it_is_and_is_not_printed() {
        for kind in [BearerKind::Session, BearerKind::Token, BearerKind::Claim] {
            let token = BearerToken::generate(kind);
            let text = token.secret().expose_secret();
            assert_eq!(BearerKind::of(text), Some(kind));
            assert_eq!(BearerKind::of(&text[..text.len() - 1]), None);
            assert!(text.starts_with(&token.shown_prefix()) && token.hash().len() == 64);
            assert!(!format!("{token:?}").contains(&text[4..]));
        }
        assert_eq!(BearerKind::of("sk_00000000000000000000000000000000000"), None);
    }

    #[test]
    fn a_recovery_code_may_be_typed_with_spaces_and_in_lower_case() {
        let code = recovery_code();
        let typed = code.expose_secret().to_lowercase().replace('-', " ");
        assert_eq!(recovery_code_hash(&typed), recovery_code_hash(code.expose_secret()));
        assert_ne!(
            recovery_code_hash(recovery_code().expose_secret()),
            recovery_code_hash(code.expose_secret())
        );
    }
}
