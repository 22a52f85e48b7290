//! Sealing what belongs to operators and to no customer, such as an answer that shows an API key, with the platform's own
//! data key.

use std::sync::Arc;

use secrecy::SecretString;
use uuid::Uuid;

use crate::envelope::{DataKey, EnvelopeError, KeyScope};

/// Seals for one table and column.
#[derive(Debug, Clone)]
pub struct OperatorSeal {
    key: Arc<DataKey>,
    place: &'static str,
}

impl OperatorSeal {
    /// A seal for one place, such as `admin_idempotency_keys.response_body_sealed`.
    #[must_use]
    pub fn new(key: Arc<DataKey>, place: &'static str) -> Self {
        Self { key, place }
    }

    /// Seals a secret for one row.
    ///
    /// # Errors
    /// [`EnvelopeError::Unauthentic`] when the key is a customer's.
    pub fn seal(&self, row: Uuid, secret: &SecretString) -> Result<String, EnvelopeError> {
        self.key.seal_bound(&self.associated_data(row)?, secret)
    }

    /// Opens a secret that was sealed for this row.
    ///
    /// # Errors
    /// [`EnvelopeError`] when it was changed, belongs elsewhere, or was sealed with another version of the key.
    pub fn open(&self, row: Uuid, sealed: &str) -> Result<SecretString, EnvelopeError> {
        self.key.open_bound(&self.associated_data(row)?, sealed)
    }

    fn associated_data(&self, row: Uuid) -> Result<Vec<u8>, EnvelopeError> {
        if self.key.scope() != KeyScope::Platform {
            return Err(EnvelopeError::Unauthentic);
        }
        Ok(format!("{}\0{row}\0operator", self.place).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use domain::CustomerId;
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_opens_in_its_row_with_its_key_and_nowhere_else() {
        let key = Arc::new(DataKey::generate_version(KeyScope::Platform, 1));
        let seal = OperatorSeal::new(Arc::clone(&key), "table.column");
        let row = Uuid::now_v7();
        let sealed = seal.seal(row, &SecretString::from("sk_secret")).unwrap();
        assert!(!sealed.contains("sk_secret"));
        let again = OperatorSeal::new(Arc::clone(&key), "table.column");
        assert_eq!(again.open(row, &sealed).unwrap().expose_secret(), "sk_secret");

        assert_eq!(seal.open(Uuid::now_v7(), &sealed).unwrap_err(), EnvelopeError::Unauthentic);
        let elsewhere = OperatorSeal::new(key, "table.other");
        assert_eq!(elsewhere.open(row, &sealed).unwrap_err(), EnvelopeError::Unauthentic);
        let other = DataKey::generate_version(KeyScope::Platform, 1);
        let other = OperatorSeal::new(Arc::new(other), "table.column");
        assert_eq!(other.open(row, &sealed).unwrap_err(), EnvelopeError::Unauthentic);
        assert!(seal.open(row, "rubbish").is_err());
        let customers =
            OperatorSeal::new(Arc::new(DataKey::generate(CustomerId::generate())), "table.column");
        assert!(customers.seal(row, &SecretString::from("x")).is_err());
        assert!(!format!("{seal:?}").contains("bytes"));
    }
}
