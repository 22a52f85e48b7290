//! Customers' instances as processes of this machine: a data folder, a port and a PostgreSQL server each.
//!
//! A new instance is not made by `initdb`, which takes most of a second, but copied from a prepared template that was
//! stopped cleanly and has the customer schema already. What's left to do is to give it an identity, names and
//! passwords.
//!
//! ```text
//! <home>/tls/                        the certificate authority (key: 0600), and its successor while they change
//! <home>/run/                        the Unix sockets
//! <home>/locks/                      who works on what
//! <home>/templates/<fingerprint>/    the template of one PostgreSQL version and one schema
//! <home>/instances/<instance id>/    data, log, and two marks that tell a whole instance from half of one
//! <home>/postgresql/                 a downloaded PostgreSQL, where the machine has none
//! ```
//!
//! The superuser comes in over the Unix socket only, and only ever into the database `template1`: what stands in a
//! customer's database was partly written by the customer, and nothing of it may run with a superuser's rights.

mod authentication;
mod backend;
mod certificates;
mod clone;
mod config;
mod configure;
mod control_file;
mod download;
mod durability;
mod errors;
mod layout;
mod lock;
mod provisioner;
mod supervisor;
mod template;
mod write_ahead_log;

pub use certificates::InstanceCertificate;
pub use config::{LocalConfig, OpenError};
pub use provisioner::LocalProvisioner;
pub use supervisor::supervise;

/// The folder of the authority that signs the instances' certificates in this home.
#[must_use]
pub fn authority_folder(home: &std::path::Path) -> std::path::PathBuf {
    layout::Layout::of(home).tls()
}

/// The folder of a downloaded PostgreSQL in this home, whether or not it is there.
#[must_use]
pub fn downloads_folder(home: &std::path::Path) -> std::path::PathBuf {
    layout::Layout::of(home).downloads()
}
