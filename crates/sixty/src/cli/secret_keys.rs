//! `sixty secrets`: master keys, data keys and how old what they seal is. Never shows a key.

mod shown;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::client::read;
use super::exit::Failure;
use super::listing::{self, PageArgs, View, filters};
use super::{EXIT_CODES, Globals, Session};
use shown::{DataKey, Rotation};

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
    /// Which master keys there are, their age and what they wrap, who holds them, and how far rotations are
    Status,
    /// How many secrets of each kind are stored, and how old the oldest is
    Stored,
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

pub(super) async fn run(session: &mut Session, command: SecretsCommand) -> Result<(), Failure> {
    match command {
        SecretsCommand::Status => {
            let answer = session.client.get(&["secrets"], &[]).await?;
            shown::status(session, &answer)
        }
        SecretsCommand::Stored => {
            let answer = session.client.get(&["secrets", "stored"], &[]).await?;
            shown::stored(session, &answer)
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
