//! `sixty customer impersonate`: acting in a customer's place.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::super::client::read;
use super::super::exit::Failure;
use super::super::listing::{self, PageArgs, View};
use super::super::{Session, time};

#[derive(Debug, clap::Args)]
pub(crate) struct ImpersonateArgs {
    /// The customerId or UUID
    customer: String,
    /// Why; the customer reads it in their own log
    #[arg(long)]
    reason: String,
    /// For how many minutes, up to 30 [default: 15]
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=30))]
    minutes: Option<i64>,
    /// Write, too
    #[arg(long)]
    write: bool,
}

#[derive(Debug, Deserialize)]
struct Impersonation {
    id: String,
    operator_id: Option<String>,
    reason: Option<String>,
    permissions: Vec<String>,
    status: String,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

pub(super) async fn begin(session: &mut Session, args: ImpersonateArgs) -> Result<(), Failure> {
    let mut body = json!({ "reason": args.reason, "write": args.write });
    if let Some(minutes) = args.minutes {
        body["minutes"] = minutes.into();
    }
    let path = ["customers", &args.customer, "impersonations"];
    let answer = session.client.send(Method::POST, &path, Some(&body)).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let begun: Impersonation = read(&answer)?;
    session.output.details(&[
        ("API key", answer["key"].as_str().map(str::to_owned)),
        ("id", Some(begun.id.clone())),
        ("permissions", Some(begun.permissions.join(" "))),
        ("until", begun.expires_at.map(|until| time::short(Some(until)))),
    ])?;
    Ok(session.output.note(&format!(
        "YOU ACT IN THE PLACE OF {customer}. Their own log says so, with your reason. End it sooner with: \
         sixty customer end-impersonation {customer} {id}",
        customer = args.customer,
        id = begun.id
    ))?)
}

pub(super) async fn end(session: &mut Session, customer: &str, id: &str) -> Result<(), Failure> {
    let path = ["customers", customer, "impersonations", id, "end"];
    let answer = session.client.send(Method::POST, &path, None).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    Ok(session.output.line(&format!("You no longer act in the place of {customer}."))?)
}

pub(super) async fn list(session: &mut Session, customer: &str, page: &PageArgs) -> Result<(), Failure> {
    let headings = &["ID", "OPERATOR", "REASON", "PERMISSIONS", "STATUS", "BEGAN", "ENDS", "LAST USED"];
    let row = |one: Impersonation| {
        vec![
            one.id,
            one.operator_id.unwrap_or_default(),
            one.reason.unwrap_or_default(),
            one.permissions.join(" "),
            one.status,
            time::short(Some(one.created_at)),
            time::short(one.ended_at.or(one.expires_at)),
            time::short(one.last_used_at),
        ]
    };
    let view = View { of: "impersonations", headings, row };
    listing::show(session, &["customers", customer, "impersonations"], Vec::new(), page, view).await
}
