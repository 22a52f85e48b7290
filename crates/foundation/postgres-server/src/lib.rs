//! A PostgreSQL server as a program on this machine: finding it, running it as the right operating-system user,
//! watching it become ready, reaching it as its superuser, and stopping it.
//!
//! It knows nothing of customers. The local backend runs every customer's instance with it, `sixty dev` its admin
//! database, and the test kit the server that the tests share.

pub mod certificate;
pub mod connect;
mod error;
pub mod folders;
pub mod initdb;
mod installation;
mod os_user;
mod pid_file;
mod plain;
mod postmaster;
pub mod settings;
mod socket_folder;

pub use error::ServerError;
pub use installation::{Installation, InstallationError, InstallationSearch, SUPPORTED_VERSIONS, Version};
pub use os_user::{OsUser, OsUserError};
pub use pid_file::RunningServer;
pub use plain::{PlainServer, PlainServerConfig, ensure_login_role};
pub use postmaster::{Postmaster, Shutdown, is_port_free};
pub use socket_folder::socket_folder;

/// The superuser of every cluster that we make.
pub const SUPERUSER: &str = "postgres";
