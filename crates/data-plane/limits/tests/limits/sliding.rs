//! Sliding periods over several nodes.

use std::time::{Duration, Instant};

use limits::Period;

use crate::nodes::{Accepted, Node, connected, key_policy, node, patient};

#[tokio::test]
async fn the_quota_and_what_flows_off_and_not_one_more() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    let nodes: Vec<Node> = (0..4).map(|_| node(&redis.url(), patient(), &accepted)).collect();
    for node in &nodes {
        connected(node).await;
    }
    let hour = Duration::from_secs(3600);
    let policy = key_policy(10_000, Period::Sliding(hour));
    let begun = Instant::now();
    let sent: Vec<_> = nodes.iter().map(|node| node.send(vec![policy.clone()], 10_000)).collect();
    let mut total = 0;
    for one in sent {
        total += one.await.unwrap();
    }
    let flowed = begun.elapsed().as_secs_f64() * 10_000.0 / hour.as_secs_f64();
    assert!(total >= 10_000, "only {total} were accepted");
    assert!(total as f64 <= 10_000.0 + flowed + 1.0, "{total} were accepted, and {flowed} flowed off");
    let verdict = nodes[0].check(&[policy]).await;
    if !verdict.accepted {
        assert_eq!((verdict.policies[0].remaining, verdict.retry_after), (Some(0), 1));
    }
}

/// Under a load that never ends, what comes back is accepted, by whichever node asks first.
#[tokio::test]
async fn under_steady_overload_exactly_the_rate_is_accepted() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    let nodes: Vec<Node> = (0..2).map(|_| node(&redis.url(), patient(), &accepted)).collect();
    for node in &nodes {
        connected(node).await;
    }
    let policy = key_policy(200, Period::Sliding(Duration::from_secs(1)));
    let begun = Instant::now();
    while accepted.count() < 800 && begun.elapsed() < Duration::from_secs(30) {
        for node in &nodes {
            node.send(vec![policy.clone()], 50).await.unwrap();
        }
    }
    let total = accepted.count() as f64;
    let allowed = 200.0 + begun.elapsed().as_secs_f64() * 200.0 + 1.0;
    assert!(total >= 800.0 && total <= allowed, "{total} were accepted of {allowed}");
}

/// A flushed Redis isn't a fresh quota.
#[tokio::test]
async fn a_flushed_redis_gives_no_second_burst() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    let node = node(&redis.url(), patient(), &accepted);
    connected(&node).await;
    let policy = key_policy(1_000, Period::Sliding(Duration::from_secs(3600)));
    let first = node.send(vec![policy.clone()], 2_000).await.unwrap();
    assert!((1_000..1_020).contains(&first), "{first}");
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("FLUSHALL").exec_async(&mut connection).await.unwrap();
    let again = node.send(vec![policy], 2_000).await.unwrap();
    assert!(again < 20, "{again} more were accepted");
}
