//! `sixty clerk`: what the identity provider of the customers' users told, and whether all of it is done.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::read;
use super::exit::Failure;
use super::listing::{self, PageArgs, View, filters};
use super::{EXIT_CODES, Globals, Session, time};

/// `sixty clerk`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct ClerkArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: ClerkCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum ClerkCommand {
    /// Show how much is known, what waits, and the last comparison
    Status,
    /// List messages of the webhook, the newest first
    Messages(MessagesArgs),
    /// Show a message with all that it said, as JSON
    Message {
        /// The message's id
        id: String,
    },
    /// Have a message done once more
    Replay {
        /// The message's id
        id: String,
    },
    /// List what a comparison found
    Differences(DifferencesArgs),
    /// Compare everything with Clerk now, and mend what is different
    Reconcile {
        /// Say what is different, and leave it
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct MessagesArgs {
    /// Only in this state
    #[arg(long, value_parser = ["waiting", "processed", "ignored", "failed"])]
    status: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DifferencesArgs {
    /// The comparison's id; the last one when not given
    comparison: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

#[derive(Debug, Deserialize)]
struct Difference {
    kind: String,
    organization: Option<String>,
    user: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Message {
    id: String,
    #[serde(rename = "type")]
    event_type: String,
    status: String,
    occurred_at: DateTime<Utc>,
    detail: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Status {
    organizations: i64,
    organizations_without_customer: i64,
    users: i64,
    memberships: i64,
    memberships_unsynced: i64,
    messages: Messages,
    last_reconciliation: Option<Reconciliation>,
}

#[derive(Debug, Deserialize)]
struct Messages {
    waiting: i64,
    processed: i64,
    ignored: i64,
    failed: i64,
}

#[derive(Debug, Deserialize)]
struct Reconciliation {
    id: String,
    finished_at: DateTime<Utc>,
    organizations: i64,
    memberships: i64,
    differences: i64,
    error: Option<String>,
}

pub(super) async fn run(session: &mut Session, command: ClerkCommand) -> Result<(), Failure> {
    match command {
        ClerkCommand::Status => status(session).await,
        ClerkCommand::Messages(args) => {
            let query = filters(&[("status", &args.status)]);
            let view =
                View { of: "messages", headings: &["ID", "TYPE", "STATUS", "OCCURRED AT", "DETAIL"], row };
            listing::show(session, &["clerk", "messages"], query, &args.page, view).await
        }
        ClerkCommand::Message { id } => {
            let answer = session.client.get(&["clerk", "messages", &id], &[]).await?;
            Ok(session.output.document(&answer)?)
        }
        ClerkCommand::Replay { id } => {
            let path = ["clerk", "messages", &id, "replay"];
            let answer = session.client.send(Method::POST, &path, None).await?;
            if session.output.is_json() {
                return Ok(session.output.document(&answer)?);
            }
            Ok(session.output.line(&format!("Message {id} is done once more."))?)
        }
        ClerkCommand::Differences(args) => differences(session, args).await,
        ClerkCommand::Reconcile { dry_run } => reconcile(session, dry_run).await,
    }
}

async fn differences(session: &mut Session, args: DifferencesArgs) -> Result<(), Failure> {
    let id = match args.comparison {
        Some(id) => id,
        None => {
            let found: Status = read(&session.client.get(&["clerk"], &[]).await?)?;
            let last = found.last_reconciliation;
            let none = || {
                Failure::Missing(
                    "nothing was compared with Clerk yet; `sixty clerk reconcile` does".to_owned(),
                )
            };
            last.ok_or_else(none)?.id
        }
    };
    let row =
        |one: Difference| vec![one.kind, one.organization.unwrap_or_default(), one.user.unwrap_or_default()];
    let view = View { of: "differences", headings: &["DIFFERENCE", "ORGANIZATION", "USER"], row };
    listing::show(session, &["clerk", "reconciliations", &id, "differences"], Vec::new(), &args.page, view)
        .await
}

async fn status(session: &mut Session) -> Result<(), Failure> {
    let answer = session.client.get(&["clerk"], &[]).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let found: Status = read(&answer)?;
    let messages = found.messages;
    let compared = match found.last_reconciliation {
        None => "never".to_owned(),
        Some(last) => last.described(),
    };
    let lines = [
        format!(
            "Organizations  {} ({} without a customer)",
            found.organizations, found.organizations_without_customer
        ),
        format!("Users          {}", found.users),
        format!(
            "Memberships    {} ({} not known to the customer's database yet)",
            found.memberships, found.memberships_unsynced
        ),
        format!(
            "Messages       {} waiting, {} processed, {} ignored, {} failed",
            messages.waiting, messages.processed, messages.ignored, messages.failed
        ),
        format!("Compared       {compared}"),
    ];
    for line in lines {
        session.output.line(&line)?;
    }
    Ok(())
}

impl Reconciliation {
    fn described(&self) -> String {
        let mut text = format!(
            "{}: {} organizations, {} memberships, {} differences",
            time::short(Some(self.finished_at)),
            self.organizations,
            self.memberships,
            self.differences
        );
        if let Some(error) = &self.error {
            text.push_str(&format!("; {error}"));
        }
        text
    }
}

async fn reconcile(session: &mut Session, dry_run: bool) -> Result<(), Failure> {
    let body = json!({ "dry_run": dry_run });
    let answer = session.client.send(Method::POST, &["clerk", "reconciliations"], Some(&body)).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let line = if answer["job_id"].is_string() {
        "The comparison is asked for. See what it finds with: sixty clerk status"
    } else {
        "A comparison is asked for already. See what it finds with: sixty clerk status"
    };
    Ok(session.output.line(line)?)
}

fn row(message: Message) -> Vec<String> {
    vec![
        message.id,
        message.event_type,
        message.status,
        time::short(Some(message.occurred_at)),
        message.detail.unwrap_or_else(|| "-".to_owned()),
    ]
}
