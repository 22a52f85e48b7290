//! Signing what others verify later, with Ed25519.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret as _, SecretString};

use crate::random;

/// Signs. It is stored as its seed: 32 random bytes.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    seed: SecretString,
}

/// Verifies what its signing key signed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerifyingKey([u8; 32]);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key for signing or verifying is 64 hexadecimal digits")]
pub struct MalformedKey;

impl SigningKey {
    /// A new one.
    ///
    /// # Errors
    /// Never: every seed is one.
    pub fn generate() -> Result<Self, MalformedKey> {
        Self::parse(&SecretString::from(HEXLOWER.encode(&random::bytes::<32>())))
    }

    /// Reads one in hexadecimal digits; white space around them is left out.
    ///
    /// # Errors
    /// [`MalformedKey`] when it is something else.
    pub fn parse(text: &SecretString) -> Result<Self, MalformedKey> {
        let seed = text.expose_secret().trim();
        let bytes = HEXLOWER.decode(seed.as_bytes()).map_err(|_| MalformedKey)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&bytes).map_err(|_| MalformedKey)?;
        Ok(Self { pair, seed: SecretString::from(seed) })
    }

    /// The seed in hexadecimal digits, to be stored.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.seed
    }

    /// The key that verifies.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        let mut bytes = [0; 32];
        let public = self.pair.public_key().as_ref();
        bytes.iter_mut().zip(public).for_each(|(to, from)| *to = *from);
        VerifyingKey(bytes)
    }

    /// Signs the text; the signature in hexadecimal digits.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        HEXLOWER.encode(self.pair.sign(text.as_bytes()).as_ref())
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SigningKey({})", self.verifying_key())
    }
}

impl VerifyingKey {
    /// Whether the signing key signed this text so.
    #[must_use]
    pub fn verifies(&self, text: &str, signature: &str) -> bool {
        HEXLOWER.decode(signature.as_bytes()).is_ok_and(|signature| {
            UnparsedPublicKey::new(&ED25519, self.0).verify(text.as_bytes(), &signature).is_ok()
        })
    }
}

impl std::fmt::Display for VerifyingKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl std::str::FromStr for VerifyingKey {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let bytes = HEXLOWER.decode(text.trim().as_bytes()).map_err(|_| MalformedKey)?;
        bytes.try_into().map(Self).map_err(|_| MalformedKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_verifies_and_nothing_else_does() {
        let key = SigningKey::generate().unwrap();
        let other = SigningKey::generate().unwrap();
        let signature = key.sign("text");
        assert!(key.verifying_key().verifies("text", &signature));
        assert!(!key.verifying_key().verifies("texts", &signature));
        assert!(!other.verifying_key().verifies("text", &signature));
        assert!(!key.verifying_key().verifies("text", ""));

        let again = SigningKey::parse(key.secret()).unwrap();
        assert_eq!(again.verifying_key(), key.verifying_key());
        let shown = key.verifying_key().to_string();
        assert_eq!(shown.parse::<VerifyingKey>().unwrap(), key.verifying_key());
        assert!(!format!("{key:?}").contains(key.secret().expose_secret()));
        for wrong in ["", "00", "zz"] {
            assert!(SigningKey::parse(&wrong.into()).is_err() && wrong.parse::<VerifyingKey>().is_err());
        }
    }
}
