//! Where the admin database is.

use std::ffi::OsString;
use std::time::Duration;

use catalog::{Address, CatalogConfig};
use clap::Args;
use secrets::{ExposeSecret, SecretString};

use super::StoreArgs;

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
        Self { admin_database_url: None, admin_db_host: "localhost".to_owned(), ..self.clone() }
    }

    /// The same database by another role.
    pub(super) fn with_login(&self, role: &str, password: SecretString) -> Self {
        Self { admin_db_user: role.to_owned(), admin_db_password: password, ..self.clone() }
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

    pub(crate) fn catalog_config(&self) -> CatalogConfig {
        CatalogConfig {
            max_connections: usize::from(self.admin_db_pool_max),
            idle_timeout: Duration::from_secs(self.admin_db_pool_idle_seconds),
            connect_timeout: Duration::from_secs(self.admin_db_connect_timeout_seconds),
            ..CatalogConfig::at(self.address())
        }
    }
}
