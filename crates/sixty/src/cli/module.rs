//! `sixty module`: the price list, and what a customer has of it.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::read;
use super::exit::Failure;
use super::time::Span;
use super::{EXIT_CODES, Globals, Session, time};

/// `sixty module`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct ModuleArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: ModuleCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum ModuleCommand {
    /// List the feature modules with their prices, or how each stands with a customer
    List {
        /// The customerId or UUID; the price list when not given
        customer: Option<String>,
    },
    /// Turn a module on for a customer
    Enable {
        /// The customerId or UUID
        customer: String,
        /// The module's key, such as workflow_automation
        module: String,
        /// Turn it off by itself after this time, such as 30d
        #[arg(long, value_name = "SPAN")]
        expires_in: Option<Span>,
        /// Why; the audit log keeps it
        #[arg(long)]
        reason: Option<String>,
    },
    /// Turn a module off for a customer; nothing is deleted
    Disable {
        /// The customerId or UUID
        customer: String,
        /// The module's key
        module: String,
        /// Why; the audit log keeps it
        #[arg(long)]
        reason: Option<String>,
    },
}

#[derive(Debug, Deserialize)]
struct Listed {
    module_key: String,
    name: String,
    base_price_monthly: String,
    base_price_annual: String,
    currency: String,
    enabled_by_default: bool,
}

#[derive(Debug, Deserialize)]
struct Held {
    module_key: String,
    name: String,
    enabled: bool,
    expires_at: Option<DateTime<Utc>>,
    reason: Option<String>,
}

pub(super) async fn run(session: &mut Session, command: ModuleCommand) -> Result<(), Failure> {
    match command {
        ModuleCommand::List { customer: None } => price_list(session).await,
        ModuleCommand::List { customer: Some(customer) } => of_customer(session, &customer).await,
        ModuleCommand::Enable { customer, module, expires_in, reason } => {
            let mut body = json!({ "enabled": true });
            if let Some(span) = expires_in {
                body["expires_at"] = span.end_from_now().into();
            }
            set(session, &customer, &module, with_reason(body, reason)).await
        }
        ModuleCommand::Disable { customer, module, reason } => {
            set(session, &customer, &module, with_reason(json!({ "enabled": false }), reason)).await
        }
    }
}

fn with_reason(mut body: Value, reason: Option<String>) -> Value {
    if let Some(reason) = reason {
        body["reason"] = reason.into();
    }
    body
}

async fn price_list(session: &mut Session) -> Result<(), Failure> {
    let answer = session.client.get(&["modules"], &[]).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let modules: Vec<Listed> = read(answer.get("data").unwrap_or(&Value::Null))?;
    let row = |module: Listed| {
        let price = |amount: String| format!("{amount} {}", module.currency);
        let (monthly, annual) = (price(module.base_price_monthly), price(module.base_price_annual));
        vec![module.module_key, module.name, monthly, annual, yes_or_no(module.enabled_by_default)]
    };
    let headings = ["MODULE", "NAME", "A MONTH", "A YEAR", "DEFAULT"];
    Ok(session.output.table(&headings, modules.into_iter().map(row).collect())?)
}

async fn of_customer(session: &mut Session, customer: &str) -> Result<(), Failure> {
    let answer = session.client.get(&["customers", customer, "modules"], &[]).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let modules: Vec<Held> = read(answer.get("data").unwrap_or(&Value::Null))?;
    let row = |module: Held| {
        let reason = module.reason.unwrap_or_else(|| "-".to_owned());
        vec![
            module.module_key,
            module.name,
            yes_or_no(module.enabled),
            time::short(module.expires_at),
            reason,
        ]
    };
    let headings = ["MODULE", "NAME", "ENABLED", "EXPIRES", "REASON"];
    Ok(session.output.table(&headings, modules.into_iter().map(row).collect())?)
}

async fn set(session: &mut Session, customer: &str, module: &str, body: Value) -> Result<(), Failure> {
    let path = ["customers", customer, "modules", module];
    let answer = session.client.send(Method::PUT, &path, Some(&body)).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let held: Held = read(&answer)?;
    let state = if held.enabled { "on" } else { "off" };
    let until =
        held.expires_at.map(|time| format!(" until {} UTC", time::short(Some(time)))).unwrap_or_default();
    Ok(session.output.line(&format!("{} is {state} for {customer}{until}.", held.module_key))?)
}

fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}
