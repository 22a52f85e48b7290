//! Connecting to a customer's database. Every time leaves an audit row on the server.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitStatus;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::process::Command;
use uuid::Uuid;

use super::super::Session;
use super::super::client::read;
use super::super::exit::Failure;

/// What is written as it is in a URL's parameter that is a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Variables of the caller's that would lead psql elsewhere than we tell it.
const MISLEADING: &[&str] =
    &["PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGPASSFILE", "PGOPTIONS", "PGSSLCRL", "PGREQUIRESSL"];

/// Whose database, and as whom.
#[derive(Debug, clap::Args)]
pub(crate) struct PsqlArgs {
    /// The customerId or UUID
    customer: String,
    /// The role
    #[arg(long, value_parser = ["owner", "app", "readonly"], default_value = "readonly")]
    role: String,
    /// The organization whose rows to see (sets app.org_id); without it, row-level security hides them all
    #[arg(long, value_name = "UUID")]
    organization: Option<Uuid>,
    /// Arguments of psql's own, after --
    #[arg(last = true, value_name = "PSQL ARGUMENTS")]
    arguments: Vec<String>,
}

/// Whose database, and as whom.
#[derive(Debug, clap::Args)]
pub(crate) struct UrlArgs {
    /// The customerId or UUID
    customer: String,
    /// The role
    #[arg(long, value_parser = ["owner", "app", "readonly"])]
    role: String,
}

#[derive(Debug, Deserialize)]
struct Connection {
    host: String,
    port: u16,
    database: String,
    user: String,
    password: String,
    ca_certificate: Option<String>,
}

impl Connection {
    /// Who must have signed what the database shows.
    fn authority(&self) -> Result<&str, Failure> {
        self.ca_certificate.as_deref().ok_or_else(|| {
            Failure::Unexpected(
                "the server doesn't say which authority vouches for the database; nobody should connect to it".to_owned(),
            )
        })
    }

    /// A URL for any client. It names a file, which is written anew each time: the authority may have changed.
    fn url(&self, authority: &Path) -> String {
        let Self { host, port, database, user, password, .. } = self;
        // Names and passwords are letters, digits, _ and -: nothing needs escaping.
        let file = utf8_percent_encode(&authority.to_string_lossy(), PATH).to_string();
        format!(
            "postgresql://{user}:{password}@{host}:{port}/{database}?sslmode=verify-full&sslrootcert={file}"
        )
    }
}

async fn ask(session: &Session, customer: &str, role: &str) -> Result<Value, Failure> {
    session
        .client
        .send(Method::POST, &["customers", customer, "connection-urls"], Some(&json!({ "role": role })))
        .await
}

pub(super) async fn url(session: &mut Session, args: UrlArgs) -> Result<(), Failure> {
    let answer = ask(session, &args.customer, &args.role).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let connection: Connection = read(&answer)?;
    let folder = &session.access.authorities;
    let file = folder.join(format!("{}-{}.pem", connection.host, connection.port));
    let authority = connection.authority()?;
    let written = std::fs::create_dir_all(folder).and_then(|()| write_whole(&file, authority));
    written.map_err(|error| {
        Failure::Unexpected(format!(
            "{} can't be written, and without it nobody can verify the database ({error}); see SIXTY_HOME",
            file.display()
        ))
    })?;
    Ok(session.output.line(&connection.url(&file))?)
}

pub(super) async fn psql(session: &mut Session, args: PsqlArgs) -> Result<(), Failure> {
    let connection: Connection = read(&ask(session, &args.customer, &args.role).await?)?;
    let program =
        session.access.client_tools.as_ref().map(|folder| folder.join("psql")).filter(|psql| psql.is_file());
    let mut command = Command::new(program.unwrap_or_else(|| "psql".into()));
    // The certificate's file must live as long as psql does.
    let certificate = certificate_file(connection.authority()?)?;
    prepare(&mut command, &connection, certificate.path());
    if let Some(organization) = args.organization {
        command.env("PGOPTIONS", format!("-c app.org_id={organization}"));
    }
    let status = run(command.args(&args.arguments)).await?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Failure::Ended(u8::try_from(code).unwrap_or(1))),
        None => Err(Failure::Unexpected(format!("psql ended without a code: {status}"))),
    }
}

/// Everything goes through the environment: a command line can be read by every user of the machine.
fn prepare(command: &mut Command, connection: &Connection, certificate: &Path) {
    for variable in MISLEADING {
        command.env_remove(variable);
    }
    command
        .env("PGHOST", &connection.host)
        .env("PGPORT", connection.port.to_string())
        .env("PGDATABASE", &connection.database)
        .env("PGUSER", &connection.user)
        .env("PGPASSWORD", &connection.password)
        .env("PGAPPNAME", "sixty psql")
        .env("PGSSLMODE", "verify-full")
        .env("PGSSLROOTCERT", certificate);
}

/// Replaces a file in one step: another program may be reading it.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn certificate_file(pem: &str) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("sixty-ca-").suffix(".pem").tempfile()?;
    file.write_all(pem.as_bytes())?;
    file.flush()?;
    Ok(file)
}

/// Runs psql on our own streams. Ctrl-C is psql's: it ends a query there, and must not end us before psql.
async fn run(command: &mut Command) -> Result<ExitStatus, Failure> {
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::Usage(
            "psql is not installed: install PostgreSQL's client (Debian and Ubuntu: apt-get install postgresql-client; macOS: brew install libpq)".to_owned(),
        ),
        _ => Failure::Unexpected(format!("psql can't be started: {error}")),
    })?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?),
            _ = tokio::signal::ctrl_c() => {}
        }
    }
}
