//! Redis comes back as it was some time ago: restored from a snapshot, or a replica that lagged behind.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use limits::Policy;
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;

use crate::lifecycle::sum;
use crate::nodes::{Accepted, Node, connected, key_policy, month, node, patient};

const LIMIT: Duration = Duration::from_secs(20);
const QUOTA: u64 = 10_000;
/// What PostgreSQL had counted when Redis began to.
const USED_BEFORE: u64 = 5_000;

async fn two(redis: &testkit::Redis, accepted: &Arc<Accepted>) -> [Node; 2] {
    let nodes = [0, 1].map(|_| node(&redis.url(), patient(), accepted));
    for node in &nodes {
        connected(node).await;
    }
    nodes
}

async fn connection(redis: &testkit::Redis) -> MultiplexedConnection {
    let client = redis::Client::open(redis.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// What Redis knows now is what it comes back with.
async fn take_snapshot(redis: &testkit::Redis) {
    redis::cmd("SAVE").exec_async(&mut connection(redis).await).await.unwrap();
}

async fn dies_and_comes_back(redis: &mut testkit::Redis, nodes: [&Node; 2]) {
    redis.kill();
    for node in nodes {
        testkit::wait_for("the loss to be noticed", LIMIT, || async { !node.limiter.health().redis }).await;
    }
    redis.start().await;
    for node in nodes {
        connected(node).await;
    }
}

async fn send(node: &Node, policy: &Policy, requests: u64) -> u64 {
    node.send(vec![policy.clone()], requests).await.unwrap()
}

/// Uses what is left, on all nodes: all of it, and not one more.
async fn use_up(nodes: &[&Node], policy: &Policy, accepted: &Arc<Accepted>) {
    testkit::wait_for("the rest of the quota to be used", LIMIT, || async {
        for node in nodes {
            send(node, policy, 200).await;
        }
        accepted.count() >= policy.quota
    })
    .await;
    for node in nodes {
        send(node, policy, 1_000).await;
    }
    assert_eq!(accepted.count(), policy.quota);
}

#[tokio::test]
async fn who_came_after_the_snapshot_makes_no_more_of_a_quota() {
    let mut redis = testkit::redis().await;
    let accepted = Accepted::new();
    accepted.count.store(USED_BEFORE, Ordering::SeqCst);
    let [first, second] = two(&redis, &accepted).await;
    let policy = key_policy(QUOTA, month());
    assert_eq!(send(&first, &policy, 100).await, 100);
    take_snapshot(&redis).await;
    // One is in the snapshot with less than it has used, the other isn't in it.
    assert_eq!(send(&first, &policy, 300).await, 300);
    assert_eq!(send(&second, &policy, 2_000).await, 2_000);
    dies_and_comes_back(&mut redis, [&first, &second]).await;
    use_up(&[&first, &second], &policy, &accepted).await;
}

/// Nobody asks the one who came after it any more: it speaks all the same.
#[tokio::test]
async fn nor_does_who_is_idle_when_redis_comes_back() {
    let mut redis = testkit::redis().await;
    let accepted = Accepted::new();
    accepted.count.store(USED_BEFORE, Ordering::SeqCst);
    let [first, second] = two(&redis, &accepted).await;
    let policy = key_policy(QUOTA, month());
    assert_eq!(send(&first, &policy, 100).await, 100);
    take_snapshot(&redis).await;
    assert_eq!(send(&second, &policy, 2_000).await, 2_000);
    testkit::wait_for("the rest to be given back", LIMIT, || async { sum(&redis).await == 2_100 }).await;
    dies_and_comes_back(&mut redis, [&first, &second]).await;
    use_up(&[&first], &policy, &accepted).await;
}

#[tokio::test]
async fn nor_does_who_came_after_a_snapshot_of_an_older_version() {
    let mut redis = testkit::redis().await;
    let accepted = Accepted::new();
    accepted.count.store(USED_BEFORE, Ordering::SeqCst);
    let policy = key_policy(QUOTA, month());
    {
        // What an older version leaves behind: it draws no lots.
        let older = node(&redis.url(), patient(), &accepted);
        connected(&older).await;
        assert_eq!(send(&older, &policy, 100).await, 100);
        older.end().await;
        let mut connection = connection(&redis).await;
        let keys: Vec<String> = connection.keys("sixty:limit:1:m:*").await.unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!(connection.hdel::<_, _, u64>(&keys[0], "birth").await.unwrap(), 1);
    }
    take_snapshot(&redis).await;
    let [first, second] = two(&redis, &accepted).await;
    assert_eq!(send(&first, &policy, 300).await, 300);
    assert_eq!(send(&second, &policy, 2_000).await, 2_000);
    dies_and_comes_back(&mut redis, [&first, &second]).await;
    use_up(&[&first, &second], &policy, &accepted).await;
}

/// The other way round: Redis has nothing, and what PostgreSQL says contains what both have used.
#[tokio::test]
async fn a_count_that_is_begun_anew_makes_no_less_of_a_quota() {
    let mut redis = testkit::redis().await;
    let accepted = Accepted::new();
    let [first, second] = two(&redis, &accepted).await;
    let policy = key_policy(1_000, month());
    assert_eq!(send(&first, &policy, 300).await, 300);
    assert_eq!(send(&second, &policy, 300).await, 300);
    // With nothing in hand they use nothing while PostgreSQL is asked.
    testkit::wait_for("the rest to be given back", LIMIT, || async { sum(&redis).await == 600 }).await;
    dies_and_comes_back(&mut redis, [&first, &second]).await;
    use_up(&[&first, &second], &policy, &accepted).await;
}
