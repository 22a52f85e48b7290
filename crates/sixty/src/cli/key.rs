//! `sixty key`: a customer's API keys.

mod change;

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

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
    /// Show a key with its permissions, networks and limit
    Show {
        /// The customerId or UUID
        customer: String,
        /// The key's id, as `list` shows it
        id: String,
    },
    /// Change a key; what isn't named stays
    Update(change::UpdateArgs),
    /// Make a key that takes another one's place; both draw on one quota until the old one ends
    Rotate(change::RotateArgs),
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
    /// From where it may be used, such as 192.0.2.7 or 2001:db8::/32; give it again for more [default: everywhere]
    #[arg(long = "allow-network", value_name = "NETWORK")]
    networks: Vec<String>,
    /// When it stops working, from now on, such as 90d or 12h [default: never]
    #[arg(long, value_name = "SPAN")]
    expires_in: Option<Span>,
    /// How many requests it may make in a period
    #[arg(long, value_name = "REQUESTS", value_parser = clap::value_parser!(u32).range(1..))]
    rate_limit: Option<u32>,
    /// The period of the rate limit
    #[arg(long, value_parser = ["minute", "hour", "day", "month"], requires = "rate_limit")]
    rate_limit_period: Option<String>,
    /// What the limit does while Redis is away: each server counts for itself, all requests pass, or all that isn't granted
    /// already is refused [default: as the configuration says]
    #[arg(long, value_parser = ["local", "open", "closed"])]
    without_redis: Option<String>,
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
    #[serde(default)]
    allowed_networks: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

/// A key with all that is known of it.
#[derive(Debug, Deserialize)]
struct Details {
    #[serde(flatten)]
    shown: Key,
    description: Option<String>,
    rate_limit_requests: i64,
    rate_limit_period: String,
    without_redis: Option<String>,
    rotated_from: Option<String>,
    created_at: DateTime<Utc>,
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
        KeyCommand::Show { customer, id } => {
            let answer = session.client.get(&["customers", &customer, "api-keys", &id], &[]).await?;
            show(session, &answer)
        }
        KeyCommand::Update(args) => change::update(session, args).await,
        KeyCommand::Rotate(args) => change::rotate(session, args).await,
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
    let optional = [
        ("description", args.description.map(Into::into)),
        ("permissions", given(args.permissions)),
        ("allowed_networks", given(args.networks)),
        ("expires_at", args.expires_in.map(|span| span.end_from_now().into())),
        ("rate_limit_requests", args.rate_limit.map(Into::into)),
        ("rate_limit_period", args.rate_limit_period.map(Into::into)),
        ("without_redis", args.without_redis.map(Into::into)),
    ];
    fill(&mut body, optional);
    let path = ["customers", &args.customer, "api-keys"];
    let answer = session.client.send(Method::POST, &path, Some(&body)).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    show_new(session, read(&answer)?)
}

/// A list that was given, if it was.
fn given(values: Vec<String>) -> Option<Value> {
    (!values.is_empty()).then(|| values.into())
}

fn fill<const N: usize>(body: &mut Value, fields: [(&str, Option<Value>); N]) {
    for (field, value) in fields {
        if let Some(value) = value {
            body[field] = value;
        }
    }
}

/// What is declared for a limit; null leaves it to the configuration.
pub(super) fn or_default(declared: String) -> Value {
    if declared == "default" { Value::Null } else { declared.into() }
}

fn show_new(session: &mut Session, NewKey { key, shown }: NewKey) -> Result<(), Failure> {
    session.output.details(&[
        ("API key", Some(key)),
        ("id", Some(shown.id)),
        ("name", Some(shown.name)),
        ("permissions", Some(shown.permissions.join(" "))),
        ("networks", networks(shown.allowed_networks)),
        ("expires", shown.expires_at.map(|time| time::short(Some(time)))),
    ])?;
    Ok(session.output.note("The key is shown here and never again: keep it now.")?)
}

fn networks(networks: Vec<String>) -> Option<String> {
    (!networks.is_empty()).then(|| networks.join(" "))
}

fn show(session: &mut Session, answer: &Value) -> Result<(), Failure> {
    if session.output.is_json() {
        return Ok(session.output.document(answer)?);
    }
    let key: Details = read(answer)?;
    let declared =
        key.without_redis.map(|declared| format!(", without Redis {declared}")).unwrap_or_default();
    let time = |time: Option<DateTime<Utc>>| time.map(|time| time::short(Some(time)));
    Ok(session.output.details(&[
        ("id", Some(key.shown.id)),
        ("name", Some(key.shown.name)),
        ("description", key.description),
        ("prefix", Some(key.shown.prefix)),
        ("status", Some(key.shown.status)),
        ("permissions", Some(key.shown.permissions.join(" "))),
        ("networks", networks(key.shown.allowed_networks)),
        ("rate limit", Some(format!("{} a {}{declared}", key.rate_limit_requests, key.rate_limit_period))),
        ("replaces", key.rotated_from),
        ("expires", time(key.shown.expires_at)),
        ("last used", time(key.shown.last_used_at)),
        ("created", time(Some(key.created_at))),
    ])?)
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
