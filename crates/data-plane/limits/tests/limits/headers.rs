//! What the caller is told.

use chrono_tz::Tz;
use limits::{CalendarUnit, Period};

use crate::nodes::{Accepted, at, connected, key_policy, node, patient};

#[tokio::test]
async fn the_fields_say_what_remains_and_until_when() {
    let redis = testkit::redis().await;
    let node = node(&redis.url(), patient(), &Accepted::new());
    connected(&node).await;
    let policy =
        key_policy(3, Period::Calendar { unit: CalendarUnit::Day, time_zone: Tz::America__New_York });
    // The wall clock is the test's: 90 seconds before midnight in New York.
    let evening = at("2046-06-16T03:58:30Z");
    let mut seen = Vec::new();
    for _ in 0..4 {
        let verdict = node.limiter.check(std::slice::from_ref(&policy), evening).await;
        let text = verdict.headers().unwrap().map(|value| value.to_str().unwrap().to_owned());
        seen.push((verdict.accepted, text[1].clone(), verdict.retry_after));
        assert_eq!(text[0], r#""key";q=3;w=86400"#);
    }
    // The clocks of this machine and of Redis are one; a few milliseconds between them may round to a second less.
    let shown: Vec<_> = seen.iter().map(|(accepted, text, _)| (*accepted, &text[..9])).collect();
    assert_eq!(
        shown,
        [(true, r#""key";r=2"#), (true, r#""key";r=1"#), (true, r#""key";r=0"#), (false, r#""key";r=0"#)]
    );
    assert!((89..=91).contains(&seen[3].2), "Retry-After: {}", seen[3].2);
    // After midnight it is another day.
    let verdict = node.limiter.check(std::slice::from_ref(&policy), at("2046-06-16T04:00:05Z")).await;
    assert_eq!(verdict.policies[0].remaining, Some(2));
}
