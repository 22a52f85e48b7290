//! `sixty`: the server, the worker, the local stack and the command line, in one binary.

mod audit;
mod backup;
mod certificates;
mod cli;
mod config;
mod dependencies;
mod dev;
mod doctor;
mod metrics;
mod migrate;
mod own_role;
mod quota_seed;
mod serve;
mod server_certificate;
mod shutdown;
mod worker;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use config::{CoreDumpArgs, HomeArgs, LogArgs, LogFormatArg};
use telemetry::LogFormat;

/// Quicker than the C library's with the many small things that a request allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A PostgreSQL for every customer of a sales CRM: sign up, isolate, serve, meter.
#[derive(Parser)]
#[command(name = "sixty", version, propagate_version = true, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    home: HomeArgs,
    #[command(flatten)]
    core_dumps: CoreDumpArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Dev(Box<dev::DevArgs>),
    Serve(Box<serve::ServeArgs>),
    Worker(Box<worker::WorkerArgs>),
    Migrate(Box<migrate::MigrateArgs>),
    Doctor(Box<doctor::DoctorArgs>),
    Audit(Box<audit::AuditArgs>),
    Backup(Box<backup::BackupArgs>),
    Certificates(Box<certificates::CertificatesArgs>),
    #[command(flatten)]
    Operator(cli::OperatorCommand),
}

/// Tells a person something, on standard output. A closed pipe is no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            let outcome = runtime.block_on(run(cli));
            // A blocking read of standard input may never end; it must not hold up the exit.
            runtime.shutdown_background();
            outcome
        });
    outcome.unwrap_or_else(|error| {
        let _ = writeln!(std::io::stderr(), "sixty: {error:#}");
        ExitCode::FAILURE
    })
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // Before anything secret is in memory.
    cli.core_dumps.apply()?;
    let format = match cli.log.log_format {
        LogFormatArg::Text => LogFormat::Text,
        LogFormatArg::Json => LogFormat::Json,
    };
    // Until the end: the last spans are sent then.
    let _traces = match cli.command {
        Command::Operator(command) => {
            return Ok(cli::run(command, config::access(&cli.home)?, Cli::command()).await);
        }
        Command::Doctor(args) => return doctor::run(*args, &cli.home).await,
        Command::Audit(args) => return audit::run(*args, &cli.home).await,
        Command::Backup(args) => return backup::run(*args, &cli.home).await,
        Command::Certificates(args) => return certificates::run(*args, &cli.home).await,
        // Its server and its worker send their own.
        Command::Dev(_) => telemetry::start(&cli.log.log, format, None)?,
        _ => telemetry::start(&cli.log.log, format, cli.log.traces())?,
    };
    match cli.command {
        Command::Dev(args) => dev::run(*args, &cli.home, &cli.log).await?,
        Command::Serve(args) => serve::run(*args, &cli.home).await?,
        Command::Worker(args) => worker::run(*args, &cli.home).await?,
        Command::Migrate(args) => migrate::run(*args, &cli.home).await?,
        Command::Operator(_)
        | Command::Doctor(_)
        | Command::Audit(_)
        | Command::Backup(_)
        | Command::Certificates(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}
