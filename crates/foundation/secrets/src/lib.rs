//! Everything secret: API keys, passwords, master keys and who holds them, the envelope in which secrets are stored,
//! and files that are sealed.
//!
//! A secret is a [`SecretString`]: it can't be printed or serialised by accident, and its memory is wiped.

pub mod api_key;
pub mod bearer;
pub mod envelope;
pub mod key_hash;
pub mod key_ring;
pub mod local_keys;
pub mod master_key;
pub mod openid;
pub mod operator_seal;
pub mod password;
mod random;
pub mod signing;
pub mod stream;
pub mod token;
pub mod totp;

pub use api_key::{ApiKey, MalformedApiKey};
pub use bearer::{BearerKind, BearerToken};
pub use envelope::{DataKey, EnvelopeError, KeyScope, SealContext, WrappedDataKey};
pub use key_hash::{KeyHash, MalformedKeyHash};
pub use key_ring::{KeyError, KeyRing, MasterKeyProvider, ProviderHealth};
pub use local_keys::LocalKeys;
pub use master_key::{MasterKey, MasterKeyError};
pub use openid::OpenIdSecret;
pub use operator_seal::OperatorSeal;
pub use secrecy::{ExposeSecret, SecretString};
pub use signing::{SigningKey, VerifyingKey};
pub use stream::{FileKey, StreamError};
pub use token::OperatorToken;
pub use totp::TotpSecret;
