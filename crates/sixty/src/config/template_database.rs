//! Where the customer template database is: a database with the customers' schema, for looking and developing.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use secrets::{ExposeSecret, SecretString};
use tokio_postgres::Client;
use tokio_postgres::config::SslMode;

use super::encryption::{Encryption, Way, asked_by, is_this_machine, place_of};

/// How long making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

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
    /// Whether the way there is encrypted [default: verify-full to other machines; on this one, over TCP, it must be said, here
    /// or by sslmode=disable or sslmode=require in the URL].
    #[arg(long, env = "DB_TLS", value_enum)]
    db_tls: Option<Encryption>,
    /// A file with the certificate authority that must have signed the database's certificate, PEM. Unless given, those count
    /// that the machine trusts.
    #[arg(long, env = "DB_CA_FILE")]
    db_ca_file: Option<PathBuf>,
}

impl TemplateDatabaseArgs {
    /// The same on this machine: what `sixty dev` runs is its own, whatever other database the variables point at.
    pub(crate) fn on_this_machine(&self) -> Self {
        Self {
            database_url: None,
            db_host: "localhost".to_owned(),
            db_tls: Some(Encryption::Plain),
            db_ca_file: None,
            ..self.clone()
        }
    }

    /// The same for a command that is run beside `sixty dev`, whose database is meant unless another one is named.
    pub(crate) fn beside_dev(self) -> Self {
        let is_devs = self.database_url.is_none() && is_this_machine(&self.db_host);
        let is_said = self.db_tls.is_some() || self.db_ca_file.is_some();
        Self { db_tls: if is_devs && !is_said { Some(Encryption::Plain) } else { self.db_tls }, ..self }
    }

    /// A connection, encrypted wherever it has to be.
    ///
    /// # Errors
    /// When the settings would send the password in the clear to another machine, or to this one without anybody having
    /// asked for it; when the database can't be reached.
    pub(crate) async fn connect(&self) -> anyhow::Result<Client> {
        let mut config = self.driver_config()?;
        let way = Way {
            whom: "the customer template database",
            variable: "DB_TLS",
            ca_variable: "DB_CA_FILE",
            asked: self.db_tls.or(asked_by(config.get_ssl_mode())),
            ca_file: self.db_ca_file.as_ref(),
        };
        let needs_tls = way.needs_tls(place_of(config.get_hosts()))?;
        config.ssl_mode(if needs_tls { SslMode::Require } else { SslMode::Disable });
        let authority = if needs_tls { way.authority()? } else { None };
        let tls = catalog::tls_connector(&mut config, authority.as_deref())?;
        let connecting = config.connect(tls).await;
        let (client, connection) = connecting.context("the customer template database can't be reached")?;
        tokio::spawn(connection);
        Ok(client)
    }

    fn driver_config(&self) -> anyhow::Result<tokio_postgres::Config> {
        let mut config = match &self.database_url {
            // The parser's own error would repeat parts of the URL.
            Some(url) => url.expose_secret().parse().map_err(|_| {
                anyhow::anyhow!(
                    "DATABASE_URL is not of the form postgresql://user:password@host:port/database"
                )
            })?,
            None => {
                let mut config = tokio_postgres::Config::new();
                config
                    .host(&self.db_host)
                    .port(self.db_port)
                    .user(&self.db_user)
                    .password(self.db_password.expose_secret())
                    .dbname(&self.db_name);
                config
            }
        };
        config.connect_timeout(CONNECT_TIMEOUT);
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        database: TemplateDatabaseArgs,
    }

    fn database(arguments: &[&str]) -> TemplateDatabaseArgs {
        Program::parse_from(["sixty"].iter().chain(arguments)).database
    }

    async fn refusal(arguments: &[&str]) -> String {
        format!("{:#}", database(arguments).connect().await.unwrap_err())
    }

    #[tokio::test]
    async fn nothing_goes_to_another_machine_in_the_clear() {
        for there in [["--db-host", "db.example"], ["--database-url", "postgresql://a:b@db.example/c"]] {
            let refused = refusal(&[there[0], there[1], "--db-tls", "plain"]).await;
            assert!(refused.contains("DB_TLS"), "{refused}");
        }
        let unasked = refusal(&["--db-host", "localhost"]).await;
        assert!(unasked.contains("DB_TLS=plain"), "{unasked}");
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_trusts_is_refused() {
        let server = testkit::customer_database().await;
        let url = server.superuser_url();
        database(&["--database-url", &url, "--db-tls", "plain"]).connect().await.unwrap();
        database(&["--database-url", &url, "--db-tls", "verify-full"]).connect().await.unwrap_err();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), server.ca_certificate()).unwrap();
        let trusting = ["--database-url", &url, "--db-ca-file", file.path().to_str().unwrap()];
        database(&trusting).connect().await.unwrap();
    }
}
