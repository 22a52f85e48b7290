//! Answers of the directory, each with the moment at which it was true.

use std::borrow::Borrow;
use std::hash::Hash;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use domain::CustomerId;
use domain::principal::DirectoryUnavailable;
use foldhash::fast::RandomState;
use moka::sync::Cache;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::FeedState;
use super::changes::{ChangeLog, LastChange, Moment};
use super::failures::{Asking, Failures, is_crowded};

/// How long "there is no such key" is believed, if nothing changes meanwhile.
const ABSENCE: Duration = Duration::from_secs(1);

/// How long what was found is believed while nobody tells of changes: within this time a change must act.
const UNTOLD: Duration = Duration::from_millis(900);

/// How long somebody who is known is kept waiting for a question while nobody tells of changes: most likely the directory
/// is away, and no question will be answered.
const SHORT_PATIENCE: Duration = Duration::from_millis(250);

/// Answers by what was asked.
pub(super) struct Answers<K, V> {
    entries: Cache<K, Arc<Entry<V>>, RandomState>,
}

/// One question: its last answer, and the lock that lets one of many askers fetch the next.
pub(super) struct Entry<V> {
    answer: ArcSwapOption<Answer<V>>,
    asking: Mutex<()>,
    failures: Failures,
}

struct Answer<V> {
    read_at: Moment,
    /// The same by the clock.
    since: Instant,
    content: Content<V>,
}

enum Content<V> {
    Found { value: V, customer: LastChange },
    Absent,
}

impl<V: Clone> Answer<V> {
    fn is_current(&self, changes: &ChangeLog) -> bool {
        match &self.content {
            Content::Found { customer, .. } => changes.is_current(self.read_at, customer),
            Content::Absent => self.since.elapsed() < ABSENCE && changes.nothing_since(self.read_at),
        }
    }

    fn value(&self) -> Option<V> {
        match &self.content {
            Content::Found { value, .. } => Some(value.clone()),
            Content::Absent => None,
        }
    }
}

/// An answer on its own, with what tells whether it is still true.
pub(super) struct Dated<V> {
    pub(super) value: V,
    read_at: Moment,
    customer: LastChange,
}

impl<V> Dated<V> {
    /// Whether it is known for sure: nothing was told since that could make it untrue, and everything is told.
    pub(super) fn is_current(&self, changes: &ChangeLog) -> bool {
        changes.is_current(self.read_at, &self.customer) && changes.state() == FeedState::Live
    }

    /// The same answer in another form.
    pub(super) fn map<W>(self, form: impl FnOnce(V) -> W) -> Dated<W> {
        Dated { value: form(self.value), read_at: self.read_at, customer: self.customer }
    }
}

impl<V: Clone> Entry<V> {
    /// The answer, if it is current and something was found.
    pub(super) fn found(&self, changes: &ChangeLog) -> Option<Dated<V>> {
        let answer = self.answer.load();
        let Answer { read_at, content: Content::Found { value, customer }, .. } = &**answer.as_ref()? else {
            return None;
        };
        let found = Dated { value: value.clone(), read_at: *read_at, customer: Arc::clone(customer) };
        found.is_current(changes).then_some(found)
    }

    /// The answer, if it is current.
    pub(super) fn at_hand(&self, changes: &ChangeLog) -> Option<V> {
        let answer = self.answer.load();
        let answer = answer.as_ref()?;
        (answer.is_current(changes) && changes.state() == FeedState::Live).then(|| answer.value()).flatten()
    }
}

impl<K, V> Answers<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(super) fn new(capacity: u64) -> Self {
        Self { entries: Cache::builder().max_capacity(capacity).build_with_hasher(RandomState::default()) }
    }

    /// How many are remembered, a moment ago.
    pub(super) fn count(&self) -> u64 {
        self.entries.entry_count()
    }

    /// The answer, if it is current or nobody could give a better one.
    pub(super) fn at_hand<Q>(&self, key: &Q, changes: &ChangeLog) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.entry(key)?.at_hand(changes)
    }

    /// The question, if it was ever asked.
    pub(super) fn entry<Q>(&self, key: &Q) -> Option<Arc<Entry<V>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.entries.get(key)
    }

    /// Takes an answer down that was found otherwise, and read at that moment.
    pub(super) fn remember(&self, key: K, (read_at, customer): (Moment, LastChange), value: V) {
        let answer = Answer { read_at, since: Instant::now(), content: Content::Found { value, customer } };
        let entry = Entry { answer: ArcSwapOption::from_pointee(answer), ..Entry::default() };
        self.entries.insert(key, Arc::new(entry));
    }

    /// The current answer; asks for it when it isn't known. `owner` says whose changes make the answer untrue.
    ///
    /// When the question fails, what was found before is used. From then on nobody who is known waits for a question: it is
    /// asked again beside the requests. That ends with the next answer, or when the feed is back.
    pub(super) async fn get<F, A>(
        &self,
        key: K,
        asking: &Arc<Asking>,
        owner: fn(&V) -> CustomerId,
        question: F,
    ) -> Result<Option<V>, DirectoryUnavailable>
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<Option<V>, DirectoryUnavailable>> + Send + 'static,
    {
        let entry = self.entries.get_with(key, Arc::default);
        let changes = &asking.changes;
        if let Some(value) = entry.usable(changes) {
            return Ok(value);
        }
        let known = entry.last_resort(changes);
        let is_failing = || entry.failures.are_expected(changes) || asking.failures.are_expected(changes);
        if known.is_some() && is_failing() {
            let (again, shared) = (Arc::clone(&entry), Arc::clone(asking));
            asking.beside_the_requests(&entry.failures, async move {
                // What becomes of it is noted.
                let _ = again.ask(&shared, owner, question).await;
            });
            changes.used_last_resort();
            return Ok(known);
        }
        if known.is_some() && changes.state() == FeedState::Lost {
            let (read_at, answered_before) = (changes.now(), asking.answered());
            let mut asked = pin!(entry.ask(asking, owner, question));
            return match timeout(SHORT_PATIENCE, asked.as_mut()).await {
                Ok(answer) => answer,
                // The directory is there: it is the crowd that takes so long.
                Err(_) if asking.answered() > answered_before => asked.await,
                Err(elapsed) => entry.failed(asking, read_at, DirectoryUnavailable(Box::new(elapsed))),
            };
        }
        entry.ask(asking, owner, question).await
    }

    /// Asks anew for what is known to be wrong, one after the other; says how many questions failed.
    pub(super) async fn read_again<F, A>(
        &self,
        asking: &Asking,
        owner: fn(&V) -> CustomerId,
        question: impl Fn(K) -> F,
    ) -> usize
    where
        K: Clone,
        F: Fn() -> A,
        A: Future<Output = Result<Option<V>, DirectoryUnavailable>>,
    {
        let changes = &asking.changes;
        let wrong = self.entries.iter().filter(|(_, entry)| entry.is_known_to_be_wrong(changes));
        let wrong: Vec<_> = wrong.map(|(key, entry)| (K::clone(&key), entry)).collect();
        let mut failed = 0;
        for (key, entry) in wrong {
            if entry.ask(asking, owner, question(key)).await.is_err() {
                failed += 1;
            }
        }
        failed
    }
}

impl<V> Default for Entry<V> {
    fn default() -> Self {
        Self { answer: ArcSwapOption::empty(), asking: Mutex::new(()), failures: Failures::default() }
    }
}

impl<V: Clone> Entry<V> {
    fn usable(&self, changes: &ChangeLog) -> Option<Option<V>> {
        let answer = self.answer.load();
        let answer = answer.as_ref()?;
        let is_told_of = changes.state() == FeedState::Live || answer.since.elapsed() < UNTOLD;
        (is_told_of && answer.is_current(changes)).then(|| answer.value())
    }

    /// What was found before, for want of anything better: the directory can't be asked. Not if we were told that this very
    /// customer changed: serving a key that somebody has just revoked is worse than serving nobody for a moment.
    fn last_resort(&self, changes: &ChangeLog) -> Option<V> {
        let answer = self.answer.load();
        let answer = answer.as_ref()?;
        if answer.is_known_to_be_wrong(changes) { None } else { answer.value() }
    }

    fn is_known_to_be_wrong(&self, changes: &ChangeLog) -> bool {
        self.answer.load().as_ref().is_some_and(|answer| answer.is_known_to_be_wrong(changes))
    }

    /// Asks. Who comes while another asks waits, and has the same answer, or the same failure.
    async fn ask<A>(
        &self,
        asking: &Asking,
        owner: fn(&V) -> CustomerId,
        question: impl Fn() -> A,
    ) -> Result<Option<V>, DirectoryUnavailable>
    where
        A: Future<Output = Result<Option<V>, DirectoryUnavailable>>,
    {
        let changes = &asking.changes;
        let failed_before = self.failures.count();
        let _turn = self.asking.lock().await;
        if let Some(value) = self.usable(changes) {
            return Ok(value);
        }
        if let Some(failure) = self.failures.since(failed_before) {
            return self.make_do(changes, failure);
        }
        // Noted before the question: a change that is told while it is under way makes its answer out of date.
        let (read_at, since) = (changes.now(), Instant::now());
        match question().await {
            Ok(found) => {
                let content = match &found {
                    Some(value) => {
                        Content::Found { value: value.clone(), customer: changes.of(owner(value)) }
                    }
                    None => Content::Absent,
                };
                self.answer.store(Some(Arc::new(Answer { read_at, since, content })));
                self.failures.clear();
                asking.failures.clear();
                Ok(found)
            }
            Err(error) => self.failed(asking, read_at, error),
        }
    }

    /// Notes that a question failed, and makes do with what is known.
    fn failed(
        &self,
        asking: &Asking,
        read_at: Moment,
        error: DirectoryUnavailable,
    ) -> Result<Option<V>, DirectoryUnavailable> {
        self.failures.note(read_at, &error);
        if !is_crowded(&error) {
            asking.failures.note(read_at, &error);
        }
        self.make_do(&asking.changes, error)
    }

    /// What is known, for want of anything better, or else the failure. Having had no turn is no want: the next one may.
    fn make_do(
        &self,
        changes: &ChangeLog,
        failure: DirectoryUnavailable,
    ) -> Result<Option<V>, DirectoryUnavailable> {
        if is_crowded(&failure) {
            return Err(failure);
        }
        let found = self.last_resort(changes).ok_or(failure)?;
        changes.used_last_resort();
        Ok(Some(found))
    }
}

impl<V> Answer<V> {
    fn is_known_to_be_wrong(&self, changes: &ChangeLog) -> bool {
        match &self.content {
            Content::Found { customer, .. } => changes.has_changed_since(self.read_at, customer),
            Content::Absent => false,
        }
    }
}
