//! Where the customer template database is: a database with the customers' schema, for looking and developing.

use clap::Args;
use secrets::{ExposeSecret, SecretString};

/// DATABASE_URL, or the five parts.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Customer template database")]
pub(crate) struct TemplateDatabaseArgs {
    /// The whole URL; wins over the parts.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,
    /// The host.
    #[arg(long, env = "DB_HOST", default_value = "localhost")]
    db_host: String,
    /// The port.
    #[arg(long, env = "DB_PORT", default_value_t = 5432)]
    pub(crate) db_port: u16,
    /// The role.
    #[arg(long, env = "DB_USER", default_value = "dev_user")]
    pub(crate) db_user: String,
    /// Its password. Set the variable rather than the option: options are seen in process lists.
    #[arg(
        long,
        env = "DB_PASSWORD",
        default_value = "dev_password",
        hide_env_values = true,
        hide_default_value = true
    )]
    pub(crate) db_password: SecretString,
    /// The database.
    #[arg(long, env = "DB_NAME", default_value = "saas_dev")]
    pub(crate) db_name: String,
}

impl TemplateDatabaseArgs {
    /// The same on this machine: what `sixty dev` runs is its own, whatever other database the variables point at.
    pub(crate) fn on_this_machine(&self) -> Self {
        Self { database_url: None, db_host: "localhost".to_owned(), ..self.clone() }
    }

    pub(crate) fn driver_config(&self) -> anyhow::Result<tokio_postgres::Config> {
        if let Some(url) = &self.database_url {
            // The parser's own error would repeat parts of the URL.
            return url.expose_secret().parse().map_err(|_| {
                anyhow::anyhow!(
                    "DATABASE_URL is not of the form postgresql://user:password@host:port/database"
                )
            });
        }
        let mut config = tokio_postgres::Config::new();
        config
            .host(&self.db_host)
            .port(self.db_port)
            .user(&self.db_user)
            .password(self.db_password.expose_secret())
            .dbname(&self.db_name);
        Ok(config)
    }
}
