//! That questions fail: while they do, nobody who is known is kept waiting for one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::principal::DirectoryUnavailable;
use tokio::sync::Semaphore;

use super::changes::{ChangeLog, Moment};

/// So long after a failure the next one is expected. Longer than a question takes to fail, so that there is no gap while
/// one after the other does.
const EXPECTED_FOR: Duration = Duration::from_secs(3);
/// How often the same question is asked again meanwhile, beside the requests.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Questions beside the requests that are under way at once.
const BESIDE: usize = 2;

/// A question had no turn in time, while others were answered: the directory is there, and we ask more than it answers. Nobody
/// makes do with an old answer because of that: a key that was revoked meanwhile would go on working for as long as the crowd
/// does.
#[derive(Debug, thiserror::Error)]
#[error("more is asked of the directory than it answers in time")]
pub(super) struct Crowded;

pub(super) fn is_crowded(error: &DirectoryUnavailable) -> bool {
    error.0.is::<Crowded>()
}

/// The failures of one question, or of all.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Ever.
    count: u64,
    last: Option<Failure>,
    tried_at: Option<Instant>,
}

#[derive(Debug)]
struct Failure {
    at: Instant,
    /// The feed may come back in between: then all that was known must be asked for, and not be made do with.
    noted_at: Moment,
    why: Why,
}

#[derive(Clone, Debug)]
enum Why {
    Crowded,
    Away(Arc<str>),
}

impl From<&DirectoryUnavailable> for Why {
    fn from(error: &DirectoryUnavailable) -> Self {
        if is_crowded(error) { Self::Crowded } else { Self::Away(error.0.to_string().into()) }
    }
}

impl From<Why> for DirectoryUnavailable {
    fn from(why: Why) -> Self {
        match why {
            Why::Crowded => Self(Box::new(Crowded)),
            Why::Away(why) => Self(why.to_string().into()),
        }
    }
}

impl Failures {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, noted_at: Moment, error: &DirectoryUnavailable) {
        let mut state = self.state();
        state.count += 1;
        state.last = Some(Failure { at: Instant::now(), noted_at, why: error.into() });
    }

    /// A question was answered.
    pub(super) fn clear(&self) {
        self.state().last = None;
    }

    /// Whether the next question would most likely fail too.
    pub(super) fn are_expected(&self, changes: &ChangeLog) -> bool {
        let state = self.state();
        let last = state.last.as_ref();
        last.is_some_and(|last| {
            matches!(last.why, Why::Away(_))
                && last.at.elapsed() < EXPECTED_FOR
                && !changes.has_everything_since(last.noted_at)
        })
    }

    pub(super) fn count(&self) -> u64 {
        self.state().count
    }

    /// The last failure, if there was one since so many were counted.
    pub(super) fn since(&self, count: u64) -> Option<DirectoryUnavailable> {
        let state = self.state();
        let last = state.last.as_ref().filter(|_| state.count > count)?;
        Some(last.why.clone().into())
    }

    /// Whether it is time to ask again, beside the requests; whoever is told so does it.
    fn is_time_to_try(&self) -> bool {
        let mut state = self.state();
        let is_time = state.tried_at.is_none_or(|tried_at| tried_at.elapsed() >= AGAIN_AFTER);
        if is_time {
            state.tried_at = Some(Instant::now());
        }
        is_time
    }
}

/// What all questions to a directory have in common.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) changes: Arc<ChangeLog>,
    /// Of all questions.
    pub(super) failures: Failures,
    answered: AtomicU64,
    beside: Arc<Semaphore>,
}

impl Asking {
    pub(super) fn new(changes: Arc<ChangeLog>) -> Self {
        Self {
            changes,
            failures: Failures::default(),
            answered: AtomicU64::new(0),
            beside: Arc::new(Semaphore::new(BESIDE)),
        }
    }

    /// Notes that a question was answered.
    pub(super) fn was_answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    /// How many questions were answered so far: while it grows, the directory is there.
    pub(super) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Asks a question that failed lately once more, beside the requests, unless that was just done or enough others are
    /// under way.
    pub(super) fn beside_the_requests(
        &self,
        failures: &Failures,
        question: impl Future<Output = ()> + Send + 'static,
    ) {
        let Ok(place) = Arc::clone(&self.beside).try_acquire_owned() else { return };
        if failures.is_time_to_try() {
            tokio::spawn(async move {
                question.await;
                drop(place);
            });
        }
    }
}
