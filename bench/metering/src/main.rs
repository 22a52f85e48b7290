//! Usage rows per second into the real table, partitioned, indexed and rolled up: our spool and its hand-over over one
//! connection, beside one INSERT per request over one connection. Both in one run, alternating; every row is checked.
//!
//! The peer is there twice: with a table that has no roll-ups, which is what one has who never thought of them, and with
//! ours.

mod load;
mod server;
mod statistics;
mod view;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use catalog::{Catalog, CatalogConfig};
use domain::usage::UsageRecord;
use metering::{Meter, MeteringConfig};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

use server::Server;
use statistics::{Sample, quantile};

pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

struct Options {
    is_short: bool,
    is_view: bool,
    rounds: usize,
    rows: usize,
    filled: i64,
}

fn options() -> anyhow::Result<Options> {
    let mut options =
        Options { is_short: false, is_view: false, rounds: 5, rows: 200_000, filled: 1_000_000 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number =
            || arguments.next().context("a number is missing")?.parse::<u32>().context("not a number");
        match argument.as_str() {
            "--short" => {
                options = Options { is_short: true, rounds: 2, rows: 4_000, filled: 10_000, ..options };
            }
            "--view" => options.is_view = true,
            "--rounds" => options.rounds = number()? as usize,
            "--rows" => options.rows = number()? as usize,
            "--filled" => options.filled = i64::from(number()?),
            other => anyhow::bail!("unknown option: {other}"),
        }
    }
    Ok(options)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = options()?;
    let began = Instant::now();
    let server = Server::start(options.filled).await?;
    let cores = std::thread::available_parallelism()?;
    say(&format!(
        "PostgreSQL {}, fsync on, {cores} cores, load average {} at the start; recorder, hand-over and PostgreSQL on this \
         machine. The tables had {} rows before (made in {:.0} s).",
        server.version,
        load_average(),
        options.filled,
        began.elapsed().as_secs_f64()
    ));
    let measured = if options.is_view {
        view::measure(&server, options.filled).await
    } else {
        compare(&server, &options).await
    };
    server.stop().await?;
    say(&format!("Load average at the end: {}.", load_average()));
    measured
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

async fn compare(server: &Server, options: &Options) -> anyhow::Result<()> {
    for name in ["spooled", "single", "single_rolled_up"] {
        server.database(name).await?;
    }
    let spooled = server.client("spooled").await?;
    let single = server.client("single").await?;
    let rolled_up = server.client("single_rolled_up").await?;
    single.batch_execute("drop trigger admin_api_usage_roll_up on admin_api_usage").await?;
    let time = if options.is_short { Duration::from_millis(300) } else { Duration::from_secs(4) };
    let folder = tempfile::tempdir_in("/tmp")?;

    let (mut ours, mut theirs, mut theirs_rolled_up) =
        (Sample::default(), Sample::default(), Sample::default());
    let mut costs = Vec::new();
    for round in 0..options.rounds {
        // Whoever comes first meets the machine after a pause.
        if round % 2 == 0 {
            ours.add(hand_over(server, &spooled, folder.path(), options.rows, &mut costs).await?);
        }
        theirs.add(insert_one_by_one(&single, time).await?);
        theirs_rolled_up.add(insert_one_by_one(&rolled_up, time).await?);
        if round % 2 == 1 {
            ours.add(hand_over(server, &spooled, folder.path(), options.rows, &mut costs).await?);
        }
    }
    let groups = spooled
        .query_one("select count(*) from admin_api_usage_daily where endpoint like '%{id}'", &[])
        .await?
        .get::<_, i64>(0);
    say(&format!("Rows per second, medians of {} rounds, alternating, one connection each:", options.rounds));
    say(&format!("  spool + hand-over, with roll-ups ({groups} a day):  {}", ours.spread()));
    say(&format!("  one INSERT per request, no roll-ups:             {}", theirs.spread()));
    say(&format!("  one INSERT per request, the same roll-ups:       {}", theirs_rolled_up.spread()));
    say(&format!("  ratio to the first:   {}", ours.ratios(&theirs)));
    say(&format!("  ratio to the second:  {}", ours.ratios(&theirs_rolled_up)));
    say(&format!(
        "record(), {} calls while the hand-over runs: median {:.0} ns, p99 {:.0} ns, p99.9 {:.0} ns, longest {:.0} us",
        costs.len(),
        quantile(&costs, 0.5),
        quantile(&costs, 0.99),
        quantile(&costs, 0.999),
        quantile(&costs, 1.0) / 1e3
    ));
    say("Checked: every row is there once, and the roll-ups say so.");
    Ok(())
}

/// From the first record to the last row in the database; rows per second.
async fn hand_over(
    server: &Server,
    client: &Client,
    folder: &Path,
    rows: usize,
    costs: &mut Vec<f64>,
) -> anyhow::Result<f64> {
    let before = counts(client).await?;
    let catalog = Catalog::connect(&CatalogConfig::new(server.url("spooled").into()))?;
    let stop = CancellationToken::new();
    let config = MeteringConfig { lag_under_load: Duration::ZERO, ..MeteringConfig::new(folder.to_owned()) };
    let (meter, task) = Meter::start(Arc::new(catalog), config, stop.clone())?;
    let requests = load::requests(rows);
    let recorder = meter.clone();
    let began = Instant::now();
    let recorded = tokio::task::spawn_blocking(move || record(&recorder, requests)).await?;
    let all = rows as u64;
    while meter.health().handed_over < all {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let time = began.elapsed().as_secs_f64();
    stop.cancel();
    task.await?;
    costs.extend(recorded);
    check(client, before, rows).await?;
    ensure!(meter.health().lost == 0, "records were lost");
    Ok(rows as f64 / time)
}

/// What each call cost, in nanoseconds.
fn record(meter: &Meter, requests: Vec<UsageRecord>) -> Vec<f64> {
    requests
        .into_iter()
        .map(|request| {
            let began = Instant::now();
            meter.record(request);
            began.elapsed().as_nanos() as f64
        })
        .collect()
}

/// One prepared INSERT after the other; rows per second.
async fn insert_one_by_one(client: &Client, time: Duration) -> anyhow::Result<f64> {
    let before = counts(client).await?;
    let insert = client
        .prepare(
            "insert into admin_api_usage (id, created_at, customer_id, api_key_id, request_id, endpoint, method,
                 status_code, response_time_ms, response_size_bytes, module, outcome)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .await?;
    let requests = load::requests(100_000);
    let began = Instant::now();
    let mut rows = 0;
    for request in requests.iter().cycle() {
        // The generator repeats itself; a request doesn't.
        let id = uuid::Uuid::now_v7();
        client
            .execute(
                &insert,
                &[
                    &id,
                    &request.created_at,
                    &request.customer_id.uuid(),
                    &request.api_key_id.uuid(),
                    &request.request_id,
                    &request.endpoint.as_ref(),
                    &request.method.as_ref(),
                    &i32::from(request.status_code),
                    &i32::try_from(request.response_time_ms)?,
                    &request.response_size_bytes.map(i64::try_from).transpose()?,
                    &request.module.as_deref(),
                    &request.outcome.as_ref(),
                ],
            )
            .await?;
        rows += 1;
        if began.elapsed() >= time {
            break;
        }
    }
    let rate = rows as f64 / began.elapsed().as_secs_f64();
    check(client, before, rows).await?;
    Ok(rate)
}

/// Rows, and rolled-up rows where there are roll-ups.
async fn counts(client: &Client) -> anyhow::Result<(i64, i64)> {
    let row = client
        .query_one(
            "select (select count(*) from admin_api_usage),
                 (select coalesce(sum(requests), 0)::bigint from admin_api_usage_daily)",
            &[],
        )
        .await?;
    Ok((row.get(0), row.get(1)))
}

async fn check(client: &Client, before: (i64, i64), rows: usize) -> anyhow::Result<()> {
    let after = counts(client).await?;
    let (added, rolled_up) = (after.0 - before.0, after.1 - before.1);
    ensure!(added == i64::try_from(rows)?, "{added} rows were added, not {rows}");
    let has_roll_ups = client
        .query_one("select exists (select from pg_trigger where tgrelid = 'admin_api_usage'::regclass and tgname = 'admin_api_usage_roll_up')", &[])
        .await?
        .get::<_, bool>(0);
    ensure!(!has_roll_ups || rolled_up == added, "{rolled_up} rows were rolled up, not {added}");
    Ok(())
}
