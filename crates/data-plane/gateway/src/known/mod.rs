//! What a server knows of the directory: answers kept in memory, and kept true by the change feed.
//!
//! An answer is used without asking as long as nothing was told about its customer since before it was read; who changed is
//! read again at once, so that an outage that follows finds them known. While the feed is lost, nobody could tell: it is
//! looked for at once, answers are good for less than a second, and when it is back every one is asked for anew. Only while
//! questions fail are answers used that nobody vouches for, so that customers whom this server knows are served on.

mod answer;
mod changes;
mod failures;
mod feed;
mod front;
mod reread;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::CustomerId;
use domain::principal::{
    Change, ChangeFeed, Directory, DirectoryUnavailable, Member, Principal, SealedEndpoint,
};
use secrets::KeyHash;
use tokio::sync::{Semaphore, broadcast};
use tokio_util::sync::CancellationToken;

use answer::Answers;
use changes::{ChangeLog, Moment};
use failures::{Asking, Crowded};
pub use feed::FeedState;
pub(crate) use front::Fingerprint;
use front::Front;

/// How much is known, and how hard the directory is asked.
#[derive(Clone, Copy, Debug)]
pub struct KnownDirectoryConfig {
    /// Keys, and as many databases, that are remembered; about a kilobyte each. The least used are forgotten first.
    pub capacity: u64,
    /// Session tokens that are remembered: each lives for a minute or so.
    pub sessions: u64,
    /// Questions that may be under way at once: invented keys must not take every connection of the admin database.
    pub questions: usize,
    /// How long a question may take.
    pub patience: Duration,
}

impl Default for KnownDirectoryConfig {
    fn default() -> Self {
        Self { capacity: 100_000, sessions: 20_000, questions: 8, patience: Duration::from_secs(2) }
    }
}

/// How much a server remembers of the directory, and how often it has asked since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DirectoryCounts {
    /// Keys that are remembered, also those that are nobody's.
    pub keys: u64,
    /// People in organizations.
    pub members: u64,
    /// Session tokens.
    pub sessions: u64,
    /// Places of customers' databases.
    pub databases: u64,
    /// Questions asked.
    pub questions: u64,
    /// Questions that nobody answered.
    pub failed: u64,
    /// Questions that nobody answered, for which the last answer was used.
    pub last_resorts: u64,
}

/// A directory that remembers. Cheap to clone.
#[derive(Clone)]
pub struct KnownDirectory(Arc<Inner>);

struct Inner {
    source: Arc<dyn Directory>,
    changes: Arc<ChangeLog>,
    asking: Arc<Asking>,
    front: Front,
    principals: Answers<KeyHash, Arc<Principal>>,
    members: Answers<MemberName, Arc<Member>>,
    sessions: Answers<SessionKey, Arc<Principal>>,
    endpoints: Answers<CustomerId, SealedEndpoint>,
    questions: Semaphore,
    patience: Duration,
    asked: AtomicU64,
    failed: AtomicU64,
}

/// An organization and a person, by the identity provider's ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct MemberName {
    organization: String,
    user: String,
}

/// A session token that was found good: its hash, and the generation of the issuer's keys by which it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey {
    pub(crate) hash: KeyHash,
    pub(crate) generation: u64,
}

impl fmt::Debug for KnownDirectory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KnownDirectory")
            .field("feed", &self.0.changes.state())
            .finish_non_exhaustive()
    }
}

impl KnownDirectory {
    /// Remembers what `source` answers, and listens to `feed` until `stop`.
    ///
    /// Must be called inside a Tokio runtime.
    pub fn start(
        source: Arc<dyn Directory>,
        feed: Arc<dyn ChangeFeed>,
        config: KnownDirectoryConfig,
        stop: CancellationToken,
    ) -> Self {
        let changes = Arc::new(ChangeLog::default());
        let inner = Arc::new(Inner {
            source,
            asking: Arc::new(Asking::new(Arc::clone(&changes))),
            changes: Arc::clone(&changes),
            front: Front::new(),
            principals: Answers::new(config.capacity),
            members: Answers::new(config.capacity),
            sessions: Answers::new(config.sessions),
            endpoints: Answers::new(config.capacity),
            questions: Semaphore::new(config.questions),
            patience: config.patience,
            asked: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        });
        tokio::spawn(reread::follow(Arc::downgrade(&inner), changes.listen(), stop.clone()));
        tokio::spawn(feed::follow(feed, changes, stop));
        Self(inner)
    }

    /// Whether changes are heard of at the moment.
    #[must_use]
    pub fn feed(&self) -> FeedState {
        self.0.changes.state()
    }

    /// How much is remembered, and how often the directory was asked.
    #[must_use]
    pub fn counts(&self) -> DirectoryCounts {
        let inner = &self.0;
        DirectoryCounts {
            keys: inner.principals.count(),
            members: inner.members.count(),
            sessions: inner.sessions.count(),
            databases: inner.endpoints.count(),
            questions: inner.asked.load(Ordering::Relaxed),
            failed: inner.failed.load(Ordering::Relaxed),
            last_resorts: inner.changes.last_resorts(),
        }
    }

    /// Every change that is heard of from now on, after it was noted here: an answer that is asked for because of it is
    /// not older than it.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Change> {
        self.0.changes.listen()
    }

    /// How this thread recognises a key that it has seen; none for what is too long for one.
    pub(crate) fn fingerprint(&self, token: &str) -> Option<Fingerprint> {
        self.0.front.fingerprint(token)
    }

    /// Who owns the key, if this thread has seen it lately, and that is known for sure.
    pub(crate) fn principal_seen(&self, key: Fingerprint) -> Option<Arc<Principal>> {
        key.principal(&self.0.changes)
    }

    /// Who owns the key, if that is known for sure without asking; this thread then recognises it the next time.
    pub(crate) fn principal_at_hand(
        &self,
        key: &KeyHash,
        fingerprint: Option<Fingerprint>,
    ) -> Option<Arc<Principal>> {
        let found = self.0.principals.entry(key)?.found(&self.0.changes)?;
        let principal = Arc::clone(&found.value);
        if let Some(fingerprint) = fingerprint {
            fingerprint.remember(found);
        }
        Some(principal)
    }

    /// Who owns the key, if anyone. Asks when it isn't known.
    ///
    /// # Errors
    /// When it must be asked for, and can't be.
    pub async fn principal_of(&self, key: &KeyHash) -> Result<Option<Arc<Principal>>, DirectoryUnavailable> {
        let inner = &self.0;
        inner.principals.get(*key, &inner.asking, owner_of_key, Arc::clone(inner).key_question(*key)).await
    }

    /// Who shows this session token, if that is known for sure.
    pub(crate) fn session_at_hand(&self, session: &SessionKey) -> Option<Arc<Principal>> {
        self.0.sessions.at_hand(session, &self.0.changes)
    }

    /// The moment to note before what is remembered of a session is asked for.
    pub(crate) fn now(&self) -> Moment {
        self.0.changes.now()
    }

    /// Remembers who shows a session token, found out since that moment.
    pub(crate) fn remember_session(&self, session: SessionKey, since: Moment, principal: &Arc<Principal>) {
        let customer = self.0.changes.of(principal.customer.id);
        self.0.sessions.remember(session, (since, customer), Arc::clone(principal));
    }
}

fn owner_of_key(principal: &Arc<Principal>) -> CustomerId {
    principal.customer.id
}

fn customer_of_member(member: &Arc<Member>) -> CustomerId {
    member.customer.id
}

fn customer_of_place(place: &SealedEndpoint) -> CustomerId {
    place.customer_id
}

/// A question under way.
type Asked<V> = Pin<Box<dyn Future<Output = Result<Option<V>, DirectoryUnavailable>> + Send>>;

impl Inner {
    /// Who owns the key.
    fn key_question(
        self: Arc<Self>,
        key: KeyHash,
    ) -> impl Fn() -> Asked<Arc<Principal>> + Send + Sync + 'static {
        move || {
            let inner = Arc::clone(&self);
            Box::pin(async move { inner.ask(inner.source.principal(&key.to_string())).await })
        }
    }

    /// Who the person is.
    fn member_question(
        self: Arc<Self>,
        name: MemberName,
    ) -> impl Fn() -> Asked<Arc<Member>> + Send + Sync + 'static {
        move || {
            let (inner, name) = (Arc::clone(&self), name.clone());
            Box::pin(async move { inner.ask(inner.source.member(&name.organization, &name.user)).await })
        }
    }

    /// Where the customer's database is.
    fn endpoint_question(
        self: Arc<Self>,
        customer: CustomerId,
    ) -> impl Fn() -> Asked<SealedEndpoint> + Send + Sync + 'static {
        move || {
            let inner = Arc::clone(&self);
            Box::pin(async move { inner.ask(inner.source.endpoint(customer)).await })
        }
    }

    /// Asks the directory, with bounds on how many ask at once and for how long. That the turn came too late, while others were
    /// answered, is no failure of the directory's.
    async fn ask<V>(
        &self,
        question: impl Future<Output = Result<V, DirectoryUnavailable>>,
    ) -> Result<V, DirectoryUnavailable> {
        let mut turn_at = None;
        let bounded = async {
            let _turn =
                self.questions.acquire().await.map_err(|error| DirectoryUnavailable(Box::new(error)))?;
            turn_at = Some(Instant::now());
            question.await
        };
        let answered_before = self.asking.answered();
        self.asked.fetch_add(1, Ordering::Relaxed);
        let answer = match tokio::time::timeout(self.patience, bounded).await {
            Ok(answer) => answer,
            // Most of the time went by before it was asked at all.
            Err(_)
                if turn_at.is_none_or(|at| at.elapsed() < self.patience / 2)
                    && self.asking.answered() > answered_before =>
            {
                Err(DirectoryUnavailable(Box::new(Crowded)))
            }
            Err(elapsed) => Err(DirectoryUnavailable(Box::new(elapsed))),
        };
        match answer {
            Ok(_) => self.asking.was_answered(),
            Err(_) => _ = self.failed.fetch_add(1, Ordering::Relaxed),
        }
        answer
    }
}

#[async_trait]
impl Directory for KnownDirectory {
    async fn principal(&self, key_hash: &str) -> Result<Option<Arc<Principal>>, DirectoryUnavailable> {
        match key_hash.parse() {
            Ok(key) => self.principal_of(&key).await,
            // Nobody's.
            Err(_) => Ok(None),
        }
    }

    async fn member(
        &self,
        organization: &str,
        user: &str,
    ) -> Result<Option<Arc<Member>>, DirectoryUnavailable> {
        let inner = &self.0;
        let name = MemberName { organization: organization.to_owned(), user: user.to_owned() };
        let question = Arc::clone(inner).member_question(name.clone());
        inner.members.get(name, &inner.asking, customer_of_member, question).await
    }

    async fn endpoint(&self, customer: CustomerId) -> Result<Option<SealedEndpoint>, DirectoryUnavailable> {
        let inner = &self.0;
        let question = Arc::clone(inner).endpoint_question(customer);
        inner.endpoints.get(customer, &inner.asking, customer_of_place, question).await
    }
}
