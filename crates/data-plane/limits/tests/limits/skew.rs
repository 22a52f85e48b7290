//! Nodes whose clocks go wrong count in the same windows as all others.

use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use limits::{CalendarUnit, LimiterConfig, Period};

use crate::nodes::{Accepted, connected, key_policy, node, patient};

const QUOTA: u64 = 2_000;

fn an_hour_ahead() -> DateTime<Utc> {
    Utc::now() + TimeDelta::minutes(59)
}

fn an_hour_behind() -> DateTime<Utc> {
    Utc::now() - TimeDelta::minutes(59)
}

/// A time zone in which one of the two wrong clocks shows another day than the right one, and the right one won't for
/// a while.
fn zone_near_midnight() -> Tz {
    let now = Utc::now();
    let hour = if (1..58).contains(&now.minute()) { 23 } else { 0 };
    *TZ_VARIANTS
        .iter()
        .find(|zone| zone.name().starts_with("Etc/GMT") && now.with_timezone(*zone).hour() == hour)
        .unwrap()
}

#[tokio::test]
async fn clocks_that_are_an_hour_off_still_share_the_day() {
    let redis = testkit::redis().await;
    let accepted = Accepted::new();
    let clocks: [fn() -> DateTime<Utc>; 3] = [an_hour_ahead, an_hour_behind, Utc::now];
    let nodes = clocks.map(|clock| node(&redis.url(), LimiterConfig { clock, ..patient() }, &accepted));
    for node in &nodes {
        connected(node).await;
    }
    let period = Period::Calendar { unit: CalendarUnit::Day, time_zone: zone_near_midnight() };
    let policy = key_policy(QUOTA, period);
    let sent = nodes.each_ref().map(|node| node.send(vec![policy.clone()], QUOTA));
    let mut total = 0;
    for one in sent {
        total += one.await.unwrap();
    }
    assert_eq!(total, QUOTA);
    // All say the same of when it begins anew, give or take the second in which they are asked.
    let mut resets = Vec::new();
    for node in &nodes {
        let verdict = node.check(std::slice::from_ref(&policy)).await;
        assert!(!verdict.accepted, "{verdict:?}");
        resets.push(verdict.policies[0].reset_seconds.unwrap());
    }
    let (least, most) = (resets.iter().min().unwrap(), resets.iter().max().unwrap());
    assert!(most - least <= 2, "{resets:?}");
}
