//! `sixty audit`: who did what, and the proof that nobody touched it.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use audit::{Anchors, Finding, Report};
use clap::{Args, Subcommand};
use object_storage::ObjectLock;
use secrets::VerifyingKey;
use serde_json::json;

use crate::cli::audit_log::{ExportArgs, ListArgs};
use crate::cli::audit_streams::StreamsArgs;
use crate::cli::{self, ServerCommand};
use crate::config::{AdminDatabaseArgs, AnchorArgs, HomeArgs, StoreArgs};
use crate::{config, say};

/// Who did what: list, export; and the proof that nobody touched it, which works on the admin database itself and only reads
#[derive(Args, Debug)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand, Debug)]
enum AuditCommand {
    List(Box<ListArgs>),
    Export(Box<ExportArgs>),
    Streams(Box<StreamsArgs>),
    Verify(Box<VerifyArgs>),
    PublicKey(PublicKeyArgs),
}

/// Print the key that verifies the anchors which this machine's worker signs.
#[derive(Args, Debug)]
struct PublicKeyArgs {
    #[command(flatten)]
    anchors: AnchorArgs,
}

/// Recompute every chain of audit rows, compare it with what was anchored outside the database, and name the first bad row
/// of each.
#[derive(Args, Debug)]
struct VerifyArgs {
    #[command(flatten)]
    admin_database: AdminDatabaseArgs,
    #[command(flatten)]
    stores: StoreArgs,
    #[command(flatten)]
    anchors: AnchorArgs,
    /// A key whose anchors count; give it again for more. Default: that of this machine's worker.
    #[arg(long = "public-key", value_name = "KEY")]
    public_keys: Vec<VerifyingKey>,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: AuditArgs, home: &HomeArgs) -> anyhow::Result<ExitCode> {
    let access = config::access(home)?;
    let home = home.path()?;
    match args.command {
        AuditCommand::List(args) => Ok(cli::run_on_server(ServerCommand::AuditList(args), access).await),
        AuditCommand::Export(args) => Ok(cli::run_on_server(ServerCommand::AuditExport(args), access).await),
        AuditCommand::Streams(args) => {
            Ok(cli::run_on_server(ServerCommand::AuditStreams(args), access).await)
        }
        AuditCommand::Verify(args) => verify(*args, &home).await,
        AuditCommand::PublicKey(args) => {
            let key = args.anchors.verifying_key(&home)?;
            say(&key.context("there is no signing key here: the worker makes it")?.to_string());
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn verify(args: VerifyArgs, home: &Path) -> anyhow::Result<ExitCode> {
    let anchors = args.anchors.read(home, &args.stores, &args.public_keys).await?;
    let lock = args.anchors.object_lock(home, &args.stores).await?;
    let catalog = args.admin_database.connect_by_hand(&args.stores, home).await?;
    let mut client = catalog.dedicated_client().await?;
    let anchored = Anchored::of(anchors.as_ref(), lock);
    let report = audit::verify(&mut client, anchors.unwrap_or_default()).await?;
    say(&if args.json { as_json(&report, &anchored) } else { as_text(&report, &anchored) });
    let is_good = report.findings.is_empty() && anchored.bad.is_empty();
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is told of the anchors.
#[derive(Debug, Default)]
struct Anchored {
    /// How many were read; `None` without any.
    read: Option<u64>,
    bad: Vec<String>,
    /// How their bucket keeps them; `None` when they aren't in one.
    lock: Option<ObjectLock>,
}

impl Anchored {
    fn of(anchors: Option<&Anchors>, lock: Option<ObjectLock>) -> Self {
        let bad = anchors.iter().flat_map(|anchors| &anchors.bad).map(ToString::to_string).collect();
        Self { read: anchors.map(|anchors| anchors.read), bad, lock }
    }

    fn sentence(&self) -> String {
        match self.read {
            Some(read) => match self.lock {
                Some(lock) => format!("{read} anchors in a bucket with {lock}"),
                None => format!("{read} anchors"),
            },
            None => "no anchors, so that a chain that was wholly written anew isn't noticed".to_owned(),
        }
    }
}

fn as_text(report: &Report, anchored: &Anchored) -> String {
    let removed = match report.removed {
        0 => String::new(),
        removed => format!(" ({removed} before them were removed by retention)"),
    };
    let read = format!("{} rows in {} chains{removed}, {}", report.rows, report.chains, anchored.sentence());
    if report.findings.is_empty() && anchored.bad.is_empty() {
        return format!("The audit log is as it was written: {read}.");
    }
    let mut text = String::new();
    if report.findings.is_empty() {
        text.push_str(&format!("The audit log is whole, but its anchors aren't ({read})."));
    } else {
        text.push_str(&format!(
            "The audit log was tampered with: {} of its chains are bad ({read}).",
            report.findings.len()
        ));
    }
    for finding in &report.findings {
        text.push_str(&format!("\n  {}", one(finding)));
    }
    for bad in &anchored.bad {
        text.push_str(&format!("\n  anchor: {bad}"));
    }
    if !report.findings.is_empty() {
        text.push_str(
            "\nRows after the first bad one of a chain prove nothing. Compare with a backup of admin_audit_logs, and find out \
             who could write to the admin database.",
        );
    }
    text
}

fn one(finding: &Finding) -> String {
    let whose = if finding.chain.is_nil() {
        "the platform".to_owned()
    } else {
        format!("customer {}", finding.chain)
    };
    let row = finding.row.map_or_else(String::new, |row| format!(" (id {row})"));
    format!("{whose}: row {}{row}: {}", finding.sequence, finding.fault)
}

fn as_json(report: &Report, anchored: &Anchored) -> String {
    let findings: Vec<_> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "chain": finding.chain, "sequence": finding.sequence, "row": finding.row,
                "fault": finding.fault.to_string(),
            })
        })
        .collect();
    json!({
        "rows": report.rows, "removed_rows": report.removed, "chains": report.chains, "findings": findings, "anchors": anchored.read,
        "bad_anchors": anchored.bad, "anchors_kept": anchored.lock.map(|lock| lock.to_string()),
    })
    .to_string()
}
