//! A master key that we hold ourselves: it wraps data keys, and nothing else.

use std::fmt;

use aws_lc_rs::digest;
use secrecy::{ExposeSecret, SecretString};
use zeroize::ZeroizeOnDrop;

use crate::random;

/// 32 bytes that open every customer's data key.
#[derive(Clone, ZeroizeOnDrop)]
pub struct MasterKey {
    #[zeroize(skip)]
    id: String,
    bytes: [u8; 32],
}

/// The text is no master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 64 hexadecimal digits (32 bytes); make one with: openssl rand -hex 32")]
pub struct MasterKeyError;

impl MasterKey {
    /// Makes a new master key.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_bytes(random::bytes())
    }

    /// Reads a master key from its file's text: 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`MasterKeyError`] when the text is anything else.
    pub fn parse(text: &SecretString) -> Result<Self, MasterKeyError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.expose_secret().trim(), &mut bytes).map_err(|_| MasterKeyError)?;
        Ok(Self::from_bytes(bytes))
    }

    /// Reads all master keys of a text, one in a line; empty lines and what follows a `#` don't count.
    ///
    /// # Errors
    /// [`MasterKeyError`] when there is none, or a line is anything else.
    pub fn parse_all(text: &SecretString) -> Result<Vec<Self>, MasterKeyError> {
        let lines = text.expose_secret().split(['\n', ',']);
        let keys: Vec<_> = lines
            .map(|line| line.split('#').next().unwrap_or_default().trim())
            .filter(|line| !line.is_empty())
            .map(|line| Self::parse(&SecretString::from(line)))
            .collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(MasterKeyError) } else { Ok(keys) }
    }

    /// The key as its file holds it.
    #[must_use]
    pub fn to_hex(&self) -> SecretString {
        SecretString::from(hex::encode(self.bytes))
    }

    /// Names the key without telling it: the first 8 hex digits of a hash of it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"sixty master key id");
        context.update(&bytes);
        Self { id: hex::encode(&context.finish().as_ref()[..4]), bytes }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MasterKey").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_one_key_a_line() {
        let (old, new) = (MasterKey::generate(), MasterKey::generate());
        let text = format!(
            "{} # of May\n\n# the next one\n{}\n",
            old.to_hex().expose_secret(),
            new.to_hex().expose_secret()
        );
        let read = MasterKey::parse_all(&SecretString::from(text)).unwrap();
        assert_eq!(read.iter().map(MasterKey::id).collect::<Vec<_>>(), [old.id(), new.id()]);
        for wrong in ["", "# nothing", "abcd", "not hex at all"] {
            assert!(MasterKey::parse_all(&SecretString::from(wrong)).is_err(), "{wrong}");
        }
    }
}
