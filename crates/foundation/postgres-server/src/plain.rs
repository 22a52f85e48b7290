//! A server for ourselves: the admin database, the template database, the tests' databases.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use postgres_protocol::password::scram_sha_256;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::Client;

use crate::settings::{self, Setting};
use crate::{
    Installation, OsUser, Postmaster, RunningServer, ServerError, Shutdown, connect, folders, initdb,
};

/// What a plain server should be.
#[derive(Debug, Clone)]
pub struct PlainServerConfig {
    /// The programs.
    pub installation: Installation,
    /// Who runs it.
    pub user: OsUser,
    /// The folder that gets `data` and `log`; made if it isn't there.
    pub folder: PathBuf,
    /// The folder of its Unix socket (see [`crate::socket_folder`]).
    pub socket_dir: PathBuf,
    /// The port, on `127.0.0.1` and `::1`.
    pub port: u16,
    /// Settings on top of ours, such as `max_connections`.
    pub settings: Vec<Setting>,
}

/// A server for ourselves. Its superuser comes in over the Unix socket only, by the operating-system user; roles come
/// in over TCP from this machine, by password.
#[derive(Debug, Clone)]
pub struct PlainServer {
    postmaster: Postmaster,
    socket_dir: PathBuf,
    port: u16,
}

impl PlainServer {
    /// Makes the cluster if there is none yet, and writes its configuration. Doesn't start it.
    ///
    /// # Errors
    /// When a folder can't be made or `initdb` fails. A kill in between leaves nothing that a second call minds.
    pub async fn prepare(config: PlainServerConfig) -> Result<Self, ServerError> {
        tokio::task::spawn_blocking(move || Self::prepare_blocking(&config))
            .await
            .map_err(|error| ServerError::Program { program: "initdb", message: error.to_string() })?
    }

    fn prepare_blocking(config: &PlainServerConfig) -> Result<Self, ServerError> {
        let PlainServerConfig { installation, user, folder, .. } = config;
        if let Some(parent) = folder.parent() {
            folders::make_own_folder(parent, user)?;
        }
        folders::check_traversable(folder, user)?;
        folders::make_server_folder(folder, user)?;
        let data_dir = folder.join("data");
        if !data_dir.join("PG_VERSION").exists() {
            initdb::initdb_whole(installation, user, &data_dir)?;
        }
        check_version(&data_dir, installation)?;
        let server = Self {
            postmaster: Postmaster {
                installation: installation.clone(),
                user: user.clone(),
                log: folder.join("log"),
                data_dir,
            },
            socket_dir: config.socket_dir.clone(),
            port: config.port,
        };
        server.write_configuration(&config.settings)?;
        Ok(server)
    }

    /// Starts it, unless it runs already, and waits until it accepts connections.
    ///
    /// # Errors
    /// [`ServerError::PortTaken`], or with the server's own words.
    pub async fn start(&self) -> Result<RunningServer, ServerError> {
        if let Some(running) = self.postmaster.running()
            && running.port != self.port
            && running.port != 0
        {
            // It runs with an older configuration: the port was moved meanwhile.
            self.stop().await?;
        }
        self.postmaster.start(self.port, &loopback()).await
    }

    /// Stops it cleanly. Fine when it doesn't run.
    ///
    /// # Errors
    /// When it can't be stopped at all.
    pub async fn stop(&self) -> Result<(), ServerError> {
        self.postmaster.stop(Shutdown::Fast, Duration::from_secs(30)).await
    }

    /// Whether a process runs on it.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.postmaster.running().is_some()
    }

    /// Returns when no process runs on it any more: for whoever restarts it.
    pub async fn wait_until_gone(&self) {
        while self.postmaster.running().is_some() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The process behind it.
    #[must_use]
    pub fn postmaster(&self) -> &Postmaster {
        &self.postmaster
    }

    /// The folder of its Unix socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection as the superuser.
    ///
    /// # Errors
    /// When it doesn't run.
    pub async fn superuser(&self, database: &str) -> Result<Client, ServerError> {
        connect::as_superuser(&self.socket_dir, self.port, database).await
    }

    /// Sees to it that the role exists with this password (able to log in and to make databases) and that it owns
    /// the database. Changes the password when it is another.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn ensure_role_and_database(
        &self,
        role: &str,
        password: &SecretString,
        database: &str,
    ) -> Result<(), ServerError> {
        let client = self.superuser(crate::SUPERUSER).await?;
        ensure_login_role(&client, role, password).await?;
        client.batch_execute(&format!("alter role {} with createdb", quote_identifier(role))).await?;
        if client.query_opt("select 1 from pg_database where datname = $1", &[&database]).await?.is_none() {
            let quoted_role = quote_identifier(role);
            let quoted_database = quote_identifier(database);
            client.batch_execute(&format!("create database {quoted_database} owner {quoted_role}")).await?;
        }
        Ok(())
    }

    /// Sees to it that the role exists with this password and can do nothing but log in. Changes the password when it
    /// is another.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn ensure_role(&self, role: &str, password: &SecretString) -> Result<(), ServerError> {
        let client = self.superuser(crate::SUPERUSER).await?;
        ensure_login_role(&client, role, password).await
    }

    fn write_configuration(&self, extra: &[Setting]) -> Result<(), ServerError> {
        let Postmaster { data_dir, user, installation, .. } = &self.postmaster;
        let mut all = settings::lean(installation);
        all.extend(settings::common());
        // Room for the platform's own pools and for people.
        all.push(("max_connections", "200".to_owned()));
        all.push(("shared_buffers", "64MB".to_owned()));
        all.push(("max_wal_size", "1GB".to_owned()));
        all.push(("min_wal_size", "80MB".to_owned()));
        all.push(("port", self.port.to_string()));
        all.push(("listen_addresses", "127.0.0.1, ::1".to_owned()));
        all.push(("unix_socket_directories", self.socket_dir.to_string_lossy().into_owned()));
        all.extend(extra.iter().cloned());
        folders::write_server_file(&data_dir.join("postgresql.conf"), &settings::render(&all), user)?;
        folders::write_server_file(&data_dir.join("pg_ident.conf"), &user.ident_map(), user)?;
        folders::write_server_file(
            &data_dir.join("pg_hba.conf"),
            "local all postgres peer map=sixty\n\
             host all all 127.0.0.1/32 scram-sha-256\n\
             host all all ::1/128 scram-sha-256\n",
            user,
        )
    }
}

/// Sees to it that a role exists which can log in with this password; a new one can do nothing else. For a superuser, or
/// a role that may create roles.
///
/// # Errors
/// When the server refuses.
pub async fn ensure_login_role(
    client: &Client,
    role: &str,
    password: &SecretString,
) -> Result<(), ServerError> {
    let quoted = quote_identifier(role);
    // Hashed here: the password in the clear is in no statement, and so in no log.
    let verifier = scram_sha_256(password.expose_secret().as_bytes());
    if client.query_opt("select 1 from pg_roles where rolname = $1", &[&role]).await?.is_none() {
        client.batch_execute(&format!("create role {quoted}")).await?;
    }
    client.batch_execute(&format!("alter role {quoted} with login password '{verifier}'")).await?;
    Ok(())
}

/// The addresses of this machine to itself.
fn loopback() -> [IpAddr; 2] {
    [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
}

/// A cluster can only be run by the major version that made it.
fn check_version(data_dir: &Path, installation: &Installation) -> Result<(), ServerError> {
    let path = data_dir.join("PG_VERSION");
    let made_by = std::fs::read_to_string(&path).map_err(ServerError::file(&path))?;
    if made_by.trim() == installation.version.major.to_string() {
        return Ok(());
    }
    Err(ServerError::Program {
        program: "postgres",
        message: format!(
            "{} was made by PostgreSQL {}, but PostgreSQL {} was found: name the bin folder of version {} with SIXTY_PG_BIN",
            data_dir.display(),
            made_by.trim(),
            installation.version,
            made_by.trim(),
        ),
    })
}

fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
