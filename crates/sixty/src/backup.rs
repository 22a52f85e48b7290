//! `sixty backup`: the list, which the server knows; and what a file says, which needs the master key.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use backups::{FileLock, Head, check_opened, head_of, lock_of_file, write_opened};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::backup::ListArgs;
use crate::cli::{self, ServerCommand};
use crate::config::{AdminDatabaseArgs, HomeArgs, MasterKeyArgs};
use crate::{config, say};

/// Backups of all databases: list; and of their files, which need the master key: verify, decrypt
#[derive(Args, Debug)]
pub(crate) struct BackupArgs {
    #[command(subcommand)]
    command: BackupCommand,
}

#[derive(Subcommand, Debug)]
enum BackupCommand {
    List(Box<ListArgs>),
    Verify(Box<VerifyArgs>),
    Decrypt(Box<DecryptArgs>),
}

/// Look whether a backup's file is whole: whose it is, and whether it opens to its last byte.
#[derive(Args, Debug)]
struct VerifyArgs {
    #[command(flatten)]
    file: FileArgs,
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
}

/// Write what an encrypted backup says to standard output, for `pg_restore`. Nothing is written before all of it has proved
/// right.
///
/// A backup of the admin database needs the master key alone; one of a customer's needs the admin database as well, because
/// the customer's data key is there.
#[derive(Args, Debug)]
struct DecryptArgs {
    #[command(flatten)]
    file: FileArgs,
}

#[derive(Args, Debug)]
struct FileArgs {
    #[command(flatten)]
    admin_database: AdminDatabaseArgs,
    #[command(flatten)]
    master_key: MasterKeyArgs,
    /// The file, or a copy of it.
    file: PathBuf,
}

pub(crate) async fn run(args: BackupArgs, home: &HomeArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        BackupCommand::List(args) => {
            let access = config::access(home)?;
            return Ok(cli::run_on_server(ServerCommand::BackupList(args), access).await);
        }
        BackupCommand::Verify(args) => verify(*args, &home.path()?).await?,
        BackupCommand::Decrypt(args) => decrypt(args.file, &home.path()?).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(args: VerifyArgs, home: &Path) -> anyhow::Result<()> {
    let Some((head, lock)) = args.file.open(home).await? else {
        say(&if args.json {
            json!({ "encrypted": false }).to_string()
        } else {
            "It is not encrypted: either it was made before backups were, or it is no backup of ours. Compare its SHA-256 with \
             that of its row."
                .to_owned()
        });
        return Ok(());
    };
    let file = args.file.file;
    tokio::task::spawn_blocking(move || check_opened(&file, &lock)).await??;
    let Head { backup, customer, database, .. } = head;
    say(&if args.json {
        json!({ "encrypted": true, "backup": backup, "customer_uuid": customer, "database": database })
            .to_string()
    } else {
        let of = customer.map_or_else(String::new, |customer| format!(" of customer {customer}"));
        format!("It is whole: the encrypted backup {backup} of the database {database}{of}.")
    });
    Ok(())
}

async fn decrypt(args: FileArgs, home: &Path) -> anyhow::Result<()> {
    ensure!(
        !std::io::stdout().is_terminal(),
        "this is a whole database: have a program read it, as in sixty backup decrypt FILE | pg_restore --dbname=..."
    );
    let Some((_, lock)) = args.open(home).await? else {
        bail!("{} is not encrypted: give it to pg_restore as it is", args.file.display());
    };
    tokio::task::spawn_blocking(move || {
        check_opened(&args.file, &lock)?;
        let mut out = std::io::stdout().lock();
        write_opened(&args.file, &lock, &mut out)?;
        out.flush().context("not all of it could be written")
    })
    .await?
}

impl FileArgs {
    /// Whose backup it is, and what opens it. `None` when it is plain.
    async fn open(&self, home: &Path) -> anyhow::Result<Option<(Head, FileLock)>> {
        let Some(head) = head_of(&self.file)? else { return Ok(None) };
        let keys = self.master_key.ring(home).await?;
        let catalog = self.admin_database.connect_by_hand(self.master_key.stores(), home).await?;
        let lock = lock_of_file(&catalog, &keys, &head).await?;
        Ok(Some((head, lock)))
    }
}
