//! What a check costs in one process, beside the way without leases: INCR and EXPIRE in Redis for each request, in one
//! round trip, over a connection that all requests share.

use std::time::Instant;

use anyhow::{Result, ensure};
use chrono::Utc;
use domain::CustomerId;
use limits::Limiter;
use redis::aio::MultiplexedConnection;

use crate::node::{limiter, policy};
use crate::redis_server::Redis;
use crate::{median, spread};

/// Never reached.
const QUOTA: u64 = 1_000_000_000;

pub(crate) async fn run(redis: &Redis, rounds: u32, requests: u64) -> Result<()> {
    let limiter = limiter(&redis.url).await;
    let client = redis::Client::open(redis.url.as_str())?;
    let connection = client.get_multiplexed_async_connection().await?;
    for abreast in [1, 64] {
        println!("nanoseconds per check, {abreast} at a time, wall clock over the number of checks:");
        let (mut ours, mut peers, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let before = limiter.health();
        for round in 0..rounds {
            let customer = CustomerId::generate();
            let peer_requests = (requests / 10).max(abreast);
            // Whoever goes first changes with each round.
            let (our, peer) = if round % 2 == 0 {
                let our = leased(&limiter, customer, requests, abreast).await?;
                (our, counted(&connection, customer, peer_requests, abreast).await?)
            } else {
                let peer = counted(&connection, customer, peer_requests, abreast).await?;
                (leased(&limiter, customer, requests, abreast).await?, peer)
            };
            ours.push(our);
            peers.push(peer);
            ratios.push(peer / our);
        }
        let after = limiter.health();
        let waited = (after.waited - before.waited) as f64 / (after.checks - before.checks) as f64 * 100.0;
        show("leased slices", &ours);
        println!("    {waited:.3} % of the checks waited for Redis");
        show("INCR and EXPIRE per request", &peers);
        let (least, most) = spread(&ratios);
        println!("  ratio: {:.0} (median), {least:.0} to {most:.0}\n", median(&ratios));
    }
    fields(&limiter, rounds, requests).await;
    Ok(())
}

fn show(name: &str, numbers: &[f64]) {
    let (least, most) = spread(numbers);
    println!("  {name}: median {:.0}, {least:.0} to {most:.0}", median(numbers));
}

async fn leased(limiter: &Limiter, customer: CustomerId, requests: u64, abreast: u64) -> Result<f64> {
    let begun = Instant::now();
    let senders: Vec<_> = (0..abreast)
        .map(|_| {
            let (limiter, policies) = (limiter.clone(), [policy(customer, QUOTA)]);
            tokio::spawn(async move {
                let mut accepted = 0;
                for _ in 0..requests / abreast {
                    accepted += u64::from(limiter.check(&policies, Utc::now()).await.accepted);
                }
                accepted
            })
        })
        .collect();
    let mut accepted = 0;
    for sender in senders {
        accepted += sender.await?;
    }
    let all = requests / abreast * abreast;
    let nanoseconds = begun.elapsed().as_nanos() as f64 / all as f64;
    ensure!(accepted == all, "{accepted} of {all} were accepted");
    Ok(nanoseconds)
}

async fn counted(
    connection: &MultiplexedConnection,
    customer: CustomerId,
    requests: u64,
    abreast: u64,
) -> Result<f64> {
    let begun = Instant::now();
    let senders: Vec<_> = (0..abreast)
        .map(|_| {
            let mut connection = connection.clone();
            let key = format!("peer:{customer}");
            tokio::spawn(async move {
                let mut last = 0_u64;
                for _ in 0..requests / abreast {
                    (last,) = redis::pipe()
                        .incr(&key, 1)
                        .expire(&key, 86_400)
                        .ignore()
                        .query_async(&mut connection)
                        .await?;
                }
                redis::RedisResult::Ok(last)
            })
        })
        .collect();
    let mut most = 0;
    for sender in senders {
        most = most.max(sender.await??);
    }
    let all = requests / abreast * abreast;
    let nanoseconds = begun.elapsed().as_nanos() as f64 / all as f64;
    ensure!(most == all, "{most} of {all} were counted");
    Ok(nanoseconds)
}

/// The two header fields.
async fn fields(limiter: &Limiter, rounds: u32, requests: u64) {
    let verdict = limiter.check(&[policy(CustomerId::generate(), QUOTA)], Utc::now()).await;
    let mut times = Vec::new();
    for _ in 0..rounds {
        let begun = Instant::now();
        for _ in 0..requests {
            std::hint::black_box(std::hint::black_box(&verdict).headers());
        }
        times.push(begun.elapsed().as_nanos() as f64 / requests as f64);
    }
    show("nanoseconds for the two header fields", &times);
}
