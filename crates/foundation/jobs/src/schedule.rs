//! When a periodic job is due. Time is cut into periods, and each period has the job at most once.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};

/// How often a job is queued by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Once in every stretch of this length (at least a second), counted from 1970.
    Every(Duration),
    /// Once a day, from this time of day on (UTC).
    Daily {
        /// The hour, 0 to 23.
        hour: u32,
        /// The minute, 0 to 59.
        minute: u32,
    },
}

impl Schedule {
    /// When the period began that `now` lies in. The job belongs to the period, not to the moment: a worker that
    /// was down at the due time makes up for it as long as the period lasts.
    #[must_use]
    pub fn period_start(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::Every(length) => {
                let seconds = i64::try_from(length.as_secs()).unwrap_or(i64::MAX).max(1);
                let start = now.timestamp() - now.timestamp().rem_euclid(seconds);
                Utc.timestamp_opt(start, 0).single().unwrap_or(now)
            }
            Self::Daily { hour, minute } => {
                let due = NaiveTime::from_hms_opt(hour.min(23), minute.min(59), 0).unwrap_or(NaiveTime::MIN);
                let today = now.date_naive().and_time(due).and_utc();
                if today <= now { today } else { today - TimeDelta::days(1) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_its_due_time() {
        let nightly = Schedule::Daily { hour: 2, minute: 30 };
        assert_eq!(nightly.period_start(at("2026-11-23T02:30:00Z")), at("2026-11-23T02:30:00Z"));
        assert_eq!(nightly.period_start(at("2026-11-23T02:29:59Z")), at("2026-11-22T02:30:00Z"));
        assert_eq!(nightly.period_start(at("2026-11-23T23:59:59Z")), at("2026-11-23T02:30:00Z"));
    }

    #[test]
    fn stretches_are_the_same_for_every_worker() {
        let every = Schedule::Every(Duration::from_secs(10));
        assert_eq!(every.period_start(at("2026-11-23T00:00:19.9Z")), at("2026-11-23T00:00:10Z"));
        assert_eq!(every.period_start(at("2026-11-23T00:00:20Z")), at("2026-11-23T00:00:20Z"));
    }

    proptest! {
        #[test]
        fn a_period_holds_its_moment_and_begins_with_itself(
            seconds in 0_i64..4_000_000_000, hour in 0_u32..24, minute in 0_u32..60, length in 0_u64..100_000,
        ) {
            let now = Utc.timestamp_opt(seconds, 0).unwrap();
            for schedule in [Schedule::Daily { hour, minute }, Schedule::Every(Duration::from_secs(length))] {
                let start = schedule.period_start(now);
                prop_assert!(start <= now);
                prop_assert_eq!(schedule.period_start(start), start);
            }
        }
    }
}
