//! `sixty audit streams`: to whom the audit log is told.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::client::read;
use super::exit::Failure;
use super::{EXIT_CODES, Globals, Session, prompt, time};

/// Tell the audit log to somebody else as it is written: an HTTPS endpoint, a bucket, a syslog server. Asks the server.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct StreamsArgs {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    command: StreamCommand,
}

#[derive(Debug, clap::Subcommand)]
enum StreamCommand {
    /// List the streams, and how far each is behind
    List,
    /// Show a stream
    Show {
        /// The stream's name or id
        stream: String,
    },
    /// Tell the log to somebody from now on; what signs an HTTPS endpoint's deliveries is shown once
    Add(AddArgs),
    /// Stop for now; it goes on later where it stopped
    Pause {
        /// The stream's name or id
        stream: String,
    },
    /// Go on, and try at once what failed
    Resume {
        /// The stream's name or id
        stream: String,
    },
    /// Change what goes into the Authorization header; it is asked for
    Authorize {
        /// The stream's name or id
        stream: String,
        /// Send none from now on
        #[arg(long)]
        none: bool,
    },
    /// Tell nothing more, and forget how far it was
    Remove {
        /// The stream's name or id
        stream: String,
    },
}

#[derive(Debug, clap::Args)]
struct AddArgs {
    /// What people call it
    name: String,
    /// https://HOST/PATH, s3://BUCKET/FOLDER or syslog+tls://HOST:PORT
    endpoint: String,
    /// Ask for what goes into the Authorization header of an HTTPS endpoint, such as "Bearer ..."
    #[arg(long)]
    authorization: bool,
    /// The file with the authority of the endpoint's certificate [default: those that the worker's machine trusts]
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Tell everything that the log has, and not only what is written from now on
    #[arg(long)]
    from_beginning: bool,
}

#[derive(Debug, Deserialize)]
struct Stream {
    id: String,
    name: String,
    endpoint: String,
    is_active: bool,
    has_authorization: bool,
    lag_rows: i64,
    oldest_undelivered_at: Option<DateTime<Utc>>,
    delivered_rows: i64,
    last_delivered_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    next_attempt_at: Option<DateTime<Utc>>,
}

impl Stream {
    fn status(&self) -> &'static str {
        match (self.is_active, self.last_error.is_some(), self.lag_rows) {
            (false, ..) => "paused",
            (true, true, _) => "failing",
            (true, false, 0) => "up to date",
            (true, false, _) => "behind",
        }
    }
}

pub(super) async fn run(session: &mut Session, args: StreamsArgs) -> Result<(), Failure> {
    match args.command {
        StreamCommand::List => list(session).await,
        StreamCommand::Show { stream } => {
            let id = found(session, &stream).await?;
            let answer = session.client.get(&["audit-streams", &id], &[]).await?;
            show(session, &answer)
        }
        StreamCommand::Add(args) => add(session, args).await,
        StreamCommand::Pause { stream } => patch(session, &stream, &json!({ "is_active": false })).await,
        StreamCommand::Resume { stream } => patch(session, &stream, &json!({ "is_active": true })).await,
        StreamCommand::Authorize { stream, none } => {
            let authorization = if none { Value::Null } else { asked(session)? };
            patch(session, &stream, &json!({ "authorization": authorization })).await
        }
        StreamCommand::Remove { stream } => {
            let id = found(session, &stream).await?;
            session.client.send(Method::DELETE, &["audit-streams", &id], None).await?;
            Ok(session.output.note(&format!("The stream {stream} is gone; nothing more is told."))?)
        }
    }
}

/// Never an argument: those can be seen by everybody on the machine.
fn asked(session: &mut Session) -> Result<Value, Failure> {
    let typed = prompt::ask_secret(&mut session.output, "Authorization")?;
    Ok(typed.expose_secret().into())
}

async fn add(session: &mut Session, args: AddArgs) -> Result<(), Failure> {
    let mut body = Map::new();
    body.insert("name".to_owned(), args.name.into());
    body.insert("endpoint".to_owned(), args.endpoint.into());
    body.insert("from_beginning".to_owned(), args.from_beginning.into());
    if let Some(file) = args.ca_file {
        let pem = std::fs::read_to_string(&file)
            .map_err(|error| Failure::Usage(format!("{} can't be read: {error}", file.display())))?;
        body.insert("ca_certificate".to_owned(), pem.into());
    }
    if args.authorization {
        body.insert("authorization".to_owned(), asked(session)?);
    }
    let answer = session.client.send(Method::POST, &["audit-streams"], Some(&body.into())).await?;
    show(session, &answer)?;
    if session.output.is_json() || !answer["signing_secret"].is_string() {
        return Ok(());
    }
    Ok(session.output.note("The signing secret is shown here and never again: keep it now.")?)
}

/// The id of a stream by this name or id.
async fn found(session: &Session, stream: &str) -> Result<String, Failure> {
    let answer = session.client.get(&["audit-streams"], &[]).await?;
    let streams: Vec<Stream> = read(&answer["data"])?;
    let found = streams.into_iter().find(|one| one.name == stream || one.id == stream);
    found.map(|one| one.id).ok_or_else(|| {
        Failure::Missing(format!("there is no stream {stream}; `sixty audit streams list` shows all"))
    })
}

async fn patch(session: &mut Session, stream: &str, body: &Value) -> Result<(), Failure> {
    let id = found(session, stream).await?;
    let answer = session.client.send(Method::PATCH, &["audit-streams", &id], Some(body)).await?;
    show(session, &answer)
}

async fn list(session: &mut Session) -> Result<(), Failure> {
    let answer = session.client.get(&["audit-streams"], &[]).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let streams: Vec<Stream> = read(&answer["data"])?;
    if streams.is_empty() {
        return Ok(session.output.note("no streams; `sixty audit streams add` makes one")?);
    }
    let headings = ["NAME", "ENDPOINT", "STATUS", "BEHIND", "SINCE", "DELIVERED", "LAST DELIVERY", "ERROR"];
    let row = |one: Stream| {
        vec![
            one.name.clone(),
            one.endpoint.clone(),
            one.status().to_owned(),
            one.lag_rows.to_string(),
            time::short(one.oldest_undelivered_at),
            one.delivered_rows.to_string(),
            time::short(one.last_delivered_at),
            one.last_error.unwrap_or_else(|| "-".to_owned()),
        ]
    };
    Ok(session.output.table(&headings, streams.into_iter().map(row).collect())?)
}

fn show(session: &mut Session, answer: &Value) -> Result<(), Failure> {
    if session.output.is_json() {
        return Ok(session.output.document(answer)?);
    }
    let one: Stream = read(answer)?;
    Ok(session.output.details(&[
        ("signing secret", answer["signing_secret"].as_str().map(str::to_owned)),
        ("id", Some(one.id.clone())),
        ("name", Some(one.name.clone())),
        ("endpoint", Some(one.endpoint.clone())),
        ("status", Some(one.status().to_owned())),
        ("authorization", Some(if one.has_authorization { "yes" } else { "no" }.to_owned())),
        ("behind", Some(format!("{} rows", one.lag_rows))),
        ("oldest undelivered", one.oldest_undelivered_at.map(|time| time::short(Some(time)))),
        ("delivered", Some(format!("{} rows", one.delivered_rows))),
        ("last delivery", one.last_delivered_at.map(|time| time::short(Some(time)))),
        ("last error", one.last_error),
        ("next attempt", one.next_attempt_at.map(|time| time::short(Some(time)))),
    ])?)
}
