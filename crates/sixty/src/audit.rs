//! `sixty audit`: the proof that nobody touched the audit log.

use std::process::ExitCode;

use audit::{Finding, Report};
use catalog::Catalog;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::config::{AdminDatabaseArgs, StoreArgs};
use crate::say;

/// Prove that nobody changed the audit log. Works on the admin database itself, and only reads.
#[derive(Args, Debug)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Subcommand, Debug)]
enum AuditCommand {
    Verify(VerifyArgs),
}

/// Recompute every chain of audit rows, and name the first bad row of each.
#[derive(Args, Debug)]
struct VerifyArgs {
    #[command(flatten)]
    admin_database: AdminDatabaseArgs,
    #[command(flatten)]
    stores: StoreArgs,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: AuditArgs) -> anyhow::Result<ExitCode> {
    let AuditCommand::Verify(args) = args.command;
    let admin_database = args.admin_database.resolved(&args.stores).await?;
    let catalog = Catalog::connect(&admin_database.catalog_config()?)?;
    let mut client = catalog.dedicated_client().await?;
    let report = audit::verify(&mut client).await?;
    say(&if args.json { as_json(&report) } else { as_text(&report) });
    Ok(if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn as_text(report: &Report) -> String {
    let read = format!("{} rows in {} chains", report.rows, report.chains);
    if report.findings.is_empty() {
        return format!("The audit log is as it was written: {read}.");
    }
    let mut text =
        format!("The audit log was tampered with: {} of its chains are bad ({read}).", report.findings.len());
    for finding in &report.findings {
        text.push_str(&format!("\n  {}", one(finding)));
    }
    text.push_str(
        "\nRows after the first bad one of a chain prove nothing. Compare with a backup of admin_audit_logs, and find out \
         who could write to the admin database.",
    );
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

fn as_json(report: &Report) -> String {
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
    json!({ "rows": report.rows, "chains": report.chains, "findings": findings }).to_string()
}
