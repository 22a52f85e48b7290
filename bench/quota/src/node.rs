//! A node: a process with a limiter, that sends requests when it is told to.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use async_trait::async_trait;
use chrono::Utc;
use chrono_tz::Tz;
use domain::{ApiKeyId, CustomerId};
use limits::{
    CalendarUnit, Limiter, LimiterConfig, OnRedisLoss, Period, Policy, QuotaSeed, SeedError, Span, Subject,
};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio_util::sync::CancellationToken;

/// Nothing was used before.
pub(crate) struct Unused;

#[async_trait]
impl QuotaSeed for Unused {
    async fn used(&self, _subject: &Subject, _span: Span) -> Result<u64, SeedError> {
        Ok(0)
    }
}

pub(crate) fn policy(customer: CustomerId, quota: u64) -> Policy {
    Policy {
        name: "key",
        subject: Subject::key(customer, ApiKeyId(customer.uuid())),
        quota,
        period: Period::Calendar { unit: CalendarUnit::Month, time_zone: Tz::UTC },
        on_redis_loss: OnRedisLoss::NodeLocal,
    }
}

/// A limiter that is connected. Its patience is long: two cores that run four nodes, the load and Redis are no loss
/// of Redis.
pub(crate) async fn limiter(url: &str) -> Limiter {
    let config = LimiterConfig { patience: Duration::from_secs(10), ..LimiterConfig::default() };
    let limiter = Limiter::start(config, url.to_owned(), Arc::new(Unused), CancellationToken::new());
    while !(limiter.health().redis && limiter.health().recalls) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    limiter
}

/// Arguments: the URL of Redis, requests, how many at a time, the quota, the customer, a file for a byte per accepted
/// request (so that it is known how many a killed node had accepted).
pub(crate) async fn run(arguments: &[String]) -> Result<()> {
    let [url, requests, abreast, quota, customer, file] = arguments else {
        anyhow::bail!("a node needs six arguments");
    };
    let (requests, abreast): (u64, u64) = (requests.parse()?, abreast.parse()?);
    let policies = Arc::new([policy(customer.parse()?, quota.parse()?)]);
    let accepted_file = PathBuf::from(file);
    let limiter = limiter(url).await;
    println!("ready");
    let mut line = String::new();
    BufReader::new(tokio::io::stdin()).read_line(&mut line).await.context("waiting for the start")?;
    let begun = Instant::now();
    let senders: Vec<_> = (0..abreast)
        .map(|sender| {
            let (limiter, policies, file) = (limiter.clone(), Arc::clone(&policies), accepted_file.clone());
            let share = requests / abreast + u64::from(sender < requests % abreast);
            tokio::spawn(async move {
                let mut file = OpenOptions::new().append(true).open(file)?;
                for _ in 0..share {
                    if limiter.check(&*policies, Utc::now()).await.accepted {
                        file.write_all(b"x")?;
                    }
                    // As a server does between two requests of a connection.
                    tokio::task::yield_now().await;
                }
                Ok::<_, std::io::Error>(())
            })
        })
        .collect();
    for sender in senders {
        sender.await??;
    }
    let health = limiter.health();
    println!("{} {} {} {}", health.checks, health.waited, health.alone, begun.elapsed().as_micros());
    // What is in hand goes back, as from a server that lives on. The parent ends this process.
    std::future::pending().await
}
