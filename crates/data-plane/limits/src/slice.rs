//! How many tokens a node leases at a time.

use std::time::{Duration, Instant};

/// A slice that lasts shorter than this is doubled: the network would be asked too often.
const TOO_SHORT: Duration = Duration::from_millis(50);
/// A slice that lasts longer than this is halved: it is of no use to lie in this node's hand.
const TOO_LONG: Duration = Duration::from_millis(500);
/// The first slice.
const FIRST: u64 = 8;
/// A node never leases more than this share of a quota in advance, so that little is lost with it.
const SHARE: u64 = 32;
/// More than this in advance saves nothing.
const LARGEST: u64 = 50_000;
/// With requests further apart nothing is leased in advance: it would only be given back.
const SPARSE: Duration = Duration::from_secs(1);

/// The size of one limit's slices, which follows the rate of its requests.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    size: u64,
    leased_at: Option<Instant>,
    /// When the last request came.
    used_at: Instant,
    /// Whether requests come close together.
    dense: bool,
}

impl Slice {
    pub(crate) fn new(now: Instant) -> Self {
        Self { size: FIRST, leased_at: None, used_at: now, dense: false }
    }

    /// Takes note of a request.
    pub(crate) fn used(&mut self, now: Instant, first: bool) {
        self.dense = !first && now.saturating_duration_since(self.used_at) < SPARSE;
        self.used_at = self.used_at.max(now);
    }

    pub(crate) fn idle(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.used_at)
    }

    /// Whether a hand of so many should be filled up before it is empty.
    pub(crate) fn is_low(&self, hand: u64) -> bool {
        self.dense && hand <= self.size / 2
    }

    /// How many tokens to lease in advance. Redis gives fewer when little remains.
    pub(crate) fn lease(&mut self, quota: u64, now: Instant) -> u64 {
        if !self.dense {
            return 0;
        }
        let most = (quota / SHARE).clamp(1, LARGEST);
        match self.leased_at.map(|at| now.saturating_duration_since(at)) {
            Some(lasted) if lasted < TOO_SHORT => self.size = self.size.saturating_mul(2),
            Some(lasted) if lasted > TOO_LONG => self.size /= 2,
            _ => {}
        }
        self.size = self.size.clamp(1, most);
        self.leased_at = Some(now);
        self.size
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_slice_follows_the_rate() {
        let mut now = Instant::now();
        let mut slice = Slice::new(now);
        slice.used(now, true);
        assert_eq!(slice.lease(1_000_000, now), 0, "one request alone");
        slice.used(now, false);
        let mut sizes = Vec::new();
        for pause in [0, 10, 10, 10, 200, 600, 600] {
            now += Duration::from_millis(pause);
            sizes.push(slice.lease(1_000_000, now));
        }
        assert_eq!(sizes, [8, 16, 32, 64, 64, 32, 16]);
        assert!(slice.is_low(8) && !slice.is_low(9));
    }

    proptest! {
        /// Never more than the share, never nothing while requests come.
        #[test]
        fn a_slice_is_a_small_share(quota in 1_u64..10_000_000, pauses in proptest::collection::vec(0_u64..900, 1..40)) {
            let mut now = Instant::now();
            let mut slice = Slice::new(now);
            for pause in pauses {
                now += Duration::from_millis(pause);
                slice.used(now, false);
                let size = slice.lease(quota, now);
                prop_assert!(size >= 1 && size <= (quota / SHARE).max(1) && size <= LARGEST);
            }
        }
    }
}
