//! How hard the hand-over works. It can wait, and requests can't: a burst of them is spooled first and written down
//! after it, as long as that isn't too long.

use std::time::Instant;

/// So many requests a second are a burst.
const BURST: f64 = 2_000.0;
/// Too short a look tells nothing.
const SHORTEST_LOOK: f64 = 0.05;

/// Watches how fast requests come.
#[derive(Debug)]
pub(crate) struct Pace {
    looked_at: Instant,
    appended: u64,
    is_burst: bool,
}

impl Pace {
    pub(crate) fn new(now: Instant) -> Self {
        Self { looked_at: now, appended: 0, is_burst: false }
    }

    /// Looks how many requests have come since it looked before, if that wasn't just now.
    pub(crate) fn look(&mut self, now: Instant, appended: u64) {
        let passed = now.duration_since(self.looked_at).as_secs_f64();
        if passed < SHORTEST_LOOK {
            return;
        }
        let came = appended.saturating_sub(self.appended) as f64;
        (self.looked_at, self.appended) = (now, appended);
        self.is_burst = came > BURST * passed;
    }

    /// Whether they come so fast that the hand-over had better wait.
    pub(crate) fn is_burst(&self) -> bool {
        self.is_burst
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_seen_and_its_end_too() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut pace = Pace::new(start);
        pace.look(start + second, 1_000);
        assert!(!pace.is_burst());
        pace.look(start + second * 2, 11_000);
        assert!(pace.is_burst());
        pace.look(start + second * 2 + Duration::from_micros(10), 11_000);
        assert!(pace.is_burst(), "too short a look");
        pace.look(start + second * 3, 11_100);
        assert!(!pace.is_burst());
    }
}
