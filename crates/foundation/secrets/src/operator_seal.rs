//! Sealing what belongs to operators and to no customer, such as an answer that shows an API key.
//!
//! The key is derived from the master key and stored nowhere. What it seals is short-lived: after the master key was
//! rotated it doesn't open any more.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use zeroize::ZeroizeOnDrop;

use crate::envelope::{EnvelopeError, open, parse, seal};
use crate::master_key::MasterKey;

/// Names what the key is for: another purpose has another key.
const PURPOSE: &[u8] = b"sixty operator seal v1";

/// Seals for one table and column.
#[derive(Clone, ZeroizeOnDrop)]
pub struct OperatorSeal {
    #[zeroize(skip)]
    master_key_id: String,
    #[zeroize(skip)]
    place: &'static str,
    bytes: [u8; 32],
}

impl OperatorSeal {
    /// A seal under this master key for one place, such as `admin_idempotency_keys.response_body_sealed`.
    #[must_use]
    pub fn new(master: &MasterKey, place: &'static str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, master.bytes());
        let mut bytes = [0; 32];
        // HMAC-SHA256 is 32 bytes long.
        bytes.copy_from_slice(hmac::sign(&key, PURPOSE).as_ref());
        Self { master_key_id: master.id().to_owned(), place, bytes }
    }

    /// Seals a secret for one row.
    ///
    /// # Errors
    /// Only when the cryptographic library refuses to work.
    pub fn seal(&self, row: Uuid, secret: &SecretString) -> Result<String, EnvelopeError> {
        seal(&self.bytes, &self.master_key_id, &self.associated_data(row), secret.expose_secret().as_bytes())
    }

    /// Opens a secret that was sealed for this row.
    ///
    /// # Errors
    /// [`EnvelopeError`] when it was changed, belongs elsewhere, or needs another master key.
    pub fn open(&self, row: Uuid, sealed: &str) -> Result<SecretString, EnvelopeError> {
        let (key_id, payload) = parse(sealed)?;
        if key_id != self.master_key_id {
            return Err(EnvelopeError::OtherMasterKey {
                wanted: key_id.to_owned(),
                configured: self.master_key_id.clone(),
            });
        }
        let bytes = open(&self.bytes, &self.associated_data(row), payload)?;
        String::from_utf8(bytes).map(SecretString::from).map_err(|_| EnvelopeError::Unauthentic)
    }

    fn associated_data(&self, row: Uuid) -> Vec<u8> {
        format!("{}\0{row}\0operator", self.place).into_bytes()
    }
}

impl std::fmt::Debug for OperatorSeal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("OperatorSeal").field("place", &self.place).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_in_its_row_with_its_key_and_nowhere_else() {
        let master = MasterKey::generate();
        let seal = OperatorSeal::new(&master, "table.column");
        let row = Uuid::now_v7();
        let sealed = seal.seal(row, &SecretString::from("sk_secret")).unwrap();
        assert!(!sealed.contains("sk_secret"));
        // A server that started later derives the same key.
        let again = OperatorSeal::new(&master, "table.column");
        assert_eq!(again.open(row, &sealed).unwrap().expose_secret(), "sk_secret");

        assert_eq!(seal.open(Uuid::now_v7(), &sealed).unwrap_err(), EnvelopeError::Unauthentic);
        let elsewhere = OperatorSeal::new(&master, "table.other");
        assert_eq!(elsewhere.open(row, &sealed).unwrap_err(), EnvelopeError::Unauthentic);
        let other = OperatorSeal::new(&MasterKey::generate(), "table.column");
        assert!(matches!(other.open(row, &sealed), Err(EnvelopeError::OtherMasterKey { .. })));
        assert!(seal.open(row, "rubbish").is_err());
        assert!(!format!("{seal:?}").contains("bytes"));
    }
}
