//! The backend of an instance: the one thing about provisioning that differs between a local process, a container
//! and a cloud.

use std::path::PathBuf;

use async_trait::async_trait;
use domain::{CustomerId, InstanceId};
use secrecy::SecretString;

/// What a customer's instance should be. Everything a backend needs, and nothing it has to look up.
#[derive(Debug, Clone)]
pub struct InstanceSpec {
    /// The instance's row.
    pub instance: InstanceId,
    /// Whose it is.
    pub customer: CustomerId,
    /// The port it listens on.
    pub port: u16,
    /// The name of the customer's database.
    pub database: String,
    /// The name of the customer's own organization, the first of the database.
    pub organization_name: String,
    /// The time zone of that organization.
    pub timezone: String,
}

/// A role's name and its password.
#[derive(Debug, Clone)]
pub struct RoleCredential {
    /// The role's name, such as `customer_acme_app`.
    pub name: String,
    /// The password in the clear.
    pub password: SecretString,
}

/// The three roles of a customer's database.
#[derive(Debug, Clone)]
pub struct DatabaseRoles {
    /// Owns everything; used for migrations only.
    pub owner: RoleCredential,
    /// Reads and writes rows; owns nothing.
    pub app: RoleCredential,
    /// Reads rows.
    pub readonly: RoleCredential,
}

/// The three honest answers to "what is there?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// Nothing is there: no folder, no process, no container.
    Absent,
    /// The backend can't tell now. Nothing may be concluded from it, least of all that nothing is there.
    Unknown,
    /// Something is there, in this state.
    Present(InstanceState),
}

/// The state of an instance that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceState {
    /// Its making was interrupted; what is there is of no use.
    Incomplete,
    /// Complete, and not running.
    Stopped,
    /// Running, but still with the template's names and without passwords.
    Unconfigured,
    /// Running with the customer's database, roles and schema.
    Configured,
}

/// What a client must know to reach an instance, and what the catalog records of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceFacts {
    /// The host that the server and the customer's own clients connect to.
    pub host: String,
    /// The port.
    pub port: u16,
    /// PostgreSQL's system identifier: different for every instance.
    pub system_identifier: u64,
    /// The server's version, such as `16.4`.
    pub postgres_version: String,
    /// The certificate authority that signed the instance's certificate, PEM.
    pub ca_certificate: String,
    /// The schema version that the customer's database has.
    pub schema_version: i32,
}

/// How the platform itself reaches an instance as its superuser: for backups and repairs, never for requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminAccess {
    /// The folder of the Unix socket, or a host name.
    pub host: String,
    /// The port (part of the socket's name too).
    pub port: u16,
    /// The superuser.
    pub user: String,
    /// The customer's database.
    pub database: String,
    /// The folder with `pg_dump`, `pg_restore` and `psql` of a fitting version.
    pub client_tools: PathBuf,
}

/// Why a backend could not do a step.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// Trying again can help: a port was taken meanwhile, a server doesn't answer yet.
    #[error("{0}")]
    Temporary(String),
    /// Trying again can't help until somebody acts: a program is missing, the disk is full.
    #[error("{0}")]
    Permanent(String),
    /// The port of the spec is used by a process that isn't ours: the placement must choose another.
    #[error("port {0} is taken by another process")]
    PortTaken(u16),
}

impl From<std::io::Error> for BackendError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull => {
                Self::Permanent("the disk is full: free some space, then try again".to_owned())
            }
            _ => Self::Temporary(error.to_string()),
        }
    }
}

/// A way to run PostgreSQL instances. Every method may be called twice, concurrently with a crash of the last
/// caller, and ends in the same state.
#[async_trait]
pub trait Provisioner: Send + Sync + 'static {
    /// The backend's name, kept in `admin_instances.backend`.
    fn backend(&self) -> &'static str;

    /// What is there. Never fails: what can't be found out is [`Observed::Unknown`].
    async fn observe(&self, spec: &InstanceSpec) -> Observed;

    /// Whether nobody else listens on the port (asked before the catalog reserves it).
    async fn is_port_free(&self, port: u16) -> bool;

    /// Makes the instance, stopped, from the template: from [`Observed::Absent`] or `Incomplete` to `Stopped`.
    async fn create(&self, spec: &InstanceSpec) -> Result<(), BackendError>;

    /// Starts the instance and waits until it answers: from `Stopped` to `Unconfigured` or `Configured`.
    async fn start(&self, spec: &InstanceSpec) -> Result<(), BackendError>;

    /// Gives the database and the roles their names and passwords, brings the schema up to date, and proves the
    /// isolation: from `Unconfigured` to `Configured`. Called again with other passwords, it changes them.
    async fn configure(
        &self,
        spec: &InstanceSpec,
        roles: &DatabaseRoles,
    ) -> Result<InstanceFacts, BackendError>;

    /// Stops the instance cleanly: from any running state to `Stopped`. Fine when it doesn't run.
    async fn stop(&self, spec: &InstanceSpec) -> Result<(), BackendError>;

    /// Takes everything of the instance away: to [`Observed::Absent`] from anywhere.
    async fn destroy(&self, spec: &InstanceSpec) -> Result<(), BackendError>;

    /// How to reach a running instance as its superuser.
    async fn admin_access(&self, spec: &InstanceSpec) -> Result<AdminAccess, BackendError>;
}
