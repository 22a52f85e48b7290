//! Says what is wrong at once, and then less and less often while it stays so.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Whether it is time to say it again.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    last: Option<(Instant, Duration)>,
}

impl Alarm {
    /// Something is wrong: whether to say so now.
    pub(crate) fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let pause = match self.last {
            Some((said, pause)) if now.duration_since(said) < pause => return false,
            Some((_, pause)) => (pause * 2).min(LONGEST_PAUSE),
            None => FIRST_PAUSE,
        };
        self.last = Some((now, pause));
        true
    }

    /// All is well again: whether something was said before.
    pub(crate) fn clear(&mut self) -> bool {
        self.last.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_said_and_the_next_is_not_until_all_was_well() {
        let mut alarm = Alarm::default();
        assert!(alarm.is_due());
        assert!(!alarm.is_due());
        assert!(alarm.clear());
        assert!(!alarm.clear());
        assert!(alarm.is_due());
    }
}
