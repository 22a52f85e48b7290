//! What was used before Redis began to count is not forgotten.

use std::sync::atomic::Ordering;
use std::time::Duration;

use limits::{OnRedisLoss, Policy};

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
