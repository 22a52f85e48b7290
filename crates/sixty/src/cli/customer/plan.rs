//! `sixty customer plan`: what a customer bought.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::super::Session;
use super::super::client::read;
use super::super::exit::Failure;

#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    /// The customerId or UUID
    customer: String,
    /// The plan to be
    #[arg(value_parser = ["starter", "pro", "enterprise"])]
    plan: String,
    /// Only tell what the change would do
    #[arg(long, conflicts_with = "reason")]
    preview: bool,
    /// Why; the audit log keeps it
    #[arg(long)]
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Preview {
    plan_now: String,
    plan_after: String,
    modules_gained: Vec<Module>,
    modules_lost: Vec<Module>,
    overrides: Vec<Override>,
    limits_changed: Vec<Limit>,
    api_keys_affected: Option<Vec<Key>>,
    api_keys_affected_total: Option<usize>,
}

#[derive(Debug, Deserialize)]
struct Module {
    module_key: String,
}

#[derive(Debug, Deserialize)]
struct Override {
    module_key: String,
    enabled: bool,
}

#[derive(Debug, Deserialize)]
struct Limit {
    module_key: String,
    usage_limit: i64,
    applies_after: bool,
}

#[derive(Debug, Deserialize)]
struct Key {
    name: String,
    prefix: String,
    requests_last_30d: i64,
}

pub(super) async fn run(session: &mut Session, args: PlanArgs) -> Result<(), Failure> {
    let PlanArgs { customer, plan, preview, reason } = args;
    if preview {
        return tell(session, &customer, plan).await;
    }
    let mut body = json!({ "plan": plan });
    if let Some(reason) = reason {
        body["reason"] = reason.into();
    }
    let answer = session.client.send(Method::PUT, &["customers", &customer, "plan"], Some(&body)).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    Ok(session.output.line(&format!("{customer} has the {plan} plan; their modules follow it."))?)
}

async fn tell(session: &mut Session, customer: &str, plan: String) -> Result<(), Failure> {
    let path = ["customers", customer, "plan", "preview"];
    let answer = session.client.get(&path, &[("plan", plan)]).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let told: Preview = read(&answer)?;
    let change = match told.plan_now == told.plan_after {
        true => format!("{} already", told.plan_now),
        false => format!("from {} to {}", told.plan_now, told.plan_after),
    };
    let modules = |modules: Vec<Module>| listed(modules.into_iter().map(|module| module.module_key));
    let decided = told
        .overrides
        .iter()
        .map(|decided| format!("{} ({})", decided.module_key, if decided.enabled { "on" } else { "off" }));
    let limits = told.limits_changed.iter().map(|limit| {
        let state = if limit.applies_after { "hold" } else { "no longer hold" };
        format!("{} requests of {} {state}", limit.usage_limit, limit.module_key)
    });
    session.output.details(&[
        ("plan", Some(change)),
        ("gains", modules(told.modules_gained)),
        ("loses", modules(told.modules_lost)),
        ("stays as decided", listed(decided)),
        ("limits", listed(limits)),
        ("API keys that lose", told.api_keys_affected_total.map(|total| total.to_string())),
    ])?;
    let keys = told.api_keys_affected.unwrap_or_default();
    if keys.is_empty() {
        return Ok(());
    }
    let row = |key: Key| vec![key.prefix, key.name, key.requests_last_30d.to_string()];
    Ok(session.output.table(&["KEY", "NAME", "REQUESTS IN 30 DAYS"], keys.into_iter().map(row).collect())?)
}

/// Several things on a line; nothing where there are none.
fn listed(things: impl Iterator<Item = String>) -> Option<String> {
    let things: Vec<_> = things.collect();
    (!things.is_empty()).then(|| things.join(", "))
}
