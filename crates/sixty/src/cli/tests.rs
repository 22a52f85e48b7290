//! The commands against a small server of the same shapes. The system tests run them against the real one.

mod backups;
mod customers;
mod failures;
mod help;
mod keys;
mod limits;
mod modules;
mod operations;
mod secrets;
mod usage;

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::Router;
use clap::{CommandFactory as _, Parser as _};
use serde_json::{Value, json};
use url::Url;

use super::output::Output;
use super::{Access, OperatorCommand, ServerCommand, run_on_server_with, run_with};

/// The whole command line, as the binary has it around our commands.
#[derive(clap::Parser)]
#[command(name = "sixty")]
struct Program {
    #[command(subcommand)]
    command: ProgramCommand,
}

#[derive(clap::Subcommand)]
enum ProgramCommand {
    #[command(flatten)]
    Operator(OperatorCommand),
    /// Backups of all databases
    #[command(subcommand)]
    Backup(BackupCommand),
}

/// What of `sixty backup` asks the server.
#[derive(clap::Subcommand)]
enum BackupCommand {
    List(Box<super::backup::ListArgs>),
}

/// What a command left behind.
struct Ran {
    code: u8,
    results: String,
    notes: String,
}

impl Ran {
    /// All of it, for a snapshot.
    fn whole(&self) -> String {
        format!("{}--- notes\n{}--- code {}", self.results, self.notes, self.code)
    }
}

/// Serves a router on a free port.
async fn serve(router: Router) -> Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}").parse().unwrap()
}

fn access(url: Url) -> Access {
    Access {
        url,
        session_file: "/nowhere/session".into(),
        token: Some("op_test".into()),
        token_file: "/nowhere/operator-token".into(),
        master_key_file: "/nowhere/master-key".into(),
        client_tools: None,
        authorities: "/nowhere/authorities".into(),
        plain_on_network: false,
    }
}

async fn sixty(url: &Url, line: &str) -> Ran {
    run(access(url.clone()), line).await
}

/// Runs a command line. No word of it has a space in it.
async fn run(access: Access, line: &str) -> Ran {
    let program = Program::parse_from(["sixty"].into_iter().chain(line.split(' ')));
    let (results, notes) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let captured = |json| Output::captured(stream(&results), stream(&notes), json);
    let code = match program.command {
        ProgramCommand::Operator(command) => {
            let json = command.globals().is_some_and(|globals| globals.json);
            run_with(command, access, Program::command(), captured(json)).await
        }
        ProgramCommand::Backup(BackupCommand::List(args)) => {
            let command = ServerCommand::BackupList(args);
            let output = captured(command.globals().json);
            run_on_server_with(command, access, output).await
        }
    };
    let text = |stream: Arc<Mutex<Vec<u8>>>| String::from_utf8(stream.lock().unwrap().clone()).unwrap();
    Ran { code, results: text(results), notes: text(notes) }
}

fn stream(bytes: &Arc<Mutex<Vec<u8>>>) -> Arc<Mutex<dyn Write + Send>> {
    Arc::<Mutex<Vec<u8>>>::clone(bytes)
}

const OPERATION: &str = "0190a0a0-0000-7000-8000-00000000000b";

/// A customer as the server shows it.
fn customer(name: &str) -> Value {
    json!({
        "id": "0190a0a0-0000-7000-8000-00000000000a",
        "customer_id": name,
        "company_name": "Acme GmbH",
        "billing_email": "office@acme.example",
        "subscription_plan": "pro",
        "subscription_status": "active",
        "timezone": "Europe/Berlin",
        "database_host": "localhost",
        "database_port": 5434,
        "database_name": "customer_acme",
        "created_at": "2026-11-23T15:00:00Z",
        "modules": ["crm_core", "api_access"],
        "instance": { "backend": "local", "postgres_version": "16.4", "schema_version": 1 },
    })
}

/// An operation as the server shows it.
fn operation(status: &str, steps: &[(&str, &str)]) -> Value {
    let has_ended = !matches!(status, "queued" | "running");
    let steps: Vec<_> = steps
        .iter()
        .map(|(name, status)| {
            let finished = (*status == "succeeded").then_some("2026-11-23T15:00:01.250Z");
            json!({ "name": name, "status": status, "started_at": "2026-11-23T15:00:01Z", "finished_at": finished })
        })
        .collect();
    json!({
        "id": OPERATION,
        "kind": "customer_create",
        "customer_id": "acme",
        "status": status,
        "attempts": 1,
        "error": if status == "dead" { json!("the disk is full") } else { Value::Null },
        "created_at": "2026-11-23T15:00:00Z",
        "started_at": "2026-11-23T15:00:00.500Z",
        "finished_at": has_ended.then_some("2026-11-23T15:00:02Z"),
        "steps": steps,
    })
}
