//! Everything secret: API keys, passwords, the master key, and the envelope in which secrets are stored.
//!
//! A secret is a [`SecretString`]: it can't be printed or serialised by accident, and its memory is wiped.

pub mod api_key;
pub mod envelope;
pub mod key_hash;
pub mod master_key;
pub mod operator_seal;
pub mod password;
mod random;
pub mod token;

pub use api_key::{ApiKey, MalformedApiKey};
pub use envelope::{DataKey, EnvelopeError, SealContext, WrappedDataKey};
pub use key_hash::{KeyHash, MalformedKeyHash};
pub use master_key::{MasterKey, MasterKeyError};
pub use operator_seal::OperatorSeal;
pub use secrecy::{ExposeSecret, SecretString};
pub use token::OperatorToken;
