//! `sixty certificates`: who signs the certificates of this machine's instances, and the change from one to the next; and what
//! the servers ordered for themselves.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::ensure;
use catalog::acme as rows;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use postgres_server::certificate::{AuthorityStatus, CertificateAuthority};
use serde_json::json;

use crate::config::{AdminDatabaseArgs, CertificateArgs, HomeArgs, StoreArgs};
use crate::say;

/// Who signs the certificates of the instances that this machine's worker runs, and when they change; and the certificates that
/// servers order for themselves
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
    /// What the servers ordered from an ACME authority, until when it is good, and why there is no new one if there is none.
    /// It is read from the admin database
    Server(Box<ServerCertificateArgs>),
}

#[derive(Args, Debug)]
struct ServerCertificateArgs {
    #[command(flatten)]
    admin_database: AdminDatabaseArgs,
    #[command(flatten)]
    stores: StoreArgs,
    /// Have what failed be tried again at once
    #[arg(long)]
    try_again: bool,
    /// Print them as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: CertificatesArgs, home: &HomeArgs) -> anyhow::Result<ExitCode> {
    let home = home.path()?;
    let opened = || {
        let folder = provisioner_local::authority_folder(&home);
        ensure!(
            folder.exists(),
            "there is no authority in {}: a worker makes it when it first starts, and SIXTY_HOME says where",
            folder.display()
        );
        let authority = CertificateAuthority::with_policy(&folder, args.certificates.policy())?;
        anyhow::Ok((authority, folder))
    };
    match args.command {
        CertificatesCommand::Status { json } => status(&opened()?.0, json),
        CertificatesCommand::RotateAuthority => {
            let (authority, folder) = opened()?;
            rotate(&authority, &folder)
        }
        CertificatesCommand::Server(server) => servers(*server, &home).await,
    }
}

/// What the servers ordered.
async fn servers(args: ServerCertificateArgs, home: &Path) -> anyhow::Result<ExitCode> {
    let catalog = args.admin_database.connect_by_hand(&args.stores, home).await?;
    let client = catalog.client().await?;
    if args.try_again {
        rows::try_again(&client).await?;
    }
    let found = rows::certificates(&client).await?;
    if args.json {
        let told: Vec<_> = found.iter().map(ordered).collect();
        say(&serde_json::to_string_pretty(&told)?);
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        say("No server has ordered a certificate: SIXTY_ACME_DOMAINS has them do so.");
    }
    for one in &found {
        let ends = one.issued.as_ref().map(|issued| minute(issued.expires_at));
        say(&format!(
            "{}\n  ends  {}",
            one.domains.join(", "),
            ends.as_deref().unwrap_or("there is none yet")
        ));
        say(&format!("  from  {}", one.directory));
        if let Some(error) = &one.last_error {
            let next = minute(one.next_attempt_at);
            say(&format!(
                "  WRONG {error}\n        failed {} times, tried again at {next}",
                one.failed_attempts
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn ordered(one: &rows::Certificate) -> serde_json::Value {
    json!({
        "domains": one.domains,
        "directory": one.directory,
        "starts_at": one.issued.as_ref().map(|issued| issued.starts_at),
        "expires_at": one.issued.as_ref().map(|issued| issued.expires_at),
        "failed_attempts": one.failed_attempts,
        "last_error": one.last_error,
        "next_attempt_at": one.next_attempt_at,
    })
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
    minute(time(at))
}

fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}
