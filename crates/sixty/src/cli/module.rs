//! `sixty module`: the price list, and what a customer has of it.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::read;
use super::exit::Failure;
use super::key::or_default;
use super::time::{Moment, Span};
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
    /// Turn a module on for a customer, whatever the plan says
    Enable(SetArgs),
    /// Turn a module off for a customer, whatever the plan says; nothing is deleted
    Disable(SetArgs),
    /// Take back what was decided for a customer: the plan says again whether they have the module
    Reset {
        /// The customerId or UUID
        customer: String,
        /// The module's key
        module: String,
    },
    /// Change what a module costs, or whether it is on sale: what isn't, no customer has
    Price(PriceArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct PriceArgs {
    /// The module's key
    module: String,
    /// The price of a month, in US dollars, such as 29.99
    #[arg(long, value_name = "PRICE")]
    monthly: Option<String>,
    /// The price of a year, in US dollars
    #[arg(long, value_name = "PRICE")]
    annual: Option<String>,
    /// Whether it is on sale
    #[arg(long, value_name = "true|false")]
    on_sale: Option<bool>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SetArgs {
    /// The customerId or UUID
    customer: String,
    /// The module's key, such as workflow_automation
    module: String,
    /// Let the plan decide again after this time, such as 30d
    #[arg(long, value_name = "SPAN")]
    expires_in: Option<Span>,
    /// Why; the audit log keeps it
    #[arg(long)]
    reason: Option<String>,
    /// How many requests may use it until the count begins anew; none takes the limit away
    #[arg(long, value_name = "REQUESTS|none", value_parser = limit)]
    usage_limit: Option<Value>,
    /// What that limit does while Redis is away: each server counts for itself, all requests pass, or all that isn't granted
    /// already is refused; default is as the configuration says
    #[arg(long, value_parser = ["local", "open", "closed", "default"])]
    without_redis: Option<String>,
    /// When the count begins anew, and then every month: a day or a time, in UTC; never takes it away
    #[arg(long, value_name = "TIME|never", value_parser = reset_at)]
    reset_at: Option<Value>,
}

fn limit(text: &str) -> Result<Value, String> {
    if text == "none" {
        return Ok(Value::Null);
    }
    text.parse::<u32>().map(Into::into).map_err(|_| "must be a number from 0 on, or none".to_owned())
}

fn reset_at(text: &str) -> Result<Value, String> {
    if text == "never" {
        return Ok(Value::Null);
    }
    text.parse::<Moment>().map(|moment| moment.to_text().into())
}

#[derive(Debug, Deserialize)]
struct Listed {
    module_key: String,
    name: String,
    base_price_monthly: String,
    base_price_annual: String,
    currency: String,
    enabled_by_default: bool,
    is_active: bool,
}

#[derive(Debug, Deserialize)]
struct Held {
    module_key: String,
    name: String,
    enabled: bool,
    source: String,
    refusal: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    usage_limit: Option<i64>,
    #[serde(default)]
    usage_count: i64,
}

pub(super) async fn run(session: &mut Session, command: ModuleCommand) -> Result<(), Failure> {
    match command {
        ModuleCommand::List { customer: None } => price_list(session).await,
        ModuleCommand::List { customer: Some(customer) } => of_customer(session, &customer).await,
        ModuleCommand::Enable(args) => set(session, args, true).await,
        ModuleCommand::Disable(args) => set(session, args, false).await,
        ModuleCommand::Price(args) => price(session, args).await,
        ModuleCommand::Reset { customer, module } => {
            let path = ["customers", &customer, "modules", &module];
            let answer = session.client.send(Method::DELETE, &path, None).await?;
            if session.output.is_json() {
                return Ok(session.output.document(&answer)?);
            }
            let held: Held = read(&answer)?;
            let state = on_or_off(held.enabled);
            Ok(session
                .output
                .line(&format!("{} is {state} for {customer}, as the plan says.", held.module_key))?)
        }
    }
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

async fn price(session: &mut Session, args: PriceArgs) -> Result<(), Failure> {
    let PriceArgs { module, monthly, annual, on_sale } = args;
    let mut body = json!({});
    let given = [
        ("base_price_monthly", monthly.map(Into::into)),
        ("base_price_annual", annual.map(Into::into)),
        ("is_active", on_sale.map(Into::into)),
    ];
    for (field, value) in given {
        if let Some(value) = value {
            body[field] = value;
        }
    }
    let answer = session.client.send(Method::PATCH, &["modules", &module], Some(&body)).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let Listed { module_key, base_price_monthly, base_price_annual, currency, is_active, .. } =
        read(&answer)?;
    let sale = if is_active { "" } else { ", and is not on sale" };
    let prices = format!("{base_price_monthly} {currency} a month, {base_price_annual} {currency} a year");
    Ok(session.output.line(&format!("{module_key} costs {prices}{sale}."))?)
}

async fn of_customer(session: &mut Session, customer: &str) -> Result<(), Failure> {
    let answer = session.client.get(&["customers", customer, "modules"], &[]).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let modules: Vec<Held> = read(answer.get("data").unwrap_or(&Value::Null))?;
    let row = |module: Held| {
        // What is off says why; what is on, why somebody wanted it so.
        let why = module.refusal.or(module.reason).unwrap_or_else(|| "-".to_owned());
        let used = match module.usage_limit {
            Some(limit) => format!("{} of {limit}", module.usage_count),
            None => "-".to_owned(),
        };
        let expires = time::short(module.expires_at);
        vec![module.module_key, module.name, yes_or_no(module.enabled), module.source, expires, used, why]
    };
    let headings = ["MODULE", "NAME", "ENABLED", "BY", "EXPIRES", "USED", "WHY"];
    Ok(session.output.table(&headings, modules.into_iter().map(row).collect())?)
}

async fn set(session: &mut Session, args: SetArgs, enabled: bool) -> Result<(), Failure> {
    let SetArgs { customer, module, expires_in, reason, usage_limit, without_redis, reset_at } = args;
    let mut body = json!({ "enabled": enabled });
    let optional = [
        ("expires_at", expires_in.map(|span| span.end_from_now().into())),
        ("reason", reason.map(Into::into)),
        ("usage_limit", usage_limit),
        ("without_redis", without_redis.map(or_default)),
        ("reset_date", reset_at),
    ];
    for (field, value) in optional {
        if let Some(value) = value {
            body[field] = value;
        }
    }
    let path = ["customers", &customer, "modules", &module];
    let answer = session.client.send(Method::PUT, &path, Some(&body)).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let held: Held = read(&answer)?;
    let state = on_or_off(held.enabled);
    let until =
        held.expires_at.map(|time| format!(" until {} UTC", time::short(Some(time)))).unwrap_or_default();
    Ok(session.output.line(&format!("{} is {state} for {customer}{until}.", held.module_key))?)
}

fn on_or_off(enabled: bool) -> &'static str {
    if enabled { "on" } else { "off" }
}

fn yes_or_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}
