//! Answers of the directory, each with the moment at which it was true.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use domain::CustomerId;
use domain::principal::DirectoryUnavailable;
use foldhash::fast::RandomState;
use moka::sync::Cache;
use tokio::sync::Mutex;

use super::FeedState;
use super::changes::{ChangeLog, LastChange, Moment};

/// How long "there is no such key" is believed, if nothing changes meanwhile.
const ABSENCE: Duration = Duration::from_secs(1);

/// Answers by what was asked.
pub(super) struct Answers<K, V> {
    entries: Cache<K, Arc<Entry<V>>, RandomState>,
}

/// One question: its last answer, and the lock that lets one of many askers fetch the next.
pub(super) struct Entry<V> {
    answer: ArcSwapOption<Answer<V>>,
    asking: Mutex<()>,
}

struct Answer<V> {
    read_at: Moment,
    content: Content<V>,
}

enum Content<V> {
    Found { value: V, customer: LastChange },
    Absent { since: Instant },
}

impl<V: Clone> Answer<V> {
    fn is_current(&self, changes: &ChangeLog) -> bool {
        match &self.content {
            Content::Found { customer, .. } => changes.is_current(self.read_at, customer),
            Content::Absent { since } => since.elapsed() < ABSENCE && changes.nothing_since(self.read_at),
        }
    }

    fn value(&self) -> Option<V> {
        match &self.content {
            Content::Found { value, .. } => Some(value.clone()),
            Content::Absent { .. } => None,
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
        let Answer { read_at, content: Content::Found { value, customer } } = &**answer.as_ref()? else {
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
        let answer = Answer { read_at, content: Content::Found { value, customer } };
        let entry = Entry { answer: ArcSwapOption::from_pointee(answer), asking: Mutex::new(()) };
        self.entries.insert(key, Arc::new(entry));
    }

    /// The current answer; asks for it when it isn't known. `owner` says whose changes make the answer untrue.
    ///
    /// While the feed is lost, an answer is used as it is: the feed's task asks for the directory all the time, and
    /// every answer is out of date the moment that it is back.
    pub(super) async fn get<F, A>(
        &self,
        key: K,
        changes: &ChangeLog,
        owner: impl Fn(&V) -> CustomerId,
        question: F,
    ) -> Result<Option<V>, DirectoryUnavailable>
    where
        F: Fn() -> A,
        A: Future<Output = Result<Option<V>, DirectoryUnavailable>>,
    {
        let entry = self
            .entries
            .get_with(key, || Arc::new(Entry { answer: ArcSwapOption::empty(), asking: Mutex::new(()) }));
        if let Some(value) = usable(&entry, changes) {
            return Ok(value);
        }
        let _asking = entry.asking.lock().await;
        if let Some(value) = usable(&entry, changes) {
            return Ok(value);
        }
        // Noted before the question: a change that is told while it is under way makes its answer out of date.
        let read_at = changes.now();
        match question().await {
            Ok(found) => {
                let content = match &found {
                    Some(value) => {
                        Content::Found { value: value.clone(), customer: changes.of(owner(value)) }
                    }
                    None => Content::Absent { since: Instant::now() },
                };
                entry.answer.store(Some(Arc::new(Answer { read_at, content })));
                Ok(found)
            }
            Err(error) => {
                let found = last_resort(&entry, changes).ok_or(error)?;
                changes.used_last_resort();
                Ok(Some(found))
            }
        }
    }
}

fn usable<V: Clone>(entry: &Entry<V>, changes: &ChangeLog) -> Option<Option<V>> {
    let answer = entry.answer.load();
    let answer = answer.as_ref()?;
    let is_found = matches!(answer.content, Content::Found { .. });
    let is_usable = answer.is_current(changes)
        || (is_found && changes.state() == FeedState::Lost && !is_known_to_be_wrong(answer, changes));
    is_usable.then(|| answer.value())
}

/// What was found before, for want of anything better: the directory can't be reached. Not if we were told that this
/// very customer changed: serving a key that somebody has just revoked is worse than serving nobody for a moment.
fn last_resort<V: Clone>(entry: &Entry<V>, changes: &ChangeLog) -> Option<V> {
    let answer = entry.answer.load();
    let answer = answer.as_ref()?;
    if is_known_to_be_wrong(answer, changes) { None } else { answer.value() }
}

fn is_known_to_be_wrong<V>(answer: &Answer<V>, changes: &ChangeLog) -> bool {
    match &answer.content {
        Content::Found { customer, .. } => changes.has_changed_since(answer.read_at, customer),
        Content::Absent { .. } => false,
    }
}
