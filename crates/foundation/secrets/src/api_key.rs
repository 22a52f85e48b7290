//! API keys: `sk_` + 27 random base62 characters (160 bits) + a checksum of 6.
//!
//! The checksum lets the server refuse a mistyped or invented key without a look-up. Secret scanners find a key by
//! `\bsk_[0-9A-Za-z]{33}\b` and can confirm it: the last six characters are the CRC-32 of all that precedes them,
//! in base62, padded with zeros.

use secrecy::{ExposeSecret, SecretString};

use crate::key_hash::KeyHash;
use crate::random;

const PREFIX: &str = "sk_";
const RANDOM_LENGTH: usize = 27;
const CHECKSUM_LENGTH: usize = 6;

/// An API key in the clear. It exists while it is made and shown, and while a request that carries it is checked.
#[derive(Debug, Clone)]
pub struct ApiKey(SecretString);

/// The text can't be one of our keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key: a key is sk_ followed by 33 letters and digits, the last six of them a checksum")]
pub struct MalformedApiKey;

impl ApiKey {
    /// The characters of a key that are shown after it was made: enough to tell keys apart, too few to guess one.
    pub const DISPLAY_LENGTH: usize = 11;

    /// Makes a new key.
    #[must_use]
    pub fn generate() -> Self {
        let body = format!("{PREFIX}{}", random::base62(RANDOM_LENGTH));
        let checksum = checksum(&body);
        Self(SecretString::from(body.chars().chain(checksum.map(char::from)).collect::<String>()))
    }

    /// Reads a key that somebody showed us.
    ///
    /// # Errors
    /// [`MalformedApiKey`] when prefix, length, alphabet or checksum are wrong.
    pub fn parse(text: &str) -> Result<Self, MalformedApiKey> {
        require_well_formed(text)?;
        Ok(Self(SecretString::from(text)))
    }

    /// The hash of a key that somebody shows us, without keeping the key.
    ///
    /// # Errors
    /// As [`ApiKey::parse`].
    pub fn hash_shown(text: &str) -> Result<KeyHash, MalformedApiKey> {
        require_well_formed(text)?;
        Ok(KeyHash::of(text))
    }

    /// Whether something with the form of a key stands in a text, whosever it is and whether or not its checksum holds: it
    /// may be one that was mistyped. What goes on behind it with further letters counts too, since whatever was put
    /// together wrongly shows the key all the same; what goes on before it doesn't: `desk_`.
    #[must_use]
    pub fn stands_in(text: &[u8]) -> bool {
        let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'_').map(|(at, _)| at + 1);
        ends.filter_map(|end| text.split_at_checked(end)).any(|(before, after)| {
            let body = after.get(..RANDOM_LENGTH + CHECKSUM_LENGTH);
            before
                .strip_suffix(PREFIX.as_bytes())
                .is_some_and(|before| before.last().is_none_or(|byte| !byte.is_ascii_alphanumeric()))
                && body.is_some_and(|body| body.iter().all(u8::is_ascii_alphanumeric))
        })
    }

    /// Lower-case hex SHA-256 of the whole key: what is stored in `admin_api_keys.key_hash`.
    #[must_use]
    pub fn hash(&self) -> String {
        KeyHash::of(self.0.expose_secret()).to_string()
    }

    /// The beginning of the key, for display: what is stored in `admin_api_keys.key_prefix`.
    #[must_use]
    pub fn display_prefix(&self) -> String {
        self.0.expose_secret()[..Self::DISPLAY_LENGTH].to_owned()
    }

    /// The key itself, to be shown once to whoever asked for it.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

fn require_well_formed(text: &str) -> Result<(), MalformedApiKey> {
    let has_form = text.len() == PREFIX.len() + RANDOM_LENGTH + CHECKSUM_LENGTH
        && text.starts_with(PREFIX)
        && text[PREFIX.len()..].bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !has_form {
        return Err(MalformedApiKey);
    }
    let (body, given) = text.split_at(PREFIX.len() + RANDOM_LENGTH);
    if checksum(body) == given.as_bytes() { Ok(()) } else { Err(MalformedApiKey) }
}

fn checksum(body: &str) -> [u8; CHECKSUM_LENGTH] {
    random::to_base62(u64::from(crc32fast::hash(body.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_every_mistyped_character_is_noticed() {
        let key = ApiKey::generate();
        let text = key.secret().expose_secret().to_owned();
        assert_eq!(ApiKey::parse(&text).unwrap().hash(), key.hash());
        for position in 0..text.len() {
            let mut mistyped = text.clone().into_bytes();
            mistyped[position] = if mistyped[position] == b'x' { b'y' } else { b'x' };
            assert!(ApiKey::parse(std::str::from_utf8(&mistyped).unwrap()).is_err(), "position {position}");
        }
    }

    #[test]
    fn rubbish_is_refused() {
        for text in ["", "sk_", "sk_é", "op_abc", &"x".repeat(10_000), "sk_ééééééééééééééééé"]
        {
            assert_eq!(ApiKey::parse(text).unwrap_err(), MalformedApiKey);
        }
    }

    #[test]
    fn a_key_is_found_where_it_stands_and_nothing_else_is() {
        let key = ApiKey::generate();
        let key = key.secret().expose_secret();
        let mistyped = format!("{}0", &key[..key.len() - 1]);
        for text in
            [key, &mistyped, &format!("a=_&b={key}&c"), &format!("my_{key}"), &format!("/{key}limit=5")]
        {
            assert!(ApiKey::stands_in(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "_",
            "sk_",
            "q=sk_team",
            &key[..key.len() - 1],
            &format!("de{key}"),
            &key.replace("sk_", "op_"),
        ] {
            assert!(!ApiKey::stands_in(text.as_bytes()), "{text}");
        }
        assert!(!ApiKey::stands_in(key.replace(&key[20..21], "-").as_bytes()));
        assert!(!ApiKey::stands_in(&key.as_bytes()[1..]));
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = ApiKey::generate();
        assert!(!format!("{key:?}").contains(key.secret().expose_secret()));
    }
}
