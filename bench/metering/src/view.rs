//! How fast the view of requests per day is, beside counting the requests themselves.

use std::time::Instant;

use anyhow::ensure;
use tokio_postgres::Client;

use crate::server::Server;
use crate::statistics::Sample;
use crate::{say, statistics};

/// What the view was before there were roll-ups.
const COUNTED: &str =
    "(select customer_id, (created_at at time zone 'UTC')::date as usage_date, count(*) as total_requests
    from admin_api_usage group by 1, 2) counted";

pub(crate) async fn measure(server: &Server, rows: i64) -> anyhow::Result<()> {
    let client = server.client(server.filled()).await?;
    let groups: i64 = client.query_one("select count(*) from admin_api_usage_daily", &[]).await?.get(0);
    say(&format!(
        "{rows} requests, {groups} roll-ups of 200 customers. Medians of 5 in milliseconds (least to most):"
    ));
    let one = "where customer_id = md5('7')::uuid";
    for (question, condition, from) in [
        ("one customer, all days", one, "admin_api_usage_summary"),
        ("everybody, all days", "", "admin_api_usage_summary"),
        ("everybody, yesterday", "where usage_date = current_date - 1", "admin_api_usage_summary"),
        ("one customer, all days, counted from the requests", one, COUNTED),
        ("everybody, all days, counted from the requests", "", COUNTED),
    ] {
        let sql = format!("select count(*), sum(total_requests)::bigint from {from} {condition}");
        let (sample, requests) = ask(&client, &sql).await?;
        say(&format!("  {question}: {} ms, {requests} requests", sample.spread_fine()));
        ensure!(!condition.is_empty() || requests == rows, "{requests} requests, not {rows}");
    }
    Ok(())
}

async fn ask(client: &Client, sql: &str) -> anyhow::Result<(statistics::Sample, i64)> {
    let mut sample = Sample::default();
    let mut requests = 0;
    for _ in 0..5 {
        let began = Instant::now();
        requests = client.query_one(sql, &[]).await?.get::<_, Option<i64>>(1).unwrap_or(0);
        sample.add(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok((sample, requests))
}
