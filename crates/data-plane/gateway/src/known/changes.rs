//! What was told of changes: for each customer, and for everybody, when the last one came.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use domain::CustomerId;
use domain::principal::Change;
use tokio::sync::broadcast;

use super::FeedState;

/// When something was told: a number that grows. Not a clock, so that no two changes are at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

/// When a customer last changed; shared by all answers about them.
pub(super) type LastChange = Arc<AtomicU64>;

/// All changes that were told.
#[derive(Debug, Default)]
pub(super) struct ChangeLog {
    now: AtomicU64,
    everybody: AtomicU64,
    customers: RwLock<HashMap<CustomerId, LastChange>>,
    is_heard: AtomicBool,
    told: OnceLock<broadcast::Sender<Change>>,
    /// Answers that were used although nobody could vouch for them: asking again has failed.
    last_resorts: AtomicU64,
}

/// How many changes a listener may be behind before it is told that it has missed some.
const LISTENER_BEHIND: usize = 1024;

impl ChangeLog {
    /// The moment to note before a question: an answer that is read after it misses nothing that was told before it.
    pub(super) fn now(&self) -> Moment {
        Moment(self.now.load(Ordering::SeqCst))
    }

    /// Notes that an old answer was used for want of a new one.
    pub(super) fn used_last_resort(&self) {
        self.last_resorts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn last_resorts(&self) -> u64 {
        self.last_resorts.load(Ordering::Relaxed)
    }

    /// Where the changes of a customer are written down.
    pub(super) fn of(&self, customer: CustomerId) -> LastChange {
        if let Some(known) = self.customers.read().unwrap_or_else(PoisonError::into_inner).get(&customer) {
            return Arc::clone(known);
        }
        let mut customers = self.customers.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(customers.entry(customer).or_default())
    }

    /// Writes a change down. A customer of whom no answer was ever asked needs no entry: [`ChangeLog::of`] is called
    /// only after the answer is there, which may be older than this change; so it gets one all the same.
    pub(super) fn note(&self, change: Change) {
        let moment = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        match change {
            Change::Customer(customer) => self.of(customer).store(moment, Ordering::SeqCst),
            Change::Everything => self.everybody.store(moment, Ordering::SeqCst),
        }
        // Only now: whoever asks because of it gets no answer of before. Nobody may be listening.
        if let Some(told) = self.told.get() {
            let _ = told.send(change);
        }
    }

    /// Hears of every change from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Change> {
        self.told.get_or_init(|| broadcast::channel(LISTENER_BEHIND).0).subscribe()
    }

    /// Whether nothing was told since that could make the answer untrue.
    pub(super) fn is_current(&self, read_at: Moment, customer: &LastChange) -> bool {
        read_at.0 >= customer.load(Ordering::Acquire) && read_at.0 >= self.everybody.load(Ordering::Acquire)
    }

    /// Whether we were told that this very customer changed since.
    pub(super) fn has_changed_since(&self, read_at: Moment, customer: &LastChange) -> bool {
        read_at.0 < customer.load(Ordering::Acquire)
    }

    /// Whether we were told since that everything may have changed: the feed was lost, and is back.
    pub(super) fn has_everything_since(&self, moment: Moment) -> bool {
        moment.0 < self.everybody.load(Ordering::Acquire)
    }

    /// Whether nothing at all was told since.
    pub(super) fn nothing_since(&self, read_at: Moment) -> bool {
        self.now() == read_at
    }

    pub(super) fn set_heard(&self, is_heard: bool) {
        self.is_heard.store(is_heard, Ordering::SeqCst);
    }

    pub(super) fn state(&self) -> FeedState {
        if self.is_heard.load(Ordering::Acquire) { FeedState::Live } else { FeedState::Lost }
    }
}
