//! What the local backend is told, and why it may refuse.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use postgres_server::certificate::CertificatePolicy;
use postgres_server::{InstallationError, OsUserError, ServerError};

/// What the local backend is told. Everything but the home has a sensible default.
#[derive(Debug, Clone)]
pub struct LocalConfig {
    /// The folder for everything (`SIXTY_HOME`).
    pub home: PathBuf,
    /// The folder of PostgreSQL's programs (`SIXTY_PG_BIN`); the newest found otherwise.
    pub pg_bin: Option<PathBuf>,
    /// The caller's `PATH`, looked through for PostgreSQL after the usual places.
    pub path: Vec<PathBuf>,
    /// The user that PostgreSQL runs as when we are root (`SIXTY_PG_USER`); `postgres` otherwise.
    pub os_user: Option<String>,
    /// The host by which the server and customers' own clients reach the instances; their certificates name it.
    pub host: String,
    /// The addresses that the instances listen on.
    pub listen: Vec<IpAddr>,
    /// From where the roles may connect.
    pub client_networks: Vec<String>,
    /// How long certificates last, and how they are replaced.
    pub certificates: CertificatePolicy,
}

impl LocalConfig {
    /// The defaults: everything on this machine, for this machine.
    #[must_use]
    pub fn new(home: PathBuf) -> Self {
        Self {
            home,
            pg_bin: None,
            path: Vec::new(),
            os_user: None,
            host: "localhost".to_owned(),
            listen: vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
            client_networks: vec!["127.0.0.1/32".to_owned(), "::1/128".to_owned()],
            certificates: CertificatePolicy::default(),
        }
    }
}

/// Why the local backend can't be used on this machine.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No PostgreSQL.
    #[error(transparent)]
    Installation(#[from] InstallationError),
    /// Nobody to run it.
    #[error(transparent)]
    OsUser(#[from] OsUserError),
    /// The home can't be used.
    #[error(transparent)]
    Home(#[from] ServerError),
}
