//! Changing a key, and putting a new one in its place.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::client::read;
use super::super::exit::Failure;
use super::super::time::Span;
use super::super::{Session, time};
use super::{Key, NewKey, fill, given, or_default, show, show_new};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("change").multiple(true).required(true))]
pub(crate) struct UpdateArgs {
    /// The customerId or UUID
    customer: String,
    /// The key's id, as `list` shows it
    id: String,
    /// A name for people
    #[arg(long, group = "change")]
    name: Option<String>,
    /// What the key is for
    #[arg(long, group = "change")]
    description: Option<String>,
    /// What it may do, instead of what it may now; give it again for more
    #[arg(long = "permission", value_name = "PERMISSION", group = "change")]
    permissions: Vec<String>,
    /// From where it may be used, instead of from where it may now; give it again for more
    #[arg(long = "allow-network", value_name = "NETWORK", group = "change")]
    networks: Vec<String>,
    /// Let it be used from everywhere
    #[arg(long, group = "change", conflicts_with = "networks")]
    allow_everywhere: bool,
    /// How many requests it may make in a period
    #[arg(long, value_name = "REQUESTS", group = "change", value_parser = clap::value_parser!(u32).range(1..))]
    rate_limit: Option<u32>,
    /// The period of the rate limit
    #[arg(long, group = "change", value_parser = ["minute", "hour", "day", "month"])]
    rate_limit_period: Option<String>,
    /// What the limit does while Redis is away: each server counts for itself, all requests pass, or all that isn't granted
    /// already is refused; default is as the configuration says
    #[arg(long, group = "change", value_parser = ["local", "open", "closed", "default"])]
    without_redis: Option<String>,
    /// When it stops working, from now on, such as 90d or 12h; one that had expired works again
    #[arg(long, value_name = "SPAN", group = "change")]
    expires_in: Option<Span>,
    /// Let it work for ever
    #[arg(long, group = "change", conflicts_with = "expires_in")]
    never_expires: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RotateArgs {
    /// The customerId or UUID
    customer: String,
    /// The id of the key to replace, as `list` shows it
    id: String,
    /// How long the old key goes on, such as 24h or 7d, at most 30d; 0 revokes it at once
    #[arg(long, value_name = "SPAN", default_value = "24h", value_parser = time::overlap)]
    overlap: i64,
    /// When the new key stops working, from now on [default: as long as the old one was made to]
    #[arg(long, value_name = "SPAN")]
    expires_in: Option<Span>,
}

#[derive(Debug, Deserialize)]
struct Rotated {
    #[serde(flatten)]
    new: NewKey,
    replaces: Key,
}

pub(super) async fn update(session: &mut Session, args: UpdateArgs) -> Result<(), Failure> {
    let mut body = json!({});
    let expires_at = match args.expires_in {
        Some(span) => Some(span.end_from_now().into()),
        None => args.never_expires.then_some(Value::Null),
    };
    let networks = if args.allow_everywhere { Some(json!([])) } else { given(args.networks) };
    let changes = [
        ("name", args.name.map(Into::into)),
        ("description", args.description.map(Into::into)),
        ("permissions", given(args.permissions)),
        ("allowed_networks", networks),
        ("rate_limit_requests", args.rate_limit.map(Into::into)),
        ("rate_limit_period", args.rate_limit_period.map(Into::into)),
        ("without_redis", args.without_redis.map(or_default)),
        ("expires_at", expires_at),
    ];
    fill(&mut body, changes);
    let path = ["customers", &args.customer, "api-keys", &args.id];
    let answer = session.client.send(Method::PATCH, &path, Some(&body)).await?;
    show(session, &answer)
}

pub(super) async fn rotate(session: &mut Session, args: RotateArgs) -> Result<(), Failure> {
    let mut body = json!({ "overlap_seconds": args.overlap });
    fill(&mut body, [("expires_at", args.expires_in.map(|span| span.end_from_now().into()))]);
    let path = ["customers", &args.customer, "api-keys", &args.id, "rotate"];
    let answer = session.client.send(Method::POST, &path, Some(&body)).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let Rotated { new, replaces } = read(&answer)?;
    show_new(session, new)?;
    let ends = match replaces.expires_at {
        Some(expires_at) if replaces.status == "active" => {
            format!("works until {} UTC", time::short(Some(expires_at)))
        }
        _ => "no longer works".to_owned(),
    };
    Ok(session.output.note(&format!("The old key ({}) {ends}.", replaces.prefix))?)
}
