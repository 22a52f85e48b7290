//! `sixty key`: a customer's API keys.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::client::read;
use super::exit::Failure;
use super::listing::{self, PageArgs, View, filters};
use super::time::Span;
use super::{EXIT_CODES, Globals, Session, time};

/// `sixty key`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct KeyArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: KeyCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum KeyCommand {
    /// Create a key; it is shown once and never again
    Create(CreateArgs),
    /// List a customer's keys, the newest first
    List(ListArgs),
    /// Take a key back, at once and for good
    Revoke {
        /// The customerId or UUID
        customer: String,
        /// The key's id, as `list` shows it
        id: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct CreateArgs {
    /// The customerId or UUID
    customer: String,
    /// A name for people
    #[arg(long)]
    name: String,
    /// What the key is for
    #[arg(long)]
    description: Option<String>,
    /// What it may do, such as read:* or write:contacts; give it again for more [default: everything]
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// When it stops working, from now on, such as 90d or 12h [default: never]
    #[arg(long, value_name = "SPAN")]
    expires_in: Option<Span>,
    /// How many requests it may make in a period
    #[arg(long, value_name = "REQUESTS", value_parser = clap::value_parser!(u32).range(1..))]
    rate_limit: Option<u32>,
    /// The period of the rate limit
    #[arg(long, value_parser = ["minute", "hour", "day", "month"], requires = "rate_limit")]
    rate_limit_period: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// The customerId or UUID
    customer: String,
    /// Only in this state
    #[arg(long, value_parser = ["active", "revoked", "expired"])]
    status: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

#[derive(Debug, Deserialize)]
struct Key {
    id: String,
    name: String,
    prefix: String,
    status: String,
    permissions: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
struct NewKey {
    key: String,
    #[serde(flatten)]
    shown: Key,
}

pub(super) async fn run(session: &mut Session, command: KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::Create(args) => create(session, args).await,
        KeyCommand::List(args) => {
            let view = View {
                of: "keys",
                headings: &["ID", "NAME", "PREFIX", "STATUS", "PERMISSIONS", "EXPIRES", "LAST USED"],
                row,
            };
            let query = filters(&[("status", &args.status)]);
            listing::show(session, &["customers", &args.customer, "api-keys"], query, &args.page, view).await
        }
        KeyCommand::Revoke { customer, id } => {
            let path = ["customers", &customer, "api-keys", &id, "revoke"];
            let answer = session.client.send(Method::POST, &path, None).await?;
            if session.output.is_json() {
                return Ok(session.output.document(&answer)?);
            }
            let key: Key = read(&answer)?;
            Ok(session.output.line(&format!("The key {} ({}) no longer works.", key.name, key.prefix))?)
        }
    }
}

async fn create(session: &mut Session, args: CreateArgs) -> Result<(), Failure> {
    let mut body = json!({ "name": args.name });
    if !args.permissions.is_empty() {
        body["permissions"] = args.permissions.into();
    }
    let optional = [
        ("description", args.description.map(Into::into)),
        ("expires_at", args.expires_in.map(|span| span.end_from_now().into())),
        ("rate_limit_requests", args.rate_limit.map(Into::into)),
        ("rate_limit_period", args.rate_limit_period.map(Into::into)),
    ];
    for (field, value) in optional {
        if let Some(value) = value {
            body[field] = value;
        }
    }
    let path = ["customers", &args.customer, "api-keys"];
    let answer = session.client.send(Method::POST, &path, Some(&body)).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let NewKey { key, shown } = read(&answer)?;
    session.output.details(&[
        ("API key", Some(key)),
        ("id", Some(shown.id)),
        ("name", Some(shown.name)),
        ("permissions", Some(shown.permissions.join(" "))),
        ("expires", shown.expires_at.map(|time| time::short(Some(time)))),
    ])?;
    Ok(session.output.note("The key is shown here and never again: keep it now.")?)
}

fn row(key: Key) -> Vec<String> {
    vec![
        key.id,
        key.name,
        key.prefix,
        key.status,
        key.permissions.join(" "),
        time::short(key.expires_at),
        time::short(key.last_used_at),
    ]
}
