//! A sliding period: GCRA, in its form as a leaky bucket. Each accepted request adds one to a level that sinks
//! evenly, a whole quota in a period; a request passes while the level stays within the quota.
//!
//! Tokens in a node's hand are part of the level, and the level doesn't sink below what all nodes hold. So what is
//! held and what can still be leased are never more than the quota together, and a held slice can't become a burst
//! on top of a full one. A hand expires after [`HAND_LIVES`], and its tokens flow off with the rest.

use std::time::{Duration, Instant};

/// How long leased tokens of a sliding period may be spent. Redis counts them as held for half a second more.
pub(crate) const HAND_LIVES: Duration = Duration::from_millis(1500);

/// A fraction of a request that rounding may lose.
const ROUNDING: f64 = 1e-6;

/// One node's part of a sliding period.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) period: Duration,
    pub(crate) hand: u64,
    pub(crate) hand_until: Instant,
    /// Used by all nodes, what is in hand included, at the time `at`, as far as this node knows.
    pub(crate) level: f64,
    pub(crate) at: Instant,
    /// Accepted without a token while Redis was away, and not told to it yet.
    pub(crate) debt: u64,
    /// Whether Redis has ever heard of this node here.
    pub(crate) known: bool,
}

impl Flow {
    pub(crate) fn new(period: Duration, now: Instant) -> Self {
        Self { period, hand: 0, hand_until: now, level: 0.0, at: now, debt: 0, known: false }
    }

    /// Requests per second.
    fn rate(&self, quota: u64) -> f64 {
        as_float(quota) / self.period.as_secs_f64()
    }

    /// Lets the time pass until `now`.
    pub(crate) fn advance(&mut self, quota: u64, now: Instant) {
        if self.hand > 0 && now >= self.hand_until {
            self.hand = 0;
        }
        let sunk = now.saturating_duration_since(self.at).as_secs_f64() * self.rate(quota);
        self.level = (self.level - sunk).max(as_float(self.hand));
        self.at = self.at.max(now);
    }

    /// Another quota: what was used stands for the same share of the period, and the old quota's tokens are void.
    pub(crate) fn change_quota(&mut self, old: u64, new: u64) {
        self.hand = 0;
        self.level = if old == 0 { 0.0 } else { self.level * as_float(new) / as_float(old) };
    }

    /// Spends a token that is in hand.
    pub(crate) fn take_hand(&mut self) -> bool {
        let some = self.hand > 0;
        self.hand -= u64::from(some);
        some
    }

    /// Accepts without Redis, by this node's own count.
    pub(crate) fn take_alone(&mut self, quota: u64) -> bool {
        let fits = self.free(quota) >= 1;
        if fits {
            self.take_anyway(quota);
        }
        fits
    }

    pub(crate) fn take_anyway(&mut self, quota: u64) {
        self.debt += 1;
        self.level = (self.level + 1.0).min(as_float(quota));
    }

    /// Undoes a take from the hand. When the hand has expired since, the token flows off.
    pub(crate) fn give_back_hand(&mut self, now: Instant) {
        self.hand += u64::from(now < self.hand_until);
    }

    /// Undoes a take without Redis.
    pub(crate) fn give_back_alone(&mut self) {
        self.debt = self.debt.saturating_sub(1);
        self.level = (self.level - 1.0).max(as_float(self.hand));
    }

    fn free(&self, quota: u64) -> u64 {
        whole(as_float(quota) - self.level + ROUNDING)
    }

    pub(crate) fn remaining(&self, quota: u64) -> u64 {
        (self.hand + self.free(quota)).min(quota)
    }

    /// How long until the next request is accepted, if no other comes.
    pub(crate) fn until_next(&self, quota: u64) -> Duration {
        self.until(quota, self.level + 1.0 - as_float(quota))
    }

    /// How long until the whole quota is there again.
    pub(crate) fn until_whole(&self, quota: u64) -> Duration {
        self.until(quota, self.level - as_float(self.hand))
    }

    fn until(&self, quota: u64, requests: f64) -> Duration {
        if quota == 0 {
            return self.period;
        }
        Duration::try_from_secs_f64((requests / self.rate(quota)).max(0.0)).unwrap_or(self.period)
    }
}

#[expect(clippy::cast_precision_loss, reason = "quotas are far below 2^53")]
pub(crate) fn as_float(number: u64) -> f64 {
    number as f64
}

/// A float without its fraction; 0 for a negative one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, which is meant")]
pub(crate) fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_quota_may_be_used_at_once_and_comes_back_evenly() {
        let start = Instant::now();
        let mut flow = Flow::new(Duration::from_secs(60), start);
        let accepted = (0..100).filter(|_| flow.take_alone(60)).count();
        assert_eq!(accepted, 60);
        assert_eq!(flow.until_next(60), Duration::from_secs(1));
        flow.advance(60, start + Duration::from_millis(999));
        assert!(!flow.take_alone(60));
        flow.advance(60, start + Duration::from_secs(1));
        assert!(flow.take_alone(60));
        assert!(!flow.take_alone(60));
        flow.advance(60, start + Duration::from_secs(120));
        assert_eq!(flow.remaining(60), 60);
    }

    #[test]
    fn a_lower_quota_keeps_the_share_that_is_used_and_voids_the_hand() {
        let start = Instant::now();
        let mut flow = Flow::new(Duration::from_secs(60), start);
        (flow.hand, flow.hand_until, flow.level) = (200, start + HAND_LIVES, 500.0);
        flow.change_quota(1000, 10);
        assert_eq!((flow.hand, flow.remaining(10)), (0, 5));
    }

    proptest! {
        /// In any stretch of time no more is accepted than the quota and what flows off in it.
        #[test]
        fn no_stretch_of_time_sees_more_than_the_quota_and_its_flow(
            quota in 1_u64..200,
            gaps in proptest::collection::vec(0_u64..3_000, 1..400),
        ) {
            let period = Duration::from_secs(60);
            let start = Instant::now();
            let mut flow = Flow::new(period, start);
            let (mut now, mut accepted) = (start, Vec::new());
            for gap in gaps {
                now += Duration::from_millis(gap);
                flow.advance(quota, now);
                if flow.take_alone(quota) {
                    accepted.push(now);
                }
            }
            for (first, from) in accepted.iter().enumerate() {
                for (last, to) in accepted.iter().enumerate().skip(first) {
                    let flowed = (*to - *from).as_secs_f64() * as_float(quota) / period.as_secs_f64();
                    prop_assert!(as_float((last - first + 1) as u64) <= as_float(quota) + flowed + 0.001);
                }
            }
        }

        /// Given back is as if never taken.
        #[test]
        fn giving_back_undoes(quota in 1_u64..100, taken in 0_u64..100) {
            let start = Instant::now();
            let mut flow = Flow::new(Duration::from_secs(60), start);
            for _ in 0..taken { flow.take_alone(quota); }
            let before = (flow.remaining(quota), flow.debt);
            if flow.take_alone(quota) { flow.give_back_alone(); }
            prop_assert_eq!((flow.remaining(quota), flow.debt), before);
        }
    }
}
