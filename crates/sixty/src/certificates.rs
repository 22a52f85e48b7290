//! `sixty certificates`: who signs the certificates of this machine's instances, and the change from one to the next.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::ensure;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use postgres_server::certificate::{AuthorityStatus, CertificateAuthority};
use serde_json::json;

use crate::config::{CertificateArgs, HomeArgs};
use crate::say;

/// Who signs the certificates of the instances that this machine's worker runs, and when they change
#[derive(Args, Debug)]
pub(crate) struct CertificatesArgs {
    #[command(flatten)]
    certificates: CertificateArgs,
    #[command(subcommand)]
    command: CertificatesCommand,
}

#[derive(Subcommand, Debug)]
enum CertificatesCommand {
    /// The authorities, what each is good for now, and when it ends
    Status {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Have another authority follow: it is announced now, signs after the overlap, and is alone after another one. The worker
    /// does so by itself in an authority's last year
    RotateAuthority,
}

pub(crate) fn run(args: &CertificatesArgs, home: &HomeArgs) -> anyhow::Result<ExitCode> {
    let folder = provisioner_local::authority_folder(&home.path()?);
    ensure!(
        folder.exists(),
        "there is no authority in {}: a worker makes it when it first starts, and SIXTY_HOME says where",
        folder.display()
    );
    let authority = CertificateAuthority::with_policy(&folder, args.certificates.policy())?;
    match args.command {
        CertificatesCommand::Status { json } => status(&authority, json),
        CertificatesCommand::RotateAuthority => rotate(&authority, &folder),
    }
}

fn status(authority: &CertificateAuthority, as_json: bool) -> anyhow::Result<ExitCode> {
    let found = authority.status()?;
    if as_json {
        let told: Vec<_> = found.iter().map(document).collect();
        say(&serde_json::to_string_pretty(&told)?);
    } else {
        say(&format!("{:<10}{:<12}{:<18}ENDS", "AUTHORITY", "STANDING", "MADE"));
        for one in &found {
            let (made, ends) = (day(one.term.introduced_at), day(one.term.expires_at));
            say(&format!("{:<10}{:<12}{made:<18}{ends}", one.name, one.standing.as_str()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn rotate(authority: &CertificateAuthority, folder: &Path) -> anyhow::Result<ExitCode> {
    let is_new = authority.introduce()?;
    let overlap = authority.policy().overlap.as_secs();
    let overlap =
        if overlap >= 86_400 { format!("{} days", overlap / 86_400) } else { format!("{overlap} seconds") };
    say(&if is_new {
        format!(
            "Another authority is announced. The worker tells every server; it signs in {overlap}, and is the only one in twice \
             that. Until then, give customers' own clients the new list: sixty customer url, or ca_certificate of the API. \
             Its key is in {}.",
            folder.display()
        )
    } else {
        "Another authority was announced already, and doesn't sign yet: see sixty certificates status."
            .to_owned()
    });
    Ok(ExitCode::SUCCESS)
}

fn document(one: &AuthorityStatus) -> serde_json::Value {
    json!({
        "name": one.name,
        "standing": one.standing.as_str(),
        "introduced_at": time(one.term.introduced_at),
        "expires_at": time(one.term.expires_at),
    })
}

fn time(time: SystemTime) -> DateTime<Utc> {
    time.into()
}

fn day(at: SystemTime) -> String {
    time(at).format("%Y-%m-%d %H:%M").to_string()
}
