//! The master key: it wraps the customers' data keys, and the key for what belongs to operators derives from it.

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
