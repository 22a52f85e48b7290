//! Leases from their beginning to their end, and limits that change.

use std::time::Duration;

use chrono_tz::Tz;
use limits::{CalendarUnit, LimiterConfig, Period};
use redis::AsyncCommands;

use crate::nodes::{Accepted, at, connected, key_policy, month, node, patient};

const LIMIT: Duration = Duration::from_secs(20);

/// How much Redis takes for used or held in the one count that it has.
pub(crate) async fn sum(redis: &testkit::Redis) -> u64 {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let keys: Vec<String> = connection.keys("sixty:limit:1:m:*").await.unwrap();
    let mut sum = 0;
    for key in keys {
        sum += connection.hget::<_, _, Option<u64>>(&key, "sum").await.unwrap().unwrap_or(0);
    }
    sum
}

#[tokio::test]
async fn unused_tokens_are_given_back_after_a_while() {
    let redis = testkit::redis().await;
    let node = node(&redis.url(), patient(), &Accepted::new());
    connected(&node).await;
    assert_eq!(node.send(vec![key_policy(10_000, month())], 500).await.unwrap(), 500);
    assert!(sum(&redis).await >= 500);
    testkit::wait_for("the rest to be given back", LIMIT, || async { sum(&redis).await == 500 }).await;
}

#[tokio::test]
async fn a_node_that_stops_gives_everything_back() {
    let redis = testkit::redis().await;
    let lazy = LimiterConfig { idle: Duration::from_secs(3600), ..patient() };
    let node = node(&redis.url(), lazy, &Accepted::new());
    connected(&node).await;
    let policy = key_policy(10_000, month());
    assert_eq!(node.send(vec![policy.clone()], 500).await.unwrap(), 500);
    node.end().await;
    assert_eq!(sum(&redis).await, 500);
    // Requests that come while the server drains still pass, and lease nothing in advance.
    assert_eq!(node.send(vec![policy], 100).await.unwrap(), 100);
    testkit::wait_for("the rest to be given back", LIMIT, || async { sum(&redis).await == 600 }).await;
}

#[tokio::test]
async fn idle_limits_are_forgotten_and_what_they_spent_isnt() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    let forgetful =
        LimiterConfig { idle: Duration::from_millis(1), forget: Duration::from_millis(100), ..patient() };
    let node = node(&redis.url(), forgetful, &accepted);
    connected(&node).await;
    let policy = key_policy(1_000, month());
    for round in 1..=3 {
        assert_eq!(node.send(vec![policy.clone()], 300).await.unwrap(), 300);
        testkit::wait_for("the limit to be forgotten", LIMIT, || async { node.limiter.health().limits == 0 })
            .await;
        assert_eq!(sum(&redis).await, round * 300);
    }
    assert_eq!(node.send(vec![policy], 300).await.unwrap(), 100);
    assert_eq!(accepted.asked.load(std::sync::atomic::Ordering::SeqCst), 1, "Redis had it all the time");
}

#[tokio::test]
async fn a_changed_limit_acts_at_the_next_request() {
    let redis = testkit::redis().await;
    let node = node(&redis.url(), patient(), &Accepted::new());
    connected(&node).await;
    let mut policy = key_policy(10_000, month());
    assert_eq!(node.send(vec![policy.clone()], 500).await.unwrap(), 500);
    // There are leased tokens in hand, and they are void.
    policy.quota = 500;
    assert!(!node.check(std::slice::from_ref(&policy)).await.accepted);
    policy.quota = 0;
    assert!(!node.check(std::slice::from_ref(&policy)).await.accepted);
    // 501 allows one more, at once, although nothing was left a moment ago.
    policy.quota = 501;
    assert!(node.check(std::slice::from_ref(&policy)).await.accepted);
    assert!(!node.check(std::slice::from_ref(&policy)).await.accepted);
    // Another period is another count.
    policy.period = Period::Sliding(Duration::from_secs(60));
    let verdict = node.check(std::slice::from_ref(&policy)).await;
    assert_eq!((verdict.accepted, verdict.policies[0].window_seconds), (true, Some(60)));
}

/// Clocks that go back and forth over midnight count no window anew.
#[tokio::test]
async fn a_window_that_comes_back_isnt_a_fresh_one() {
    let redis = testkit::redis().await;
    let node = node(&redis.url(), patient(), &Accepted::new());
    connected(&node).await;
    let policy = key_policy(5, Period::Calendar { unit: CalendarUnit::Day, time_zone: Tz::UTC });
    let (before, after) = (at("2046-06-15T23:59:30Z"), at("2046-06-16T00:00:30Z"));
    let (mut old, mut new) = (0, 0);
    for _ in 0..20 {
        old += u32::from(node.limiter.check(std::slice::from_ref(&policy), before).await.accepted);
        new += u32::from(node.limiter.check(std::slice::from_ref(&policy), after).await.accepted);
    }
    assert!((1..=5).contains(&old) && (1..=5).contains(&new), "{old} and {new} were accepted");
}
