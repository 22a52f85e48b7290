//! Envelope encryption: a master key wraps data keys (one per customer, and one for what belongs to no customer), a data
//! key seals the secrets.
//!
//! AES-256-GCM with a random 96-bit nonce. The place of the secret (table, column, row, customer) is associated
//! data: a ciphertext copied to another place doesn't open. The stored text says how to open it:
//! `v1.<key id>.<base64 of nonce, ciphertext and tag>`. The key id of a data key is its version: `data` is the first,
//! `data2` the second. That of a master key says which one it is and who holds it (see [`crate::key_ring`]).

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::CustomerId;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use zeroize::ZeroizeOnDrop;

use crate::master_key::MasterKey;
use crate::random;

const VERSION: &str = "v1";
const NONCE_LENGTH: usize = 12;

/// Where a secret is stored. It opens there and nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealContext<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The row's id.
    pub row: Uuid,
    /// The customer whose secret it is.
    pub customer: CustomerId,
}

/// Whose secrets a data key seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyScope {
    /// One customer's.
    Customer(CustomerId),
    /// The platform's own, which belong to no customer.
    Platform,
}

/// A data key in the clear. Its memory is wiped when it is dropped.
#[derive(ZeroizeOnDrop)]
pub struct DataKey {
    #[zeroize(skip)]
    scope: KeyScope,
    #[zeroize(skip)]
    version: i32,
    bytes: [u8; 32],
}

/// A customer's data key as it is stored in `admin_data_keys.wrapped_key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedDataKey(pub String);

/// A stored secret doesn't open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The text is not of the form that this module writes.
    #[error("the stored secret is not of the form v1.<key id>.<base64>")]
    Malformed,
    /// It was sealed with another master key than the one we have.
    #[error("the stored secret was sealed with master key {wanted}, but the configured one is {configured}")]
    OtherMasterKey {
        /// The key that is named in the stored text.
        wanted: String,
        /// The key that we have.
        configured: String,
    },
    /// The key is wrong, the text was changed, or it was moved from another place.
    #[error("the stored secret doesn't open: it was changed, or moved from another row or customer")]
    Unauthentic,
}

impl KeyScope {
    /// The customer, if it is one.
    #[must_use]
    pub fn customer(self) -> Option<CustomerId> {
        match self {
            Self::Customer(customer) => Some(customer),
            Self::Platform => None,
        }
    }

    /// The scope of a row: null is the platform.
    #[must_use]
    pub fn of(customer: Option<CustomerId>) -> Self {
        customer.map_or(Self::Platform, Self::Customer)
    }

    /// What a data key is bound to when it is wrapped: it opens as this version of this customer's key only.
    #[must_use]
    pub fn wrap_context(self, version: i32) -> String {
        match self {
            // As the first versions have always been wrapped.
            Self::Customer(customer) if version == 1 => format!("admin_data_keys\0wrapped_key\0{customer}"),
            Self::Customer(customer) => format!("admin_data_keys\0wrapped_key\0{customer}\0{version}"),
            Self::Platform => format!("admin_data_keys\0wrapped_key\0platform\0{version}"),
        }
    }
}

impl WrappedDataKey {
    /// Which master key opens it.
    ///
    /// # Errors
    /// [`EnvelopeError::Malformed`].
    pub fn master_key_id(&self) -> Result<&str, EnvelopeError> {
        split(&self.0).map(|(key_id, _)| key_id)
    }
}

/// Which version of its data key a stored secret was sealed with.
///
/// # Errors
/// [`EnvelopeError::Malformed`] when it isn't sealed with a data key.
pub fn sealed_version(sealed: &str) -> Result<i32, EnvelopeError> {
    let (key_id, _) = split(sealed)?;
    match key_id.strip_prefix("data") {
        Some("") => Ok(1),
        Some(digits) => digits.parse().ok().filter(|version| *version > 1).ok_or(EnvelopeError::Malformed),
        None => Err(EnvelopeError::Malformed),
    }
}

impl DataKey {
    /// Makes a customer's first data key.
    #[must_use]
    pub fn generate(customer: CustomerId) -> Self {
        Self::generate_version(KeyScope::Customer(customer), 1)
    }

    /// Makes a data key.
    #[must_use]
    pub fn generate_version(scope: KeyScope, version: i32) -> Self {
        Self { scope, version, bytes: random::bytes() }
    }

    /// Which of its scope's keys it is, from 1.
    #[must_use]
    pub fn version(&self) -> i32 {
        self.version
    }

    /// Seals the data key with a master key that we hold ourselves, for storing.
    ///
    /// # Errors
    /// Only when the cryptographic library refuses to work.
    pub fn wrap(&self, master: &MasterKey) -> Result<WrappedDataKey, EnvelopeError> {
        let context = self.scope.wrap_context(self.version);
        seal(master.bytes(), master.id(), context.as_bytes(), &self.bytes).map(WrappedDataKey)
    }

    /// Opens a customer's first data key with a master key that we hold ourselves.
    ///
    /// # Errors
    /// [`EnvelopeError`] when it is another customer's, was changed, or needs another master key.
    pub fn unwrap(
        wrapped: &WrappedDataKey,
        customer: CustomerId,
        master: &MasterKey,
    ) -> Result<Self, EnvelopeError> {
        let scope = KeyScope::Customer(customer);
        let (key_id, payload) = parse(&wrapped.0)?;
        if key_id != master.id() {
            return Err(EnvelopeError::OtherMasterKey {
                wanted: key_id.to_owned(),
                configured: master.id().to_owned(),
            });
        }
        Self::from_opened(scope, 1, &open(master.bytes(), scope.wrap_context(1).as_bytes(), payload)?)
    }

    pub(crate) fn from_opened(scope: KeyScope, version: i32, opened: &[u8]) -> Result<Self, EnvelopeError> {
        let bytes = opened.try_into().map_err(|_| EnvelopeError::Unauthentic)?;
        Ok(Self { scope, version, bytes })
    }

    pub(crate) fn scope(&self) -> KeyScope {
        self.scope
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Whether both are the same key.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.scope == other.scope
            && self.version == other.version
            && verify_slices_are_equal(&self.bytes, &other.bytes).is_ok()
    }

    /// Seals a secret for one place.
    ///
    /// # Errors
    /// [`EnvelopeError::Unauthentic`] when the place belongs to another customer.
    pub fn seal(&self, context: SealContext<'_>, secret: &SecretString) -> Result<String, EnvelopeError> {
        let aad = self.associated_data(context)?;
        self.seal_bound(&aad, secret)
    }

    /// Opens a secret that was sealed for this place.
    ///
    /// # Errors
    /// [`EnvelopeError`] when it was changed or belongs elsewhere.
    pub fn open(&self, context: SealContext<'_>, sealed: &str) -> Result<SecretString, EnvelopeError> {
        let aad = self.associated_data(context)?;
        self.open_bound(&aad, sealed)
    }

    pub(crate) fn seal_bound(&self, aad: &[u8], secret: &SecretString) -> Result<String, EnvelopeError> {
        let key_id = if self.version == 1 { "data".to_owned() } else { format!("data{}", self.version) };
        seal(&self.bytes, &key_id, aad, secret.expose_secret().as_bytes())
    }

    pub(crate) fn open_bound(&self, aad: &[u8], sealed: &str) -> Result<SecretString, EnvelopeError> {
        if sealed_version(sealed)? != self.version {
            return Err(EnvelopeError::Unauthentic);
        }
        let (_, payload) = parse(sealed)?;
        let bytes = open(&self.bytes, aad, payload)?;
        String::from_utf8(bytes).map(SecretString::from).map_err(|_| EnvelopeError::Unauthentic)
    }

    fn associated_data(&self, context: SealContext<'_>) -> Result<Vec<u8>, EnvelopeError> {
        if KeyScope::Customer(context.customer) != self.scope {
            return Err(EnvelopeError::Unauthentic);
        }
        let SealContext { table, column, row, customer } = context;
        Ok(format!("{table}\0{column}\0{row}\0{customer}").into_bytes())
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DataKey")
            .field("scope", &self.scope)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

pub(crate) fn seal(key: &[u8; 32], key_id: &str, aad: &[u8], plain: &[u8]) -> Result<String, EnvelopeError> {
    let cipher = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| EnvelopeError::Unauthentic)?;
    let mut body = plain.to_vec();
    let nonce =
        cipher.seal_in_place_append_tag(Aad::from(aad), &mut body).map_err(|_| EnvelopeError::Unauthentic)?;
    let mut payload = nonce.as_ref().to_vec();
    payload.append(&mut body);
    Ok(join(key_id, &URL_SAFE_NO_PAD.encode(payload)))
}

/// The key id and what follows it.
pub(crate) fn split(stored: &str) -> Result<(&str, &str), EnvelopeError> {
    let mut parts = stored.splitn(3, '.');
    let (Some(VERSION), Some(key_id), Some(payload)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(EnvelopeError::Malformed);
    };
    Ok((key_id, payload))
}

pub(crate) fn join(key_id: &str, payload: &str) -> String {
    format!("{VERSION}.{key_id}.{payload}")
}

pub(crate) fn parse(stored: &str) -> Result<(&str, Vec<u8>), EnvelopeError> {
    let (key_id, payload) = split(stored)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| EnvelopeError::Malformed)?;
    Ok((key_id, payload))
}

pub(crate) fn open(key: &[u8; 32], aad: &[u8], mut payload: Vec<u8>) -> Result<Vec<u8>, EnvelopeError> {
    if payload.len() < NONCE_LENGTH {
        return Err(EnvelopeError::Malformed);
    }
    let cipher = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| EnvelopeError::Unauthentic)?;
    let mut body = payload.split_off(NONCE_LENGTH);
    let nonce = Nonce::try_assume_unique_for_key(&payload).map_err(|_| EnvelopeError::Malformed)?;
    let plain =
        cipher.open_in_place(nonce, Aad::from(aad), &mut body).map_err(|_| EnvelopeError::Unauthentic)?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(customer: CustomerId, row: Uuid) -> SealContext<'static> {
        SealContext { table: "admin_database_credentials", column: "password_encrypted", row, customer }
    }

    #[test]
    fn a_secret_opens_in_its_place_and_nowhere_else() {
        let (ours, theirs) = (CustomerId::generate(), CustomerId::generate());
        let row = Uuid::now_v7();
        let key = DataKey::generate(ours);
        let sealed = key.seal(place(ours, row), &SecretString::from("hunter2")).unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_eq!(key.open(place(ours, row), &sealed).unwrap().expose_secret(), "hunter2");

        let elsewhere = [
            place(ours, Uuid::now_v7()),
            place(theirs, row),
            SealContext { column: "other", ..place(ours, row) },
            SealContext { table: "other", ..place(ours, row) },
        ];
        for context in elsewhere {
            assert_eq!(key.open(context, &sealed).unwrap_err(), EnvelopeError::Unauthentic);
        }
        let other_key = DataKey::generate(ours);
        assert_eq!(other_key.open(place(ours, row), &sealed).unwrap_err(), EnvelopeError::Unauthentic);
    }

    #[test]
    fn a_data_key_is_bound_to_its_customer_and_its_master_key() {
        let customer = CustomerId::generate();
        let master = MasterKey::generate();
        let wrapped = DataKey::generate(customer).wrap(&master).unwrap();
        assert!(DataKey::unwrap(&wrapped, customer, &master).is_ok());
        assert_eq!(
            DataKey::unwrap(&wrapped, CustomerId::generate(), &master).unwrap_err(),
            EnvelopeError::Unauthentic
        );
        assert!(matches!(
            DataKey::unwrap(&wrapped, customer, &MasterKey::generate()).unwrap_err(),
            EnvelopeError::OtherMasterKey { .. }
        ));
    }

    #[test]
    fn versions_of_a_key_are_told_apart() {
        let customer = CustomerId::generate();
        let row = Uuid::now_v7();
        let (first, second) =
            (DataKey::generate(customer), DataKey::generate_version(KeyScope::Customer(customer), 2));
        let sealed = second.seal(place(customer, row), &SecretString::from("x")).unwrap();
        assert!(sealed.starts_with("v1.data2."), "{sealed}");
        assert_eq!(sealed_version(&sealed), Ok(2));
        assert_eq!(first.open(place(customer, row), &sealed).unwrap_err(), EnvelopeError::Unauthentic);
        assert_eq!(second.open(place(customer, row), &sealed).unwrap().expose_secret(), "x");
        for rubbish in ["v1.data1.AA", "v1.data0.AA", "v1.data-2.AA", "v1.dataX.AA", "v1.abcd.AA"] {
            assert_eq!(sealed_version(rubbish), Err(EnvelopeError::Malformed), "{rubbish}");
        }
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let customer = CustomerId::generate();
        let row = Uuid::now_v7();
        let key = DataKey::generate(customer);
        let sealed = key.seal(place(customer, row), &SecretString::from("x")).unwrap();
        let (head, payload) = sealed.rsplit_once('.').unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(payload).unwrap();
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[position] ^= 1;
            let changed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(changed));
            assert!(key.open(place(customer, row), &changed).is_err());
        }
        for rubbish in ["", "v1", "v1.data", "v1.data.!!", "v2.data.AAAA", "v1.data.AAAA"] {
            assert!(key.open(place(customer, row), rubbish).is_err(), "{rubbish}");
        }
    }
}
