//! `sixty job`: what the worker does in the background.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;

use super::exit::Failure;
use super::listing::{self, PageArgs, View, filters};
use super::{EXIT_CODES, Globals, Session, time};

/// `sixty job`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct JobArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: JobCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum JobCommand {
    /// List jobs, the newest first
    List(ListArgs),
    /// Queue a dead job again
    Retry {
        /// The job's id
        id: String,
    },
    /// Take a job off that waits or is dead; one that something under way waits for stays
    Cancel {
        /// The job's id
        id: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Only in this state
    #[arg(long, value_parser = ["queued", "running", "succeeded", "dead", "canceled"])]
    status: Option<String>,
    /// Only of this kind
    #[arg(long)]
    kind: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

#[derive(Debug, Deserialize)]
struct Job {
    id: String,
    kind: String,
    status: String,
    attempts: i32,
    max_attempts: i32,
    crashes: i32,
    run_at: DateTime<Utc>,
    last_error: Option<String>,
}

pub(super) async fn run(session: &mut Session, command: JobCommand) -> Result<(), Failure> {
    match command {
        JobCommand::List(args) => {
            let query = filters(&[("status", &args.status), ("kind", &args.kind)]);
            let view = View {
                of: "jobs",
                headings: &["ID", "KIND", "STATUS", "ATTEMPTS", "CRASHES", "RUN AT", "LAST ERROR"],
                row,
            };
            listing::show(session, &["jobs"], query, &args.page, view).await
        }
        JobCommand::Retry { id } => change(session, &id, "retry", "is queued again").await,
        JobCommand::Cancel { id } => change(session, &id, "cancel", "is taken off").await,
    }
}

async fn change(session: &mut Session, id: &str, act: &str, done: &str) -> Result<(), Failure> {
    let answer = session.client.send(Method::POST, &["jobs", id, act], None).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    Ok(session.output.line(&format!("Job {id} {done}."))?)
}

fn row(job: Job) -> Vec<String> {
    vec![
        job.id,
        job.kind,
        job.status,
        format!("{}/{}", job.attempts, job.max_attempts),
        job.crashes.to_string(),
        time::short(Some(job.run_at)),
        job.last_error.unwrap_or_else(|| "-".to_owned()),
    ]
}
