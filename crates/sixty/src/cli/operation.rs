//! `sixty operation`: long work on customers.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::client::read;
use super::exit::Failure;
use super::listing::{self, PageArgs, View, filters};
use super::progress::Progress;
use super::{EXIT_CODES, Globals, Session, time, watch};

/// `sixty operation`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct OperationArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: OperationCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum OperationCommand {
    /// List operations, the newest first
    List(ListArgs),
    /// Show an operation with its steps
    Show {
        /// The operation's id
        id: String,
    },
    /// Follow an operation to its end; with --json, one document a line for every change
    Watch {
        /// The operation's id
        id: String,
    },
    /// Queue a dead operation again
    Retry {
        /// The operation's id
        id: String,
    },
    /// Ask for a sign-up that is under way to be taken back
    Cancel {
        /// The operation's id
        id: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Only in this state
    #[arg(long, value_parser = ["queued", "running", "succeeded", "failed", "dead", "canceled"])]
    status: Option<String>,
    /// Only of this customer: the customerId or UUID
    #[arg(long)]
    customer: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

/// An operation, as far as people are shown it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) customer_id: String,
    pub(super) status: String,
    pub(super) attempts: i32,
    pub(super) error: Option<String>,
    /// What it made is removed: nobody is signed up by it any more.
    #[serde(default)]
    pub(super) is_being_undone: bool,
    pub(super) created_at: DateTime<Utc>,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) finished_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) steps: Vec<Step>,
}

/// A step of an operation.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) status: String,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) finished_at: Option<DateTime<Utc>>,
    pub(super) detail: Option<String>,
}

impl Operation {
    /// Whether nothing more will happen by itself.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "succeeded" | "failed" | "dead" | "canceled")
    }

    /// How it stands, in words.
    fn described(&self) -> String {
        let undoing = if self.is_being_undone { ", being undone" } else { "" };
        format!("{}{undoing}", self.status)
    }

    /// Success, or how else it has ended.
    pub(super) fn outcome(&self) -> Result<(), Failure> {
        if self.status == "succeeded" {
            return Ok(());
        }
        Err(Failure::Operation {
            id: self.id.clone(),
            status: self.status.clone(),
            error: self.error.clone().unwrap_or_else(|| "no error was recorded".to_owned()),
        })
    }
}

pub(super) async fn run(session: &mut Session, command: OperationCommand) -> Result<(), Failure> {
    match command {
        OperationCommand::List(args) => {
            let query = filters(&[("status", &args.status), ("customer", &args.customer)]);
            let headings = &["ID", "KIND", "CUSTOMER", "STATUS", "ATTEMPTS", "CREATED", "TOOK"];
            listing::show(
                session,
                &["operations"],
                query,
                &args.page,
                View { of: "operations", headings, row },
            )
            .await
        }
        OperationCommand::Show { id } => {
            let answer = session.client.get(&["operations", &id], &[]).await?;
            show(session, &answer)
        }
        OperationCommand::Watch { id } => {
            let progress = Progress::shown(&session.output);
            watch::to_the_end(session, &id, progress).await?.1.outcome()
        }
        OperationCommand::Retry { id } => act(session, &id, "retry").await,
        OperationCommand::Cancel { id } => act(session, &id, "cancel").await,
    }
}

async fn act(session: &mut Session, id: &str, action: &str) -> Result<(), Failure> {
    let answer = session.client.send(Method::POST, &["operations", id, action], None).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let operation: Operation = read(&answer)?;
    session.output.line(&format!("Operation {id} is {}.", operation.described()))?;
    Ok(session.output.note(&format!("follow it: sixty operation watch {id}"))?)
}

fn show(session: &mut Session, answer: &Value) -> Result<(), Failure> {
    if session.output.is_json() {
        return Ok(session.output.document(answer)?);
    }
    let operation: Operation = read(answer)?;
    let status = operation.described();
    session.output.details(&[
        ("id", Some(operation.id)),
        ("kind", Some(operation.kind)),
        ("customer", Some(operation.customer_id)),
        ("status", Some(status)),
        ("attempts", Some(operation.attempts.to_string())),
        ("error", operation.error),
        ("created", Some(time::short(Some(operation.created_at)))),
        ("took", Some(time::taken(operation.started_at, operation.finished_at))),
    ])?;
    if operation.steps.is_empty() {
        return Ok(());
    }
    session.output.line("")?;
    let row = |step: Step| {
        let took = time::taken(step.started_at, step.finished_at);
        vec![step.name, step.status, took, step.detail.unwrap_or_else(|| "-".to_owned())]
    };
    Ok(session
        .output
        .table(&["STEP", "STATUS", "TOOK", "DETAIL"], operation.steps.into_iter().map(row).collect())?)
}

fn row(operation: Operation) -> Vec<String> {
    let status = operation.described();
    vec![
        operation.id,
        operation.kind,
        operation.customer_id,
        status,
        operation.attempts.to_string(),
        time::short(Some(operation.created_at)),
        time::taken(operation.started_at, operation.finished_at),
    ]
}
