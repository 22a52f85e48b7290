//! Never more than the quota, and all of it.

use std::time::Duration;

use limits::Period;

use crate::nodes::{Accepted, Node, connected, key_policy, month, node, patient};

const QUOTA: u64 = 10_000;

async fn four(url: &str, accepted: &std::sync::Arc<Accepted>) -> Vec<Node> {
    let nodes: Vec<Node> = (0..4).map(|_| node(url, patient(), accepted)).collect();
    for node in &nodes {
        connected(node).await;
    }
    nodes
}

#[tokio::test]
async fn four_nodes_accept_exactly_the_quota() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    let nodes = four(&redis.url(), &accepted).await;
    for round in 0..5 {
        let policy = key_policy(QUOTA, month());
        accepted.count.store(0, std::sync::atomic::Ordering::SeqCst);
        let sent: Vec<_> = nodes.iter().map(|node| node.send(vec![policy.clone()], 10_000)).collect();
        let mut total = 0;
        for one in sent {
            total += one.await.unwrap();
        }
        assert_eq!(total, QUOTA, "round {round}");
    }
}

/// What one node leased and doesn't use is asked back when another runs dry.
#[tokio::test]
async fn what_lies_idle_is_used_by_others() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    let nodes = four(&redis.url(), &accepted).await;
    let policy = key_policy(1_000, month());
    // Each takes some, one after the other, and leaves a leased slice behind.
    let mut total = 0;
    for node in &nodes[..3] {
        total += node.send(vec![policy.clone()], 150).await.unwrap();
    }
    assert_eq!(total, 450);
    total += nodes[3].send(vec![policy.clone()], 1_000).await.unwrap();
    assert_eq!(total, 1_000);
}

#[tokio::test]
async fn a_node_that_is_killed_takes_little_with_it_and_never_makes_more() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    let mut nodes = four(&redis.url(), &accepted).await;
    let policy = key_policy(QUOTA, month());
    let sent: Vec<_> = nodes.iter().map(|node| node.send(vec![policy.clone()], 10_000)).collect();
    testkit::wait_for("a part of the quota to be used", Duration::from_secs(20), || async {
        accepted.count() > QUOTA / 4
    })
    .await;
    nodes[0].kill();
    for one in sent {
        // The killed node's requests end with it.
        let _ = one.await;
    }
    let total = accepted.count();
    assert!(total <= QUOTA, "{total} were accepted");
    // It held no more than a few thirty-seconds of the quota.
    assert!(total >= QUOTA - QUOTA / 8, "only {total} were accepted");
}

/// A quota that is smaller than the number of nodes' usual slices.
#[tokio::test]
async fn a_small_quota_is_exact_too() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    let nodes = four(&redis.url(), &accepted).await;
    for quota in [0, 1, 3, 10, 33] {
        let policy = key_policy(quota, month());
        accepted.count.store(0, std::sync::atomic::Ordering::SeqCst);
        let sent: Vec<_> = nodes.iter().map(|node| node.send(vec![policy.clone()], 100)).collect();
        let mut total = 0;
        for one in sent {
            total += one.await.unwrap();
        }
        assert_eq!(total, quota);
    }
}

/// How often Redis was asked to run a script.
async fn asked(redis: &testkit::Redis) -> u64 {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let told: String = redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await.unwrap();
    let calls = |line: &str| line.split_once("calls=")?.1.split(',').next()?.parse::<u64>().ok();
    told.lines().filter(|line| line.starts_with("cmdstat_eval")).filter_map(calls).sum()
}

#[tokio::test]
async fn hardly_any_request_asks_redis() {
    const REQUESTS: u64 = 20_000;
    let redis = testkit::redis().await;
    let nodes = four(&redis.url(), &Accepted::new()).await;
    let policies =
        [key_policy(1_000_000, month()), key_policy(1_000_000, Period::Sliding(Duration::from_secs(60)))];
    for policy in policies {
        let before = asked(&redis).await;
        let sent: Vec<_> = nodes.iter().map(|node| node.send(vec![policy.clone()], REQUESTS / 4)).collect();
        for one in sent {
            assert_eq!(one.await.unwrap(), REQUESTS / 4);
        }
        let asked = asked(&redis).await - before;
        assert!(asked > 0 && asked * 50 < REQUESTS, "Redis was asked {asked} times for {REQUESTS} requests");
    }
}
