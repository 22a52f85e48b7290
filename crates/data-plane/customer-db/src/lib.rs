//! The router that owns every connection to a customer's database.
//!
//! A statement reaches a customer's rows only through a [`Session`]: a transaction on a connection of that customer's,
//! in which the organization is set. A connection whose role could walk around the walls between organizations
//! is refused when it is made, so that isolation is proven and not assumed.

mod certificate;
mod config;
mod connect;
mod connection;
mod entrance;
mod error;
mod inspect;
mod lanes;
mod lease;
mod ledger;
#[cfg(test)]
mod ledger_tests;
mod places;
mod router;
mod session;
mod snapshot;

pub use certificate::certificate_expires_at;
pub use config::RouterConfig;
pub use error::{Busy, Error};
pub use inspect::{Inspection, Role, RoleConnections, Table};
pub use router::CustomerDatabases;
pub use session::{Rows, Session};
pub use snapshot::{Refusals, Snapshot};
