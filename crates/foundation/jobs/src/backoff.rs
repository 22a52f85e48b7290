//! How long to wait before trying again.

use std::time::Duration;

/// Pauses that double from try to try, up to a ceiling, each cut by chance to between a half and the whole: jobs
/// that failed together don't come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The pause after the first failure.
    pub first: Duration,
    /// No pause is longer.
    pub ceiling: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(2), ceiling: Duration::from_secs(15 * 60) }
    }
}

impl Backoff {
    /// The pause after so many failures. `chance` is any random number.
    #[must_use]
    pub fn pause(&self, failures: u32, chance: u32) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        let whole = doubled.min(self.ceiling);
        let half = whole / 2;
        half + half.mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }
}

/// A random number from a random UUID: all the chance that a pause needs.
pub(crate) fn chance() -> u32 {
    let bytes = uuid::Uuid::new_v4().into_bytes();
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_double_up_to_the_ceiling() {
        let backoff = Backoff { first: Duration::from_secs(2), ceiling: Duration::from_secs(60) };
        let pauses: Vec<_> = (1..=7).map(|failures| backoff.pause(failures, u32::MAX).as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(backoff.pause(1, 0), Duration::from_secs(1));
    }

    proptest! {
        #[test]
        fn no_pause_leaves_its_bounds(failures in 0_u32..1000, chance: u32) {
            let backoff = Backoff::default();
            let pause = backoff.pause(failures, chance);
            prop_assert!(pause >= backoff.first / 2);
            prop_assert!(pause <= backoff.ceiling);
        }
    }
}
