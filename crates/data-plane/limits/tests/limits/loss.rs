//! Redis goes away, hangs, forgets, refuses: nobody waits long, nothing fails, and nothing is lost.

use std::time::{Duration, Instant};

use limits::{LimiterConfig, OnRedisLoss, Policy};

use crate::nodes::{Accepted, Node, connected, key_policy, month, node, patient};

const LIMIT: Duration = Duration::from_secs(20);

async fn lost(node: &Node) {
    testkit::wait_for("the loss to be noticed", LIMIT, || async { !node.limiter.health().redis }).await;
}

fn declared(on_redis_loss: OnRedisLoss, quota: u64) -> Policy {
    Policy { on_redis_loss, ..key_policy(quota, month()) }
}

/// How many of these are accepted, and what the last one was told.
async fn count(node: &Node, policy: &Policy, requests: u64) -> u64 {
    node.send(vec![policy.clone()], requests).await.unwrap()
}

#[tokio::test]
async fn each_declared_behaviour_holds_while_redis_is_away_and_redis_hears_of_it() {
    let mut redis = testkit::redis().await;
    let proxy = testkit::fault_proxy(redis.port()).await;
    let accepted = Accepted::new();
    // Longer than a busy machine keeps an answer back, which would be taken for a lost Redis.
    let config = LimiterConfig { patience: Duration::from_secs(2), ..LimiterConfig::default() };
    let node = node(&redis.url_through(proxy.port()), config, &accepted);
    connected(&node).await;
    let local = declared(OnRedisLoss::NodeLocal, 1_000);
    let open = declared(OnRedisLoss::Open, 1_000);
    let closed = declared(OnRedisLoss::Closed, 1_000);
    for policy in [&local, &open, &closed] {
        // One at a time, so that nothing is leased in advance.
        assert!(node.check(std::slice::from_ref(policy)).await.accepted);
    }
    proxy.refuse();
    lost(&node).await;
    assert_eq!(count(&node, &local, 2_000).await, 999);
    assert_eq!(count(&node, &open, 2_000).await, 2_000);
    // What was leased before may be spent.
    assert!(count(&node, &closed, 2_000).await <= 1_000 / 32);
    let refused = node.check(std::slice::from_ref(&closed)).await;
    assert!(!refused.accepted && refused.is_undecided && refused.retry_after >= 1);
    let [_, stands] = refused.headers().unwrap();
    assert!(stands.to_str().unwrap().contains(";r=0;"), "{stands:?}");
    let refused = node.check(std::slice::from_ref(&local)).await;
    assert_eq!(
        (refused.accepted, refused.policies[0].remaining, refused.is_undecided),
        (false, Some(0), false)
    );

    proxy.resume();
    connected(&node).await;
    // Another node learns from Redis what was spent meanwhile.
    let accepted = Accepted::new();
    let other = crate::nodes::node(&redis.url(), patient(), &accepted);
    connected(&other).await;
    testkit::wait_for("Redis to hear of it", LIMIT, || async {
        !other.check(std::slice::from_ref(&local)).await.accepted
    })
    .await;
    assert!(accepted.count() <= 1, "Redis heard late, or never");
    assert!(node.check(std::slice::from_ref(&closed)).await.accepted);
    redis.kill();
}

#[tokio::test]
async fn a_redis_that_hangs_makes_one_request_wait_and_no_other() {
    let redis = testkit::redis().await;
    let proxy = testkit::fault_proxy(redis.port()).await;
    let node = node(&redis.url_through(proxy.port()), LimiterConfig::default(), &Accepted::new());
    connected(&node).await;
    let policy = key_policy(1_000_000, month());
    assert!(node.check(std::slice::from_ref(&policy)).await.accepted);
    proxy.pause();
    assert_eq!(count(&node, &policy, 10_000).await, 10_000);
    lost(&node).await;
    let waited = node.limiter.health().waited;
    assert_eq!(count(&node, &policy, 10_000).await, 10_000);
    for _ in 0..100 {
        assert!(node.check(&[key_policy(10, month())]).await.accepted);
    }
    assert_eq!(node.limiter.health().waited, waited, "nobody waits for a Redis that is known to hang");
    proxy.resume();
    connected(&node).await;
    let begun = Instant::now();
    assert_eq!(count(&node, &policy, 1_000).await, 1_000);
    assert!(begun.elapsed() < LIMIT);
}

#[tokio::test]
async fn a_redis_that_isnt_there_at_the_start_is_found_later() {
    let mut redis = testkit::redis().await;
    redis.kill();
    let node = node(&redis.url(), LimiterConfig::default(), &Accepted::new());
    let policy = key_policy(100, month());
    assert_eq!(count(&node, &policy, 60).await, 60);
    redis.start().await;
    connected(&node).await;
    assert_eq!(count(&node, &policy, 60).await, 40);
}

/// Flushed while four nodes send.
#[tokio::test]
async fn a_redis_that_forgets_makes_no_more_of_the_quota() {
    const QUOTA: u64 = 20_000;
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    let nodes: Vec<_> = (0..4).map(|_| node(&redis.url(), patient(), &accepted)).collect();
    for node in &nodes {
        connected(node).await;
    }
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let policy = key_policy(QUOTA, month());
    let sent: Vec<_> = nodes.iter().map(|node| node.send(vec![policy.clone()], 4_000)).collect();
    testkit::wait_for("a part to be used", LIMIT, || async { accepted.count() > 4_000 }).await;
    redis::cmd("FLUSHALL").exec_async(&mut connection).await.unwrap();
    for one in sent {
        one.await.unwrap();
    }
    // What a node had accepted since its last word may count twice, in PostgreSQL and as its own: a slice or two each.
    let enough = QUOTA - QUOTA / 4;
    testkit::wait_for("nearly all of it to be used", LIMIT, || async {
        for node in &nodes {
            count(node, &policy, 500).await;
        }
        accepted.count() >= enough
    })
    .await;
    for node in &nodes {
        count(node, &policy, 5_000).await;
    }
    let total = accepted.count();
    assert!(total <= QUOTA, "{total} were accepted");
}

#[tokio::test]
async fn a_restarted_empty_redis_learns_from_the_nodes() {
    let mut redis = testkit::redis().await;
    let accepted = Accepted::new();
    let node = node(&redis.url(), patient(), &accepted);
    connected(&node).await;
    let policy = key_policy(1_000, month());
    assert_eq!(count(&node, &policy, 600).await, 600);
    redis.kill();
    lost(&node).await;
    redis.start().await;
    connected(&node).await;
    testkit::wait_for("the rest of the quota to be used", LIMIT, || async {
        count(&node, &policy, 100).await;
        accepted.count() >= 1_000
    })
    .await;
    assert_eq!(count(&node, &policy, 1_000).await, 0);
    assert_eq!(accepted.count(), 1_000);
}

/// A Redis that answers, but with errors: read only.
#[tokio::test]
async fn a_redis_that_answers_errors_is_as_good_as_away() {
    let redis = testkit::redis().await;
    let node = node(&redis.url(), LimiterConfig::default(), &Accepted::new());
    connected(&node).await;
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let replica = |host: &'static str, port: &'static str| {
        let mut command = redis::cmd("REPLICAOF");
        command.arg(host).arg(port);
        command
    };
    // A replica of a server that isn't there refuses writes.
    replica("127.0.0.1", "1").exec_async(&mut connection).await.unwrap();
    let policy = key_policy(100, month());
    assert_eq!(count(&node, &policy, 150).await, 100);
    lost(&node).await;
    assert_eq!(count(&node, &policy, 50).await, 0);
    replica("NO", "ONE").exec_async(&mut connection).await.unwrap();
    connected(&node).await;
    assert_eq!(count(&node, &policy, 50).await, 0);
}
