//! Whether the rows of usage are there: one for each answer, no more and no less.

use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio_postgres::Client;

/// How long rows may take to arrive: they are written in batches, behind the answers.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many rows of usage there are for an endpoint.
pub(crate) async fn rows(admin: &Client, endpoint: &str) -> anyhow::Result<u64> {
    let query = "select count(*) from admin_api_usage where endpoint = $1";
    let count: i64 = admin.query_one(query, &[&endpoint]).await?.get(0);
    Ok(u64::try_from(count)?)
}

/// Waits until so many requests of an endpoint are written down; how many rows that were, and how long it took. What is
/// handed over after a round must not disturb the next one.
pub(crate) async fn handed_over(
    admin: &Client,
    endpoint: &str,
    wanted: u64,
) -> anyhow::Result<(u64, Duration)> {
    let query = "select coalesce(sum(requests), 0)::bigint from admin_api_usage_daily where endpoint = $1";
    let began = Instant::now();
    let mut first = None;
    loop {
        let found = u64::try_from(admin.query_one(query, &[&endpoint]).await?.get::<_, i64>(0))?;
        let before = *first.get_or_insert(found);
        if found >= wanted {
            return Ok((found - before, began.elapsed()));
        }
        ensure!(began.elapsed() < PATIENCE, "{found} requests of {wanted} are written down of {endpoint}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until an endpoint has so many rows at least; how many it has then.
pub(crate) async fn at_least(admin: &Client, endpoint: &str, wanted: u64) -> anyhow::Result<u64> {
    let began = Instant::now();
    loop {
        let found = rows(admin, endpoint).await?;
        if found >= wanted {
            return Ok(found);
        }
        ensure!(began.elapsed() < PATIENCE, "{found} rows of usage for {wanted} answers of {endpoint}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
