//! Backups of a customer's database, and restoring one into a new customer.

use reqwest::Method;
use serde_json::json;

use super::super::Session;
use super::super::backup::{Backup, HEADINGS};
use super::super::exit::Failure;
use super::super::listing::{self, PageArgs, View};
use super::{WaitArgs, create};

/// Whose backups.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// The customerId or UUID
    customer: String,
    #[command(flatten)]
    page: PageArgs,
}

/// Which backup, and into whom.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// The new customer's customerId
    customer: String,
    /// The backup's id, as `backups` shows it
    #[arg(long, value_name = "BACKUP")]
    from: String,
    /// The new customer's company name
    #[arg(long)]
    name: String,
    /// Where the new customer's invoices go
    #[arg(long)]
    email: String,
    /// The new customer's plan [default: starter]
    #[arg(long, value_parser = ["starter", "pro", "enterprise"])]
    plan: Option<String>,
    /// The IANA time zone [default: UTC]
    #[arg(long)]
    timezone: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

pub(super) async fn request(session: &mut Session, customer: &str) -> Result<(), Failure> {
    let answer = session.client.send(Method::POST, &["customers", customer, "backups"], None).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let told = match answer.get("job_id").and_then(|id| id.as_str()) {
        Some(job) => format!("A backup of {customer} will be made now: job {job}."),
        None => format!("A backup of {customer} was asked for already, and will be made now."),
    };
    session.output.line(&told)?;
    Ok(session.output.note(&format!("when it is there: sixty customer backups {customer}"))?)
}

pub(super) async fn list(session: &mut Session, args: ListArgs) -> Result<(), Failure> {
    let path = ["customers", &args.customer, "backups"];
    let view = View { of: "backups", headings: &HEADINGS, row: Backup::cells };
    listing::show(session, &path, Vec::new(), &args.page, view).await
}

pub(super) async fn restore(session: &mut Session, args: RestoreArgs) -> Result<(), Failure> {
    let mut body = json!({
        "backup_id": args.from,
        "customer_id": args.customer,
        "name": args.name,
        "email": args.email,
    });
    for (field, value) in [("plan", args.plan), ("timezone", args.timezone)] {
        if let Some(value) = value {
            body[field] = value.into();
        }
    }
    create::sign_up(session, &["restores"], &body, args.wait).await
}
