//! `sixty backup list`: the backups of every database, also the admin database's and those of customers who are gone.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::exit::Failure;
use super::listing::{self, PageArgs, View, filters};
use super::{EXIT_CODES, Globals, Session, time};

/// List backups of all databases, the newest first
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    /// Only in this state
    #[arg(long, value_parser = ["running", "succeeded", "failed"])]
    status: Option<String>,
    /// Only of this customer: the customerId or UUID, also of one who is gone
    #[arg(long)]
    customer: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

/// A backup, as far as people are shown it.
#[derive(Debug, Deserialize)]
pub(super) struct Backup {
    id: String,
    database_name: String,
    kind: String,
    status: String,
    #[serde(default)]
    encrypted: bool,
    size_bytes: Option<i64>,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    error: Option<String>,
}

/// The headings of [`Backup::cells`].
pub(super) const HEADINGS: [&str; 8] =
    ["ID", "KIND", "STATUS", "ENCRYPTED", "SIZE", "STARTED", "TOOK", "ERROR"];

impl Backup {
    /// What is told of every backup.
    pub(super) fn cells(self) -> Vec<String> {
        let size = |bytes: i64| indicatif::HumanBytes(bytes.unsigned_abs()).to_string();
        vec![
            self.id,
            self.kind,
            self.status,
            if self.encrypted { "yes" } else { "no" }.to_owned(),
            self.size_bytes.map_or_else(|| "-".to_owned(), size),
            time::short(Some(self.started_at)),
            time::taken(Some(self.started_at), self.finished_at),
            self.error.unwrap_or_else(|| "-".to_owned()),
        ]
    }
}

pub(super) async fn list(session: &mut Session, args: ListArgs) -> Result<(), Failure> {
    let query = filters(&[("status", &args.status), ("customer", &args.customer)]);
    let [id, rest @ ..] = HEADINGS;
    let headings: Vec<_> = [id, "DATABASE"].into_iter().chain(rest).collect();
    listing::show(session, &["backups"], query, &args.page, View { of: "backups", headings: &headings, row })
        .await
}

fn row(backup: Backup) -> Vec<String> {
    let database = backup.database_name.clone();
    let mut cells = backup.cells();
    cells.insert(1, database);
    cells
}
