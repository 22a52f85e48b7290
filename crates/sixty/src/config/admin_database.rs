//! Where the admin database is.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalog::{Address, Catalog, CatalogConfig};
use clap::Args;
use secrets::{ExposeSecret, SecretString};

use super::StoreArgs;
use super::encryption::{Encryption, Place, Way, asked_by, is_this_machine, place_of};
use super::stores::is_reference;
use crate::dev;

/// ADMIN_DATABASE_URL, or the five parts.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Admin database")]
pub(crate) struct AdminDatabaseArgs {
    /// The whole URL; wins over the parts.
    #[arg(long, env = "ADMIN_DATABASE_URL", hide_env_values = true)]
    admin_database_url: Option<SecretString>,
    /// The host.
    #[arg(long, env = "ADMIN_DB_HOST", default_value = "localhost")]
    pub(crate) admin_db_host: String,
    /// The port.
    #[arg(long, env = "ADMIN_DB_PORT", default_value_t = 5433)]
    pub(crate) admin_db_port: u16,
    /// The role.
    #[arg(long, env = "ADMIN_DB_USER", default_value = "admin_user")]
    pub(crate) admin_db_user: String,
    /// Its password. Set the variable rather than the option: options are seen in process lists.
    #[arg(
        long,
        env = "ADMIN_DB_PASSWORD",
        default_value = "admin_password",
        hide_env_values = true,
        hide_default_value = true
    )]
    pub(crate) admin_db_password: SecretString,
    /// The database.
    #[arg(long, env = "ADMIN_DB_NAME", default_value = "saas_admin")]
    pub(crate) admin_db_name: String,
    /// Whether the way there is encrypted [default: verify-full to other machines; on this one, over TCP, it must be said, here
    /// or by sslmode=disable or sslmode=require in the URL].
    #[arg(long, env = "ADMIN_DB_TLS", value_enum)]
    admin_db_tls: Option<Encryption>,
    /// A file with the certificate authority that must have signed the database's certificate, PEM. Unless given, those count
    /// that the machine trusts.
    #[arg(long, env = "ADMIN_DB_CA_FILE")]
    admin_db_ca_file: Option<PathBuf>,
    /// How many connections the pool has at most.
    #[arg(long, env = "ADMIN_DB_POOL_MAX", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    admin_db_pool_max: u16,
    /// After how many seconds an idle connection is closed.
    #[arg(long, env = "ADMIN_DB_POOL_IDLE_SECONDS", default_value_t = 30)]
    admin_db_pool_idle_seconds: u64,
    /// How many seconds making a connection may take.
    #[arg(long, env = "ADMIN_DB_CONNECT_TIMEOUT_SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..))]
    admin_db_connect_timeout_seconds: u64,
}

impl AdminDatabaseArgs {
    /// The same on this machine: what `sixty dev` runs is its own, whatever other database the variables point at.
    pub(crate) fn on_this_machine(&self) -> Self {
        Self {
            admin_database_url: None,
            admin_db_host: "localhost".to_owned(),
            admin_db_tls: Some(Encryption::Plain),
            admin_db_ca_file: None,
            ..self.clone()
        }
    }

    /// The same database by another role.
    pub(super) fn with_login(&self, role: &str, password: SecretString) -> Self {
        Self { admin_db_user: role.to_owned(), admin_db_password: password, ..self.clone() }
    }

    /// Whether a store holds a part of it.
    pub(crate) fn names_store(&self) -> bool {
        let url = self.admin_database_url.as_ref();
        url.into_iter().chain([&self.admin_db_password]).any(|text| is_reference(text.expose_secret()))
    }

    /// The same with what a store holds in the place of its name.
    pub(crate) async fn resolved(&self, stores: &StoreArgs) -> anyhow::Result<Self> {
        let mut resolved = self.clone();
        if let Some(url) = resolved.admin_database_url.take() {
            resolved.admin_database_url = Some(stores.resolve("ADMIN_DATABASE_URL", url).await?);
        }
        resolved.admin_db_password = stores.resolve("ADMIN_DB_PASSWORD", resolved.admin_db_password).await?;
        Ok(resolved)
    }

    /// The variables that say the same of a database on this machine, for a process that this one starts.
    pub(crate) fn variables(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("ADMIN_DB_HOST", self.admin_db_host.clone().into()),
            ("ADMIN_DB_PORT", self.admin_db_port.to_string().into()),
            ("ADMIN_DB_USER", self.admin_db_user.clone().into()),
            ("ADMIN_DB_PASSWORD", self.admin_db_password.expose_secret().into()),
            ("ADMIN_DB_NAME", self.admin_db_name.clone().into()),
            ("ADMIN_DB_TLS", "plain".into()),
            ("ADMIN_DB_POOL_MAX", self.admin_db_pool_max.to_string().into()),
            ("ADMIN_DB_POOL_IDLE_SECONDS", self.admin_db_pool_idle_seconds.to_string().into()),
            ("ADMIN_DB_CONNECT_TIMEOUT_SECONDS", self.admin_db_connect_timeout_seconds.to_string().into()),
        ]
    }

    pub(crate) fn address(&self) -> Address {
        match &self.admin_database_url {
            Some(url) => Address::Url(url.clone()),
            None => Address::Parts {
                host: self.admin_db_host.clone(),
                port: self.admin_db_port,
                user: self.admin_db_user.clone(),
                password: self.admin_db_password.clone(),
                database: self.admin_db_name.clone(),
            },
        }
    }

    /// The same for a command that is run beside `sixty dev`, whose databases are meant unless another one is named: it has
    /// asked for plain text on this machine.
    pub(crate) fn beside_dev(self) -> Self {
        let is_devs = self.admin_database_url.is_none() && is_this_machine(&self.admin_db_host);
        let is_said = self.admin_db_tls.is_some() || self.admin_db_ca_file.is_some();
        Self {
            admin_db_tls: if is_devs && !is_said { Some(Encryption::Plain) } else { self.admin_db_tls },
            ..self
        }
    }

    /// Connections for a command that is run by hand, which means the databases of the local stack where that runs in its home.
    ///
    /// # Errors
    /// As [`Self::resolved`] and [`Self::catalog_config`].
    pub(crate) async fn connect_by_hand(&self, stores: &StoreArgs, home: &Path) -> anyhow::Result<Catalog> {
        let resolved = self.resolved(stores).await?;
        let meant = if dev::runs_in(home) { resolved.beside_dev() } else { resolved };
        Ok(Catalog::connect(&meant.catalog_config()?)?)
    }

    /// How to come in, encrypted wherever it has to be.
    ///
    /// # Errors
    /// When the settings would send the password in the clear to another machine, or to this one without anybody having
    /// asked for it, or an authority can't be read.
    pub(crate) fn catalog_config(&self) -> anyhow::Result<CatalogConfig> {
        let address = self.address();
        let found = parsed(&address)?;
        let way = Way {
            whom: "the admin database",
            variable: "ADMIN_DB_TLS",
            ca_variable: "ADMIN_DB_CA_FILE",
            // To another machine `sslmode=disable` in a URL asks in vain: it is written there for other programs.
            asked: self.admin_db_tls.or(found.asked),
            ca_file: self.admin_db_ca_file.as_ref(),
        };
        let requires_tls = way.needs_tls(found.place)?;
        Ok(CatalogConfig {
            requires_tls,
            ca_certificate: if requires_tls { way.authority()? } else { None },
            max_connections: usize::from(self.admin_db_pool_max),
            idle_timeout: Duration::from_secs(self.admin_db_pool_idle_seconds),
            connect_timeout: Duration::from_secs(self.admin_db_connect_timeout_seconds),
            ..CatalogConfig::at(address)
        })
    }
}

/// What an address says of the way there.
struct Parsed {
    place: Place,
    asked: Option<Encryption>,
}

fn parsed(address: &Address) -> anyhow::Result<Parsed> {
    match address {
        Address::Parts { host, .. } => {
            let mut config = tokio_postgres::Config::new();
            Ok(Parsed { place: place_of(config.host(host).get_hosts()), asked: None })
        }
        // The parser's error repeats parts of the URL, and with them perhaps the password: it is not kept.
        Address::Url(url) => {
            let config: tokio_postgres::Config = url.expose_secret().parse().map_err(|_| {
                anyhow::anyhow!(
                    "ADMIN_DATABASE_URL is not of the form postgresql://user:password@host:port/database"
                )
            })?;
            anyhow::ensure!(
                config.get_hostaddrs().iter().all(IpAddr::is_loopback),
                "ADMIN_DATABASE_URL: hostaddr is only for this machine; write the host's name, which its certificate has"
            );
            let place = place_of(config.get_hosts());
            let asked = asked_by(config.get_ssl_mode());
            Ok(Parsed { place, asked: asked.filter(|_| place != Place::Elsewhere) })
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        admin_database: AdminDatabaseArgs,
    }

    fn encrypted(options: &[&str]) -> anyhow::Result<bool> {
        let args = Program::try_parse_from(["sixty"].iter().chain(options)).unwrap().admin_database;
        Ok(args.catalog_config()?.requires_tls)
    }

    #[test]
    fn plain_text_is_asked_for() {
        for unsaid in
            [&[][..], &["--admin-db-host", "::1"], &["--admin-database-url", "postgresql://a:b@localhost/c"]]
        {
            let refused = encrypted(unsaid).unwrap_err().to_string();
            assert!(refused.contains("set ADMIN_DB_TLS=plain"), "{refused}");
        }
        for asked in [
            &["--admin-db-tls", "plain"][..],
            &["--admin-db-host", "/run/postgresql"],
            &["--admin-database-url", "postgresql://a:b@localhost/c?sslmode=disable"],
            &["--admin-database-url", "postgresql://a:b@%2Frun%2Fpostgresql/c"],
            &["--admin-db-host", "db", "--admin-db-tls", "plain-on-network"],
        ] {
            assert!(!encrypted(asked).unwrap(), "{asked:?}");
        }
        for checked in [
            &["--admin-db-tls", "verify-full"][..],
            &["--admin-db-host", "db.example"],
            &["--admin-database-url", "postgresql://a:b@localhost/c?sslmode=require"],
            &["--admin-database-url", "postgresql://a:b@db.example/c?sslmode=disable"],
        ] {
            assert!(encrypted(checked).unwrap(), "{checked:?}");
        }
        assert!(encrypted(&["--admin-db-host", "db.example", "--admin-db-tls", "plain"]).is_err());
        assert!(
            encrypted(&["--admin-database-url", "postgresql://a:b@localhost/c?hostaddr=10.0.0.1"]).is_err()
        );
    }

    #[test]
    fn beside_the_local_stack_its_own_databases_are_meant() {
        let beside = |options: &[&str]| {
            let args = Program::try_parse_from(["sixty"].iter().chain(options)).unwrap().admin_database;
            Ok::<_, anyhow::Error>(args.beside_dev().catalog_config()?.requires_tls)
        };
        assert!(!beside(&[]).unwrap());
        assert!(beside(&["--admin-db-tls", "verify-full"]).unwrap());
        assert!(beside(&["--admin-db-host", "db.example"]).unwrap());
        assert!(beside(&["--admin-database-url", "postgresql://a:b@localhost/c"]).is_err());
    }
}
