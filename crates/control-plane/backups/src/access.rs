//! How a database is reached for a backup or a restore.

use std::path::PathBuf;
use std::time::Duration;

use catalog::Address;
use provisioning::backend::AdminAccess;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::Client;
use tokio_postgres::config::{Host, SslMode};

use crate::BackupError;

/// Where a database is, who asks, and the programs to ask with.
#[derive(Debug, Clone)]
pub struct DatabaseAccess {
    /// The folder of the Unix socket, or a host name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The role: one that sees everything.
    pub user: String,
    /// Its password; none where the operating system vouches for the user.
    pub password: Option<SecretString>,
    /// The database.
    pub database: String,
    /// The certificate authority (PEM) that must have signed the server's certificate; makes TLS a must.
    pub ca_certificate: Option<String>,
    /// Whether the connection must be encrypted (`sslmode=require`) though there is no authority of its own.
    pub requires_tls: bool,
    /// The folder with `pg_dump` and `pg_restore`.
    pub client_tools: PathBuf,
}

impl From<AdminAccess> for DatabaseAccess {
    fn from(access: AdminAccess) -> Self {
        Self {
            host: access.host,
            port: access.port,
            user: access.user,
            password: None,
            database: access.database,
            ca_certificate: None,
            requires_tls: false,
            client_tools: access.client_tools,
        }
    }
}

impl DatabaseAccess {
    /// The admin database at its address.
    ///
    /// # Errors
    /// When the address can't be understood; the address itself is not repeated.
    pub fn of_admin(address: &Address, client_tools: PathBuf) -> Result<Self, BackupError> {
        let url = match address {
            Address::Url(url) => url,
            Address::Parts { host, port, user, password, database } => {
                return Ok(Self {
                    host: host.clone(),
                    port: *port,
                    user: user.clone(),
                    password: Some(password.clone()),
                    database: database.clone(),
                    ca_certificate: None,
                    requires_tls: false,
                    client_tools,
                });
            }
        };
        let unclear = || BackupError::Database {
            database: "of the admin".to_owned(),
            reason: "its URL is not of the form postgresql://user:password@host:port/database".to_owned(),
        };
        // The parser's error repeats parts of the URL, and with them perhaps the password: it is not kept.
        let config: tokio_postgres::Config = url.expose_secret().parse().map_err(|_| unclear())?;
        let host = match config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            Some(Host::Unix(folder)) => folder.to_string_lossy().into_owned(),
            None => "localhost".to_owned(),
        };
        let user = config.get_user().ok_or_else(unclear)?.to_owned();
        let password = config.get_password().map(|bytes| String::from_utf8_lossy(bytes).into_owned().into());
        let database = config.get_dbname().unwrap_or(&user).to_owned();
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let requires_tls = config.get_ssl_mode() == SslMode::Require;
        Ok(Self { host, port, user, password, database, ca_certificate: None, requires_tls, client_tools })
    }

    /// A connection whose search path nobody else has set: fit for a superuser in a database that isn't ours alone.
    pub(crate) async fn connect(&self) -> Result<Client, BackupError> {
        let mut config = tokio_postgres::Config::new();
        config.host(&self.host).port(self.port).user(&self.user).dbname(&self.database);
        config.application_name("sixty backups").connect_timeout(Duration::from_secs(10));
        config.options("-c search_path=pg_catalog");
        if let Some(password) = &self.password {
            config.password(password.expose_secret());
        }
        if self.requires_tls {
            config.ssl_mode(SslMode::Require);
        }
        let tls = catalog::tls_connector(&mut config, self.ca_certificate.as_deref())?;
        let (client, connection) = config.connect(tls).await.map_err(|error| self.database_error(&error))?;
        // Ends with the client; its error reaches whoever uses the client.
        tokio::spawn(async move { drop(connection.await) });
        Ok(client)
    }

    /// The server's own words without its detail, which repeats values.
    pub(crate) fn database_error(&self, error: &tokio_postgres::Error) -> BackupError {
        let reason = match error.as_db_error() {
            Some(database) => format!("{}: {}", database.code().code(), database.message()),
            None => std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string),
        };
        BackupError::Database { database: self.database.clone(), reason }
    }
}
