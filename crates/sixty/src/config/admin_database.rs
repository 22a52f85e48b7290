//! Where the admin database is.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use catalog::{Address, CatalogConfig};
use clap::Args;
use secrets::{ExposeSecret, SecretString};
use tokio_postgres::config::Host;

use super::StoreArgs;
use super::database_tls::{DatabaseTls, is_this_machine, needs_tls, parsed, read_authority};
use super::stores::is_reference;

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
    /// Whether the way there is encrypted [default: plain on this machine, verify-full everywhere else].
    #[arg(long, env = "ADMIN_DB_TLS", value_enum)]
    admin_db_tls: Option<DatabaseTls>,
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
            admin_db_tls: Some(DatabaseTls::Plain),
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

    /// How to come in, encrypted wherever it has to be.
    ///
    /// # Errors
    /// When the settings would send the password in the clear to another machine, or an authority can't be read.
    pub(crate) fn catalog_config(&self) -> anyhow::Result<CatalogConfig> {
        let address = self.address();
        let is_local = hosts(&address)?.iter().all(is_this_machine);
        let wants_tls = self.admin_db_ca_file.is_some().then_some(DatabaseTls::VerifyFull);
        let requires_tls = needs_tls("ADMIN_DB", self.admin_db_tls.or(wants_tls), is_local)?;
        let authority = self.admin_db_ca_file.as_ref().filter(|_| requires_tls);
        Ok(CatalogConfig {
            requires_tls,
            ca_certificate: authority.map(|path| read_authority("ADMIN_DB", path)).transpose()?,
            max_connections: usize::from(self.admin_db_pool_max),
            idle_timeout: Duration::from_secs(self.admin_db_pool_idle_seconds),
            connect_timeout: Duration::from_secs(self.admin_db_connect_timeout_seconds),
            ..CatalogConfig::at(address)
        })
    }
}

fn hosts(address: &Address) -> anyhow::Result<Vec<Host>> {
    match address {
        Address::Parts { host, .. } => {
            let mut config = tokio_postgres::Config::new();
            Ok(config.host(host).get_hosts().to_vec())
        }
        Address::Url(url) => Ok(parsed("ADMIN_DATABASE_URL", url)?.get_hosts().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(url: &str) -> bool {
        hosts(&Address::Url(url.to_owned().into())).unwrap().iter().all(is_this_machine)
    }

    #[test]
    fn only_this_machine_is_local() {
        for here in
            ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "%2Frun%2Fpostgresql", "localhost,127.0.0.1"]
        {
            assert!(local(&format!("postgresql://a:b@{here}/c")), "{here}");
        }
        for there in ["db.example", "10.0.0.1", "localhost.example", "0.0.0.0", "localhost,db.example"] {
            assert!(!local(&format!("postgresql://a:b@{there}/c")), "{there}");
        }
        let beside = Address::Url("postgresql://a:b@localhost/c?hostaddr=10.0.0.1".to_owned().into());
        assert!(hosts(&beside).is_err());
    }

    #[test]
    fn nothing_goes_to_another_machine_in_the_clear() {
        let needs = |asked, is_local| needs_tls("ADMIN_DB", asked, is_local);
        assert!(needs(None, false).unwrap());
        assert!(!needs(None, true).unwrap());
        assert!(needs(Some(DatabaseTls::VerifyFull), true).unwrap());
        assert!(!needs(Some(DatabaseTls::Plain), true).unwrap());
        let refused = needs(Some(DatabaseTls::Plain), false).unwrap_err().to_string();
        assert!(refused.contains("ADMIN_DB_TLS=verify-full"), "{refused}");
    }
}
