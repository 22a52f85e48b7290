//! A directory that fails in all the ways it can, and what is known all the same.

use std::collections::HashMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::customer::ApiKeyStatus;
use domain::principal::{
    Caller, Change, ChangeFeed, Changes, Directory, DirectoryUnavailable, Member, Principal, SealedEndpoint,
};
use domain::{ApiKeyId, CustomerId};
use secrets::KeyHash;
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{FeedState, KnownDirectory, KnownDirectoryConfig};
use crate::guard::tests::principal;

/// What the admin database does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Answers,
    Refuses,
    Hangs,
    /// Answers, after a while.
    Slowly,
}

/// How long an answer takes that comes slowly.
const SLOWLY: Duration = Duration::from_millis(60);

struct Source {
    mood: Mutex<Mood>,
    asked: AtomicUsize,
    /// Everybody's key is this one's.
    owner: Mutex<Principal>,
    is_heard: AtomicBool,
    told: broadcast::Sender<Change>,
}

struct Stage {
    source: Arc<Source>,
    directory: KnownDirectory,
    _stop: DropGuard,
}

fn away() -> DirectoryUnavailable {
    DirectoryUnavailable("away".into())
}

impl Source {
    async fn answer<V>(&self, answer: impl FnOnce() -> V) -> Result<V, DirectoryUnavailable> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Answers => Ok(answer()),
            Mood::Refuses => Err(away()),
            Mood::Hangs => pending().await,
            Mood::Slowly => {
                tokio::time::sleep(SLOWLY).await;
                Ok(answer())
            }
        }
    }
}

#[async_trait]
impl Directory for Source {
    async fn principal(&self, _: &str) -> Result<Option<Arc<Principal>>, DirectoryUnavailable> {
        self.answer(|| Some(Arc::new(self.owner.lock().unwrap().clone()))).await
    }

    async fn member(&self, _: &str, _: &str) -> Result<Option<Arc<Member>>, DirectoryUnavailable> {
        self.answer(|| None).await
    }

    async fn endpoint(&self, _: CustomerId) -> Result<Option<SealedEndpoint>, DirectoryUnavailable> {
        self.answer(|| None).await
    }
}

struct Feed(Arc<Source>);

#[async_trait]
impl ChangeFeed for Feed {
    async fn subscribe(&self) -> Result<Box<dyn Changes>, DirectoryUnavailable> {
        let subscription = Subscription { changes: self.0.told.subscribe(), source: Arc::clone(&self.0) };
        self.0
            .is_heard
            .load(Ordering::SeqCst)
            .then(|| Box::new(subscription) as Box<dyn Changes>)
            .ok_or_else(away)
    }
}

struct Subscription {
    changes: broadcast::Receiver<Change>,
    source: Arc<Source>,
}

#[async_trait]
impl Changes for Subscription {
    async fn next(&mut self) -> Result<Change, DirectoryUnavailable> {
        self.changes.recv().await.map_err(|_| away())
    }

    async fn probe(&mut self) -> Result<(), DirectoryUnavailable> {
        self.source.is_heard.load(Ordering::SeqCst).then_some(()).ok_or_else(away)
    }
}

impl Stage {
    async fn new() -> Self {
        Self::with(KnownDirectoryConfig::default()).await
    }

    async fn with(config: KnownDirectoryConfig) -> Self {
        let source = Arc::new(Source {
            mood: Mutex::new(Mood::Answers),
            asked: AtomicUsize::new(0),
            owner: Mutex::new(principal()),
            is_heard: AtomicBool::new(true),
            told: broadcast::channel(64).0,
        });
        let stop = CancellationToken::new();
        let feed = Arc::new(Feed(Arc::clone(&source)));
        let directory = KnownDirectory::start(Arc::clone(&source) as _, feed, config, stop.clone());
        let stage = Self { source, directory, _stop: stop.drop_guard() };
        stage.feed_is(FeedState::Live).await;
        stage
    }

    fn is(&self, mood: Mood) {
        *self.source.mood.lock().unwrap() = mood;
    }

    fn asked(&self) -> usize {
        self.source.asked.load(Ordering::SeqCst)
    }

    fn tell(&self, change: Change) {
        self.source.told.send(change).unwrap();
    }

    fn customer(&self) -> CustomerId {
        self.source.owner.lock().unwrap().customer.id
    }

    /// The key's row changes; nobody is told.
    fn revoke(&self) {
        if let Caller::Key(key) = &mut self.source.owner.lock().unwrap().caller {
            key.status = ApiKeyStatus::Revoked;
        }
    }

    async fn feed_is(&self, state: FeedState) {
        until("the feed", || self.directory.feed() == state).await;
    }

    /// Whether the key is revoked, as far as is known.
    async fn is_revoked(&self, key: KeyHash) -> Result<bool, DirectoryUnavailable> {
        Ok(is_revoked(&self.directory.principal_of(&key).await?.unwrap()))
    }

    /// Asks for the key so many times at once; how many were told, how many weren't, and after which time the last one.
    async fn crowd(&self, key: KeyHash, number: usize) -> (usize, usize, Duration) {
        let started = Instant::now();
        let mut asking = JoinSet::new();
        for _ in 0..number {
            let directory = self.directory.clone();
            asking.spawn(async move { directory.principal_of(&key).await.is_ok() });
        }
        let told = asking.join_all().await.into_iter().filter(|is_ok| *is_ok).count();
        (told, number - told, started.elapsed())
    }
}

fn is_revoked(owner: &Principal) -> bool {
    matches!(&owner.caller, Caller::Key(key) if key.status == ApiKeyStatus::Revoked)
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(15), "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn key() -> KeyHash {
    KeyHash::of(&ApiKeyId::generate().to_string())
}

/// The time within which all must be told that wait for one question: its patience, and what a busy machine adds.
const ONE_QUESTION: Duration = Duration::from_secs(4);

#[tokio::test]
async fn while_questions_hang_and_the_feed_lives_nobody_waits_for_more_than_one() {
    let stage = Stage::new().await;
    let (known, stranger) = (key(), key());
    assert!(!stage.is_revoked(known).await.unwrap());
    stage.is(Mood::Hangs);
    stage.tell(Change::Everything);
    until("all to be doubted", || stage.directory.principal_at_hand(&known, None).is_none()).await;
    let ((served, refused, took), unknown) = tokio::join!(stage.crowd(known, 50), stage.crowd(stranger, 50));
    assert!((served, refused) == (50, 0) && took < ONE_QUESTION, "{served} served, the last after {took:?}");
    let (served, refused, took) = unknown;
    assert!(
        (served, refused) == (0, 50) && took < ONE_QUESTION,
        "{refused} refused, the last after {took:?}"
    );
    // From now on nobody who is known waits at all.
    let (served, _, took) = stage.crowd(known, 50).await;
    assert!(served == 50 && took < Duration::from_secs(1), "{served} served, the last after {took:?}");
    // What comes after the outage is heard of.
    stage.revoke();
    stage.is(Mood::Answers);
    let started = Instant::now();
    while !stage.is_revoked(known).await.unwrap() {
        assert!(started.elapsed() < Duration::from_secs(10), "asked beside the requests");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_crowd_that_asks_more_than_is_answered_in_time_makes_nobody_use_a_revoked_key() {
    // Ten questions in the time that each may take, and forty to ask.
    let patience = SLOWLY * 10;
    for feed in [FeedState::Live, FeedState::Lost] {
        let config = KnownDirectoryConfig { questions: 1, patience, ..KnownDirectoryConfig::default() };
        let stage = Stage::with(config).await;
        let known: Vec<_> = std::iter::repeat_with(key).take(40).collect();
        for key in &known {
            assert!(!stage.is_revoked(*key).await.unwrap());
        }
        stage.is(Mood::Slowly);
        stage.revoke();
        if feed == FeedState::Lost {
            stage.source.is_heard.store(false, Ordering::SeqCst);
            stage.feed_is(FeedState::Lost).await;
            // Until nobody believes what was read before any more.
            tokio::time::sleep(Duration::from_secs(1)).await;
        } else {
            stage.tell(Change::Everything);
            until("all to be doubted", || stage.directory.principal_at_hand(&known[0], None).is_none()).await;
        }
        let mut asking = JoinSet::new();
        for key in known.iter().chain(&known) {
            let (directory, key) = (stage.directory.clone(), *key);
            asking.spawn(async move { directory.principal_of(&key).await });
        }
        let answers = asking.join_all().await;
        let told: Vec<_> = answers.into_iter().filter_map(Result::ok).flatten().collect();
        assert!(told.iter().all(|owner| is_revoked(owner)), "{feed:?}: an old answer was used");
        assert!((1..80).contains(&told.len()), "{feed:?}: {} had a turn", told.len());
        assert_eq!(stage.directory.counts().last_resorts, 0);
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_though_only_the_feed_is_lost() {
    let stage = Stage::new().await;
    let known = key();
    assert!(!stage.is_revoked(known).await.unwrap());
    stage.source.is_heard.store(false, Ordering::SeqCst);
    stage.feed_is(FeedState::Lost).await;
    stage.revoke();
    let started = Instant::now();
    while !stage.is_revoked(known).await.unwrap() {
        assert!(started.elapsed() < Duration::from_secs(3), "it is used without being asked for");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // One question a second, and not one for each request.
    let asked = stage.asked();
    for _ in 0..100 {
        assert!(stage.is_revoked(known).await.unwrap());
    }
    assert!(stage.asked() <= asked + 1, "{} questions", stage.asked() - asked);
}

#[tokio::test]
async fn while_everything_is_silent_the_known_are_served_without_delay() {
    let stage = Stage::new().await;
    let known: Vec<_> = std::iter::repeat_with(key).take(20).collect();
    for key in &known {
        stage.is_revoked(*key).await.unwrap();
    }
    stage.is(Mood::Hangs);
    stage.source.is_heard.store(false, Ordering::SeqCst);
    stage.feed_is(FeedState::Lost).await;
    let started = Instant::now();
    for round in 0..3 {
        for key in &known {
            assert!(stage.is_revoked(*key).await.is_ok(), "round {round}");
        }
        tokio::time::sleep(Duration::from_millis(900)).await;
    }
    let waited = started.elapsed() - Duration::from_millis(2_700);
    assert!(waited < Duration::from_secs(2), "sixty requests waited {waited:?} together");
}

#[tokio::test]
async fn who_changed_is_read_again_before_an_outage_and_served_in_it() {
    let stage = Stage::new().await;
    let known = key();
    stage.is_revoked(known).await.unwrap();
    let asked = stage.asked();
    stage.source.owner.lock().unwrap().customer.slug = "renamed".to_owned();
    stage.tell(Change::Customer(stage.customer()));
    until("the changed customer to be read again", || stage.asked() > asked).await;
    stage.is(Mood::Refuses);
    stage.source.is_heard.store(false, Ordering::SeqCst);
    stage.feed_is(FeedState::Lost).await;
    let owner = stage.directory.principal_of(&known).await.unwrap().unwrap();
    assert_eq!(owner.customer.slug, "renamed");
}

#[tokio::test]
async fn who_changed_and_could_not_be_read_since_is_refused() {
    let stage = Stage::new().await;
    let known = key();
    stage.is_revoked(known).await.unwrap();
    stage.is(Mood::Refuses);
    stage.tell(Change::Customer(stage.customer()));
    until("the change to be heard", || stage.directory.principal_at_hand(&known, None).is_none()).await;
    assert!(stage.is_revoked(known).await.is_err());
    // It is tried again until it can be read.
    let asked = stage.asked();
    until("another try", || stage.asked() > asked).await;
    stage.is(Mood::Answers);
    until("it to be known", || stage.directory.principal_at_hand(&known, None).is_some()).await;
}

/// Whose each key is.
struct Owners(HashMap<String, Arc<Principal>>);

#[async_trait]
impl Directory for Owners {
    async fn principal(&self, key: &str) -> Result<Option<Arc<Principal>>, DirectoryUnavailable> {
        Ok(self.0.get(key).cloned())
    }

    async fn member(&self, _: &str, _: &str) -> Result<Option<Arc<Member>>, DirectoryUnavailable> {
        Ok(None)
    }

    async fn endpoint(&self, _: CustomerId) -> Result<Option<SealedEndpoint>, DirectoryUnavailable> {
        Ok(None)
    }
}

#[tokio::test]
async fn keys_that_share_a_place_are_never_taken_for_each_other() {
    let stage = Stage::new().await;
    // Four times as many as a thread has places for, and as many that are nobody's.
    let token = |number: usize| format!("sk_{number:033}");
    let owners: HashMap<_, _> = (0..2_048)
        .map(|number| {
            let mut owner = principal();
            owner.customer.id = CustomerId::generate();
            (KeyHash::of(&token(number)).to_string(), Arc::new(owner))
        })
        .collect();
    let whose = |number: usize| owners.get(&KeyHash::of(&token(number)).to_string()).unwrap().customer.id;
    let feed = Arc::new(Feed(Arc::clone(&stage.source)));
    let source = Arc::new(Owners(owners.clone()));
    let config = KnownDirectoryConfig::default();
    let directory = KnownDirectory::start(source, feed, config, CancellationToken::new());
    until("the feed", || directory.feed() == FeedState::Live).await;
    let mut recognised = 0;
    for _ in 0..3 {
        for number in 0..2_048 {
            let (key, fingerprint) =
                (KeyHash::of(&token(number)), directory.fingerprint(&token(number)).unwrap());
            if let Some(seen) = directory.principal_seen(fingerprint) {
                assert_eq!(seen.customer.id, whose(number));
                recognised += 1;
            }
            let asked = directory.principal_of(&key).await.unwrap().unwrap();
            let at_hand = directory.principal_at_hand(&key, Some(fingerprint)).unwrap();
            let seen = directory.principal_seen(fingerprint).unwrap();
            for found in [asked, at_hand, seen] {
                assert_eq!(found.customer.id, whose(number));
            }
            let invented = token(number + 2_048);
            assert!(directory.principal_seen(directory.fingerprint(&invented).unwrap()).is_none());
            assert!(directory.principal_of(&KeyHash::of(&invented)).await.unwrap().is_none());
        }
    }
    assert!(recognised > 0, "no key was seen again before another took its place");
}
