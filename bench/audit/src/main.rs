//! How long it takes to verify the audit log: our walk over the rows, in a process of its own, beside one statement that
//! has the database compute every hash and compare it with the row before. Both in one run, alternating. A row in the middle
//! is changed at the end, and both must say so.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use audit::{Anchors, verify};
use tokio_postgres::Client;

/// As many customers as share the rows; one chain of them is the platform's.
const CHAINS: i64 = 100;
/// The longest that a million rows may take.
const BAR: Duration = Duration::from_secs(20);

/// The chains by the database's own functions: how many rows aren't what was hashed, or don't continue the one before.
const PEER: &str = "select count(*) from (
        select row_hash is distinct from admin_audit_row_hash(entry) as is_changed,
               previous_hash is distinct from coalesce(
                   lag(row_hash) over (partition by chain_id order by chain_sequence), admin_audit_genesis(chain_id)
               ) as is_forked
        from admin_audit_logs entry
    ) checked
    where is_changed or is_forked";

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn main() -> ExitCode {
    let outcome =
        tokio::runtime::Runtime::new().context("no runtime").and_then(|runtime| runtime.block_on(run()));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<bool> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<i64>());
    let rows = arguments.next().transpose().context("rows")?.unwrap_or(1_000_000).max(CHAINS);
    let rounds = arguments.next().transpose().context("rounds")?.unwrap_or(3).max(1);
    let database = testkit::admin_database().await;
    let mut client = database.connect().await;
    let begun = Instant::now();
    write(&client, rows).await?;
    say(&format!("{rows} rows in {CHAINS} chains written in {:.1} s", begun.elapsed().as_secs_f64()));

    let (mut ours, mut peers) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let begun = Instant::now();
        let report = verify(&mut client, Anchors::default()).await?;
        ours.push(begun.elapsed());
        ensure!(report.findings.is_empty() && report.rows == u64::try_from(rows)?, "{report:?}");
        let begun = Instant::now();
        ensure!(bad_rows(&client).await? == 0, "the database finds bad rows");
        peers.push(begun.elapsed());
    }
    let (ours, peers) = (median(ours), median(peers));
    say(&format!(
        "verify: {:.2} s, {:.0} rows/s; the database's own functions: {:.2} s. Ratio {:.2}. (medians of {rounds})",
        ours.as_secs_f64(),
        per_second(rows, ours),
        peers.as_secs_f64(),
        peers.as_secs_f64() / ours.as_secs_f64()
    ));

    let superuser = testkit::connect(&database.superuser_url()).await;
    superuser
        .batch_execute(
            "set session_replication_role = replica;
             update admin_audit_logs set resource_id = 'forged'
             where id = (select id from admin_audit_logs order by id offset (select count(*) / 2 from admin_audit_logs) limit 1)",
        )
        .await?;
    let report = verify(&mut client, Anchors::default()).await?;
    ensure!(report.findings.len() == 1 && bad_rows(&client).await? == 1, "a changed row isn't noticed");
    // The bar is for a million rows.
    let bar = BAR.mul_f64(rows.max(1_000_000) as f64 / 1_000_000.0);
    if ours > bar {
        say(&format!("the bar of {:.0} s is missed", bar.as_secs_f64()));
    }
    Ok(ours <= bar)
}

/// Rows as the platform writes them, in batches, through the triggers.
async fn write(client: &Client, rows: i64) -> anyhow::Result<()> {
    let sql = "insert into admin_audit_logs (customer_id, admin_user_id, action, resource_type, resource_id, old_values,
                   new_values, ip_address, user_agent)
               select case when n % $2 > 0 then ('00000000-0000-7000-8000-' || lpad((n % $2)::text, 12, '0'))::uuid end,
                      '01a20cf7-3f16-7313-901d-c7bd3d793afb', 'module_enabled', 'customer_module', 'module-' || n,
                      '{\"enabled\": false, \"reason\": null}', '{\"enabled\": true, \"reason\": \"trial\"}', '192.0.2.7',
                      'sixty/0.1.0'
               from generate_series($1::bigint, $1 + 9999) n where n <= $3 order by n % $2, n";
    let mut first = 1;
    while first <= rows {
        client.execute(sql, &[&first, &CHAINS, &rows]).await?;
        first += 10_000;
    }
    client.batch_execute("vacuum analyze admin_audit_logs").await?;
    Ok(())
}

async fn bad_rows(client: &Client) -> anyhow::Result<i64> {
    Ok(client.query_one(PEER, &[]).await?.try_get(0)?)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn per_second(rows: i64, time: Duration) -> f64 {
    rows as f64 / time.as_secs_f64()
}
