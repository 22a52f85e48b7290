//! The certificate that servers show, from an authority that speaks ACME (RFC 8555).
//!
//! Several servers share one account and one certificate: everything is in the admin database, keys sealed. Each server has a
//! [`Keeper`], which shows what is there and orders what is missing or has used up two thirds of its time. An order is taken
//! under a lock, and each of its steps is written down before the next one, so that another server goes on where one has died.
//! Whichever server the authority reaches with its question ([TLS-ALPN-01]) has the answer ([`Answers`]).
//!
//! Whatever fails, the certificate that is there is shown on.
//!
//! [TLS-ALPN-01]: https://www.rfc-editor.org/rfc/rfc8737

mod answers;
mod binding;
mod config;
mod directory;
mod error;
mod issued;
mod keeper;
mod order;

pub use answers::Answers;
pub use binding::ExternalAccount;
pub use config::{AcmeConfig, BadAcmeConfig, LETS_ENCRYPT, Pace};
pub use error::AcmeError;
pub use issued::Issued;
pub use keeper::{Keeper, Standing};
