//! What was used before Redis began to count is not forgotten.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use limits::{LimiterConfig, OnRedisLoss, Policy};

use crate::nodes::{Accepted, connected, key_policy, month, node, patient};

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_fresh_redis_begins_with_what_was_used() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    accepted.count.store(900, Ordering::SeqCst);
    let nodes = [node(&redis.url(), patient(), &accepted), node(&redis.url(), patient(), &accepted)];
    for node in &nodes {
        connected(node).await;
    }
    let policy = key_policy(1_000, month());
    testkit::wait_for("the rest to be used", LIMIT, || async {
        for node in &nodes {
            node.send(vec![policy.clone()], 20).await.unwrap();
        }
        accepted.count() >= 1_000
    })
    .await;
    for node in &nodes {
        assert_eq!(node.send(vec![policy.clone()], 200).await.unwrap(), 0);
    }
    assert_eq!(accepted.count(), 1_000);
}

#[tokio::test]
async fn without_postgresql_it_counts_from_nothing_and_learns_later() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    accepted.away.store(true, Ordering::SeqCst);
    accepted.count.store(500, Ordering::SeqCst);
    let node = node(&redis.url(), patient(), &accepted);
    connected(&node).await;
    let policy = key_policy(1_000, month());
    assert_eq!(node.send(vec![policy.clone()], 100).await.unwrap(), 100);
    let closed = Policy { on_redis_loss: OnRedisLoss::Closed, ..key_policy(1_000, month()) };
    assert!(!node.check(&[closed]).await.accepted, "what can't be known is refused where that is declared");
    accepted.away.store(false, Ordering::SeqCst);
    testkit::wait_for("the count to be caught up", LIMIT, || async {
        let verdict = node.check(std::slice::from_ref(&policy)).await;
        verdict.policies[0].remaining.is_some_and(|remaining| remaining < 450)
    })
    .await;
}

/// More patient than Redis needs on a busy machine, and less than PostgreSQL.
fn less_patient_than_postgresql() -> LimiterConfig {
    LimiterConfig { patience: Duration::from_secs(2), ..LimiterConfig::default() }
}

#[tokio::test]
async fn a_slow_postgresql_makes_no_more_of_a_quota_while_redis_is_well() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    accepted.slow.store(4_000, Ordering::SeqCst);
    let nodes: Vec<_> =
        (0..4).map(|_| node(&redis.url(), less_patient_than_postgresql(), &accepted)).collect();
    for node in &nodes {
        connected(node).await;
    }
    let policy = key_policy(100, month());
    let begun = Instant::now();
    let sent: Vec<_> = nodes.iter().map(|node| node.send(vec![policy.clone()], 100)).collect();
    let mut total = 0;
    for one in sent {
        total += one.await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(4), "nobody waits for PostgreSQL");
    assert_eq!(total, 100);
}

#[tokio::test]
async fn what_postgresql_says_late_is_added_to_what_was_used_meanwhile() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    accepted.slow.store(2_000, Ordering::SeqCst);
    accepted.count.store(500, Ordering::SeqCst);
    let node = node(&redis.url(), less_patient_than_postgresql(), &accepted);
    connected(&node).await;
    let policy = key_policy(1_000, month());
    assert_eq!(node.send(vec![policy.clone()], 100).await.unwrap(), 100);
    assert_eq!(accepted.answered.load(Ordering::SeqCst), 0, "nobody waited for PostgreSQL");
    testkit::wait_for("PostgreSQL's answer", LIMIT, || async {
        accepted.answered.load(Ordering::SeqCst) > 0
    })
    .await;
    testkit::wait_for("the rest of the quota to be used", LIMIT, || async {
        node.send(vec![policy.clone()], 20).await.unwrap();
        accepted.count() >= 1_000
    })
    .await;
    node.send(vec![policy.clone()], 200).await.unwrap();
    assert_eq!(accepted.count(), 1_000);
}
