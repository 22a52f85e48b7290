//! Where the customer template database is: a database with the customers' schema, for looking and developing.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use secrets::{ExposeSecret, SecretString};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config};

use super::database_tls::{DatabaseTls, is_this_machine, needs_tls, parsed, read_authority};

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
    /// Whether the way there is encrypted [default: plain on this machine, verify-full everywhere else].
    #[arg(long, env = "DB_TLS", value_enum)]
    db_tls: Option<DatabaseTls>,
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
            db_tls: Some(DatabaseTls::Plain),
            db_ca_file: None,
            ..self.clone()
        }
    }

    /// Comes in, encrypted wherever it has to be. `patience` is for making the connection.
    ///
    /// # Errors
    /// When the settings would send the password in the clear to another machine, or the database can't be reached.
    pub(crate) async fn connect(&self, patience: Duration) -> anyhow::Result<Client> {
        let (mut config, authority) = self.driver_config()?;
        config.connect_timeout(patience);
        let tls = catalog::tls_connector(&mut config, authority.as_deref())?;
        let (client, connection) =
            config.connect(tls).await.context("the customer template database can't be reached")?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// How to come in, and the authority (PEM) that counts, if it is one's own.
    fn driver_config(&self) -> anyhow::Result<(Config, Option<String>)> {
        let mut config = match &self.database_url {
            Some(url) => parsed("DATABASE_URL", url)?,
            None => {
                let mut config = Config::new();
                config
                    .host(&self.db_host)
                    .port(self.db_port)
                    .user(&self.db_user)
                    .password(self.db_password.expose_secret())
                    .dbname(&self.db_name);
                config
            }
        };
        let is_local = config.get_hosts().iter().all(is_this_machine);
        let wants_tls = self.db_ca_file.is_some().then_some(DatabaseTls::VerifyFull);
        let requires_tls = needs_tls("DB", self.db_tls.or(wants_tls), is_local)?;
        if requires_tls {
            config.ssl_mode(SslMode::Require);
        }
        let authority = self.db_ca_file.as_ref().filter(|_| requires_tls);
        let authority = authority.map(|path| read_authority("DB", path)).transpose()?;
        Ok((config, authority))
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

    #[test]
    fn nothing_goes_to_another_machine_in_the_clear() {
        let mode = |arguments: &[&str]| -> Result<SslMode, String> {
            let config = database(arguments).driver_config().map_err(|error| error.to_string())?;
            Ok(config.0.get_ssl_mode())
        };
        for there in [
            ["--db-host", "db.example"],
            ["--db-host", "10.0.0.1"],
            ["--database-url", "postgresql://a:b@db.example/c"],
            ["--database-url", "postgresql://a:b@db.example/c?sslmode=disable"],
            ["--database-url", "postgresql://a:b@localhost,db.example/c"],
        ] {
            assert_eq!(mode(&there), Ok(SslMode::Require), "{there:?}");
            let refused = mode(&[there[0], there[1], "--db-tls", "plain"]).unwrap_err();
            assert!(refused.contains("DB_TLS=verify-full"), "{refused}");
            let by_word = mode(&[there[0], there[1], "--db-tls", "plain-on-network"]);
            assert_ne!(by_word, Ok(SslMode::Require), "{there:?}");
        }
        for here in [["--db-host", "localhost"], ["--database-url", "postgresql://a:b@[::1]/c"]] {
            assert_ne!(mode(&here), Ok(SslMode::Require), "{here:?}");
            assert_eq!(mode(&[here[0], here[1], "--db-tls", "verify-full"]), Ok(SslMode::Require));
        }
        let beside = mode(&["--database-url", "postgresql://a:b@localhost/c?hostaddr=10.0.0.1"]);
        assert!(beside.unwrap_err().contains("hostaddr"));
        assert_eq!(
            mode(&["--database-url", "postgresql://a:hush@db:nonsense"]).unwrap_err(),
            "DATABASE_URL is not of the form postgresql://user:password@host:port/database"
        );
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_trusts_is_refused() {
        let server = testkit::customer_database().await;
        let url = server.superuser_url();
        let patience = Duration::from_secs(10);
        database(&["--database-url", &url]).connect(patience).await.unwrap();
        let verified = ["--database-url", &url, "--db-tls", "verify-full"];
        database(&verified).connect(patience).await.unwrap_err();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), server.ca_certificate()).unwrap();
        let file = file.path().to_str().unwrap();
        let trusting = ["--database-url", &url, "--db-ca-file", file];
        database(&trusting).connect(patience).await.unwrap();
    }
}
