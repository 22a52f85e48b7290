//! Rotating the master key while requests run: a whole system with a thousand customers, of whom some have a database. Their
//! rows are read with their keys all the time, their passwords are opened on request, and servers start in the midst of it,
//! which know nothing yet and open everything anew. No answer may be anything but what was asked for. Quiet times of the same
//! length between the rotations show what they cost.

mod customers;
mod load;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use system_tests::{Customer, Stack, StackPlan};

use load::Load;

/// Customers with a database of their own.
const WITH_DATABASE: usize = 6;
/// The shortest time in which requests are counted.
const LEAST: Duration = Duration::from_secs(3);

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// What was seen of one rotation.
struct Rotation {
    took: Duration,
    /// Requests a second while it ran, beside as many in the quiet time before.
    pace: f64,
}

async fn run() -> anyhow::Result<bool> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let wanted = arguments.next().transpose().context("customers")?.unwrap_or(1000).max(WITH_DATABASE);
    let rotations = arguments.next().transpose().context("rotations")?.unwrap_or(5).max(1);
    let mut stack = Stack::start_with(StackPlan { customer_ports: 20, ..StackPlan::default() }).await;
    let mut served = Vec::new();
    for number in 0..WITH_DATABASE {
        served.push(stack.customer(&format!("served-{number}")).await);
    }
    stack.admin().await.batch_execute("update admin_api_keys set rate_limit_requests = 1000000000").await?;
    let own = count(&stack).await?;
    customers::write(&stack, wanted.saturating_sub(own)).await?;
    let there = count(&stack).await?;
    say(&format!("{there} customers, {WITH_DATABASE} of them with a database"));

    let load = Load::start(&stack, &served);
    tokio::time::sleep(LEAST).await;
    let mut seen = Vec::new();
    for _ in 0..rotations {
        seen.push(rotate(&stack, &load, there).await?);
    }
    let outcome = load.stop().await;
    checked(&stack, &served).await?;
    let status = stack.stop().await;
    ensure!(status.success(), "the system didn't stop well: {status}");

    let took = median(seen.iter().map(|rotation| rotation.took.as_secs_f64()));
    let pace = median(seen.iter().map(|rotation| rotation.pace));
    say(&format!(
        "{rotations} rotations of the master key, each of {there} customers' data keys: {took:.2} s (median)"
    ));
    say(&format!(
        "requests per second during a rotation, of those in the quiet time before: {pace:.2} (median)"
    ));
    say(&format!(
        "{} requests, {} passwords opened, {} servers started meanwhile: {} failed",
        outcome.requests,
        outcome.reveals,
        outcome.servers,
        outcome.failures.len()
    ));
    for failure in outcome.failures.iter().take(5) {
        say(&format!("  {failure}"));
    }
    Ok(outcome.failures.is_empty() && outcome.requests > 0 && outcome.servers > 0)
}

/// A quiet time, then a rotation to a new key, then the old one is retired.
async fn rotate(stack: &Stack, load: &Load, customers: usize) -> anyhow::Result<Rotation> {
    let quiet = pace(load, LEAST).await;
    let status = stack.program.run(&["secrets", "status", "--json"]).await.succeeded().json();
    let old = status["active_key"].as_str().context("an active key")?.to_owned();
    let added = stack.program.run(&["secrets", "add-key", "--json"]).await.succeeded().json();
    let new = added["id"].as_str().context("the new key's id")?.to_owned();
    let (before, begun) = (load.requests(), Instant::now());
    stack.program.run(&["secrets", "rotate-master-key", "--to", &new, "--wait"]).await.succeeded();
    let took = begun.elapsed();
    let busy = (load.requests() - before) as f64 / took.as_secs_f64();
    let wrapped = "select count(distinct customer_id) from admin_data_keys where customer_id is not null and master_key_id = $1";
    let wrapped: i64 = stack.admin().await.query_one(wrapped, &[&new]).await?.get(0);
    ensure!(
        usize::try_from(wrapped)? == customers,
        "only {wrapped} of {customers} customers have the new key"
    );
    stack.program.run(&["secrets", "retire-key", &old]).await.succeeded();
    Ok(Rotation { took, pace: busy / quiet })
}

async fn pace(load: &Load, time: Duration) -> f64 {
    let (before, begun) = (load.requests(), Instant::now());
    tokio::time::sleep(time).await;
    (load.requests() - before) as f64 / begun.elapsed().as_secs_f64()
}

async fn count(stack: &Stack) -> anyhow::Result<usize> {
    let sql = "select count(*) from admin_customers where deleted_at is null";
    let count: i64 = stack.admin().await.query_one(sql, &[]).await?.get(0);
    Ok(usize::try_from(count)?)
}

/// After all of it, everybody is still served, and a server that knows only the last key opens everything.
async fn checked(stack: &Stack, served: &[Customer]) -> anyhow::Result<()> {
    for customer in served {
        let answer = customer.api.get("/api/v1/contacts?limit=1").await;
        ensure!(answer.status == 200, "{} isn't served any more: {answer:?}", customer.id);
    }
    customers::check(stack).await
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
