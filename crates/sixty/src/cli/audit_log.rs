//! `sixty audit list` and `sixty audit export`: who did what.

use std::io::Write as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use serde::Deserialize;

use super::exit::Failure;
use super::listing::{self, PageArgs, View, filters};
use super::time::Moment;
use super::{EXIT_CODES, Globals, Session, time};

/// Which rows.
#[derive(Debug, clap::Args)]
pub(crate) struct FilterArgs {
    /// Only about this customer: the customerId or UUID, also of one who is gone
    #[arg(long)]
    customer: Option<String>,
    /// Only this action, such as module_enabled
    #[arg(long)]
    action: Option<String>,
    /// Only about resources of this type, such as api_key
    #[arg(long, value_name = "TYPE")]
    resource_type: Option<String>,
    /// Only about this resource
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
    /// Only by this operator: the account's id
    #[arg(long, value_name = "ID")]
    operator: Option<String>,
    /// Only with these words in the action, the thing, the reason or the values; without a customer in the last 92 days, unless
    /// --from says otherwise, and in 366 at most
    #[arg(long, value_name = "WORDS")]
    q: Option<String>,
    /// From this day or time on, in UTC
    #[arg(long, value_name = "TIME")]
    from: Option<Moment>,
    /// Before this day or time, in UTC
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
}

/// List what was done, the newest first. Asks the server.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    page: PageArgs,
}

/// Write everything that was done into a file, the newest first. Asks the server.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(flatten)]
    filter: FilterArgs,
    /// The form
    #[arg(long, value_parser = ["csv", "jsonl"], default_value = "jsonl")]
    format: String,
    /// The file [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Row {
    created_at: DateTime<Utc>,
    admin_user_id: Option<String>,
    action: String,
    customer_uuid: Option<String>,
    resource_type: Option<String>,
    resource_id: Option<String>,
    ip_address: Option<String>,
}

impl FilterArgs {
    fn query(&self) -> Vec<(&'static str, String)> {
        filters(&[
            ("customer", &self.customer),
            ("action", &self.action),
            ("resource_type", &self.resource_type),
            ("resource_id", &self.resource),
            ("admin_user_id", &self.operator),
            ("q", &self.q),
            ("created_at[gte]", &self.from.map(Moment::to_text)),
            ("created_at[lt]", &self.until.map(Moment::to_text)),
        ])
    }
}

pub(super) async fn list(session: &mut Session, args: ListArgs) -> Result<(), Failure> {
    let view = View {
        of: "audit rows",
        headings: &["TIME", "BY", "ACTION", "CUSTOMER", "TYPE", "RESOURCE", "FROM"],
        row,
    };
    listing::show(session, &["audit-logs"], args.filter.query(), &args.page, view).await
}

fn row(row: Row) -> Vec<String> {
    vec![
        time::short(Some(row.created_at)),
        row.admin_user_id.unwrap_or_else(|| "the system".to_owned()),
        row.action,
        row.customer_uuid.unwrap_or_default(),
        row.resource_type.unwrap_or_default(),
        row.resource_id.unwrap_or_default(),
        row.ip_address.unwrap_or_default(),
    ]
}

pub(super) async fn export(session: &mut Session, args: ExportArgs) -> Result<(), Failure> {
    let mut query = args.filter.query();
    query.push(("format", args.format));
    let mut pages = session.client.stream(&["audit-logs", "export"], &query).await?.bytes_stream();
    let failed = |error: std::io::Error, file: &PathBuf| {
        Failure::Unexpected(format!("{} can't be written: {error}", file.display()))
    };
    let broken = |error: reqwest::Error| {
        Failure::Unexpected(format!("the export broke off, what is there isn't whole: {error}"))
    };
    let Some(file) = args.output else {
        let mut output = std::io::stdout().lock();
        while let Some(page) = pages.try_next().await.map_err(broken)? {
            output.write_all(&page)?;
        }
        return Ok(output.flush()?);
    };
    // A file of this name is whole, or isn't there.
    let mut part = file.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let mut output = std::fs::File::create(&part).map_err(|error| failed(error, &part))?;
    while let Some(page) = pages.try_next().await.map_err(broken)? {
        output.write_all(&page).map_err(|error| failed(error, &part))?;
    }
    output.sync_all().map_err(|error| failed(error, &part))?;
    std::fs::rename(&part, &file).map_err(|error| failed(error, &file))?;
    Ok(session.output.note(&format!("The audit log is in {}.", file.display()))?)
}
