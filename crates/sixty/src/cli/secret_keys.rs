//! `sixty secrets`: master keys and data keys. Never shows a key.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::read;
use super::exit::Failure;
use super::listing::{self, PageArgs, View, filters};
use super::{EXIT_CODES, Globals, Session, time};

/// How often a rotation is looked at while it is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// `sixty secrets`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct SecretsArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: SecretsCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum SecretsCommand {
    /// Which master keys there are, their age and what they wrap, and how far rotations are
    Status,
    /// How old each data key is, and which master key opens it: the oldest first
    DataKeys {
        /// Only of this customer: the customerId or UUID
        #[arg(long)]
        customer: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
    /// Add a new master key to the file of this machine (SIXTY_MASTER_KEY_FILE); nothing uses it yet
    AddKey,
    /// Wrap all data keys with another master key, while everybody is served
    RotateMasterKey {
        /// The key's id [default: the newest that was never used]
        #[arg(long)]
        to: Option<String>,
        /// Return when it has ended
        #[arg(long)]
        wait: bool,
    },
    /// Say that a master key wraps nothing any more and is never to be used again
    RetireKey {
        /// The key's id
        id: String,
    },
    /// Seal all of a customer's secrets, or the platform's own, with a new data key
    RotateDataKey {
        /// The customerId or UUID
        #[arg(long, required_unless_present = "platform")]
        customer: Option<String>,
        /// The platform's own
        #[arg(long, conflicts_with = "customer")]
        platform: bool,
        /// Return when it has ended
        #[arg(long)]
        wait: bool,
    },
}

#[derive(Debug, Deserialize)]
struct Secrets {
    master_keys: Vec<MasterKey>,
    away: Vec<String>,
    rotations: Vec<Rotation>,
}

#[derive(Debug, Deserialize)]
struct MasterKey {
    id: String,
    provider: String,
    state: String,
    data_keys: i64,
    available: bool,
    age_days: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct DataKey {
    customer_uuid: Option<String>,
    customer_id: Option<String>,
    version: i32,
    superseded_at: Option<DateTime<Utc>>,
    age_days: i64,
    master_key_id: String,
}

impl DataKey {
    fn cells(self) -> Vec<String> {
        let whose = self.customer_id.or(self.customer_uuid).unwrap_or_else(|| "the platform".to_owned());
        let state = if self.superseded_at.is_some() { "opens only" } else { "seals" };
        vec![whose, self.version.to_string(), state.to_owned(), self.age_days.to_string(), self.master_key_id]
    }
}

#[derive(Debug, Deserialize)]
struct Rotation {
    id: String,
    kind: String,
    to_key_id: Option<String>,
    customer_uuid: Option<String>,
    status: String,
    total: i64,
    done: i64,
    error: Option<String>,
    created_at: DateTime<Utc>,
}

pub(super) async fn run(session: &mut Session, command: SecretsCommand) -> Result<(), Failure> {
    match command {
        SecretsCommand::Status => {
            let answer = session.client.get(&["secrets"], &[]).await?;
            show(session, &answer)
        }
        SecretsCommand::DataKeys { customer, page } => {
            let headings = ["CUSTOMER", "VERSION", "STATE", "AGE IN DAYS", "OPENED BY"];
            let view = View { of: "data keys", headings: &headings, row: DataKey::cells };
            let query = filters(&[("customer", &customer)]);
            listing::show(session, &["secrets", "data-keys"], query, &page, view).await
        }
        SecretsCommand::AddKey => add_key(session),
        SecretsCommand::RotateMasterKey { to, wait } => {
            let body = json!({ "to": to });
            let path = ["secrets", "rotations"];
            let begun = session.client.send(Method::POST, &path, Some(&body)).await?;
            follow(session, begun, wait).await
        }
        SecretsCommand::RetireKey { id } => {
            let body = json!({ "key_id": id });
            let path = ["secrets", "retirements"];
            let answer = session.client.send(Method::POST, &path, Some(&body)).await?;
            if session.output.is_json() {
                return Ok(session.output.document(&answer)?);
            }
            Ok(session.output.line(&format!(
                "Master key {id} is retired. Backups of the admin database from before the rotation still need it: keep it \
                 in a safe for as long as they are kept, and take it away from the servers."
            ))?)
        }
        SecretsCommand::RotateDataKey { customer, platform: _, wait } => {
            let begun = match &customer {
                Some(customer) => {
                    let path = ["customers", customer.as_str(), "data-key-rotations"];
                    session.client.send(Method::POST, &path, None).await?
                }
                None => session.client.send(Method::POST, &["secrets", "data-key-rotations"], None).await?,
            };
            follow(session, begun, wait).await
        }
    }
}

fn add_key(session: &mut Session) -> Result<(), Failure> {
    let file = session.access.master_key_file.clone();
    let id = crate::config::add_master_key(&file).map_err(|error| Failure::Usage(format!("{error:#}")))?;
    if session.output.is_json() {
        return Ok(session.output.document(&json!({ "id": id, "file": file }))?);
    }
    Ok(session.output.line(&format!(
        "Master key {id} is in {} now, and nothing uses it yet. Bring it to every server and worker, then: \
         sixty secrets rotate-master-key --to {id}",
        file.display()
    ))?)
}

/// Shows a rotation that was begun, and waits for its end if that is wanted.
async fn follow(session: &mut Session, begun: Value, wait: bool) -> Result<(), Failure> {
    let mut answer = begun;
    let mut rotation: Rotation = read(&answer)?;
    while wait && rotation.status == "running" {
        tokio::time::sleep(LOOK_EVERY).await;
        answer = session.client.get(&["secrets", "rotations", &rotation.id], &[]).await?;
        rotation = read(&answer)?;
    }
    if rotation.status == "failed" {
        let reason = rotation.error.unwrap_or_else(|| "some of it doesn't open".to_owned());
        return Err(Failure::Operation { id: rotation.id, status: rotation.status, error: reason });
    }
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let state = if rotation.status == "running" { "is under way" } else { "has ended" };
    let then =
        if rotation.status == "running" { " See how far it is with: sixty secrets status" } else { "" };
    Ok(session.output.line(&format!(
        "Rotation {} {state}: {} of {} done.{then}",
        rotation.id, rotation.done, rotation.total
    ))?)
}

fn show(session: &mut Session, answer: &Value) -> Result<(), Failure> {
    if session.output.is_json() {
        return Ok(session.output.document(answer)?);
    }
    let secrets: Secrets = read(answer)?;
    let keys: Vec<_> = secrets
        .master_keys
        .into_iter()
        .map(|key| {
            vec![
                key.id,
                key.provider,
                key.state,
                key.data_keys.to_string(),
                key.age_days.map_or_else(|| "-".to_owned(), |days| format!("{days} days")),
                if key.available { "yes" } else { "no" }.to_owned(),
            ]
        })
        .collect();
    let headings = ["MASTER KEY", "PROVIDER", "STATE", "DATA KEYS", "AGE", "ON THIS SERVER"];
    session.output.table(&headings, keys)?;
    for away in secrets.away {
        session.output.line(&format!("Not asked: {away}"))?;
    }
    if !secrets.rotations.is_empty() {
        let rows: Vec<_> = secrets
            .rotations
            .into_iter()
            .map(|row| {
                vec![
                    row.id,
                    row.kind,
                    row.to_key_id.or(row.customer_uuid).unwrap_or_else(|| "platform".to_owned()),
                    row.status,
                    format!("{}/{}", row.done, row.total),
                    time::short(Some(row.created_at)),
                    row.error.unwrap_or_else(|| "-".to_owned()),
                ]
            })
            .collect();
        let headings = ["ROTATION", "KIND", "OF", "STATUS", "DONE", "BEGUN", "ERROR"];
        session.output.table(&headings, rows)?;
    }
    Ok(())
}
