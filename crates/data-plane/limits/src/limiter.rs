//! The limiter: looks up each policy's limit, decides, and waits for a refill where there is no other way.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use redis_address::RedisAddress;
use smallvec::SmallVec;
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::limit::{Decision, Limit, Moment, Receipt, Step, seconds};
use crate::limit_key::{LimitKey, Manner};
use crate::link::Link;
use crate::policy::Policy;
use crate::seed::QuotaSeed;
use crate::table::Table;
use crate::verdict::{PolicyState, Verdict};

/// How the limiter behaves.
#[derive(Debug, Clone)]
pub struct LimiterConfig {
    /// The longest time that a request waits for Redis. After it, what was declared for the loss of Redis holds.
    pub patience: Duration,
    /// After how long without a request a limit's unused tokens are given back.
    pub idle: Duration,
    /// After how long without a request a limit is forgotten.
    pub forget: Duration,
    /// This node's wall clock: the one that the times given to [`Limiter::check`] are read from.
    pub clock: fn() -> DateTime<Utc>,
}

impl Default for LimiterConfig {
    fn default() -> Self {
        Self {
            patience: Duration::from_millis(250),
            idle: Duration::from_secs(1),
            forget: Duration::from_secs(300),
            clock: Utc::now,
        }
    }
}

/// How the limiter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Whether Redis can be asked. Without it every limit does as declared.
    pub redis: bool,
    /// Whether this node hears when others need what it doesn't use. Without it, it gives back after a second.
    pub recalls: bool,
    /// How far this node's clock is behind Redis' (ahead, when negative), in milliseconds.
    pub behind_ms: i64,
    /// How many limits this node knows.
    pub limits: usize,
    /// How many policies were checked since the start.
    pub checks: u64,
    /// How many of them waited for Redis.
    pub waited: u64,
    /// How many of them were decided without Redis, as declared.
    pub alone: u64,
}

/// Decides whether requests pass their limits. Cheap to clone.
#[derive(Clone)]
pub struct Limiter {
    inner: Arc<Inner>,
    keeper: TaskTracker,
}

pub(crate) struct Inner {
    pub(crate) config: LimiterConfig,
    pub(crate) table: Table,
    pub(crate) link: Link,
    pub(crate) seed: Arc<dyn QuotaSeed>,
    pub(crate) stop: CancellationToken,
    /// The limits that the keeper looks after.
    pub(crate) listed: Mutex<Vec<Arc<Limit>>>,
    /// Whether the keeper hears of recalls.
    pub(crate) hears: AtomicBool,
    /// Checks by limits that were forgotten since.
    pub(crate) forgotten_checks: AtomicU64,
    waited: AtomicU64,
    alone: AtomicU64,
}

impl std::fmt::Debug for Limiter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Limiter").field("health", &self.health()).finish_non_exhaustive()
    }
}

impl Limiter {
    /// Starts a limiter. Connecting to Redis goes on in the background; the first requests wait for it, but not
    /// longer than the configured patience. When `stop` is cancelled, all unspent tokens are given back; requests
    /// that come later still pass, and lease what they need one by one.
    ///
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn start(
        config: LimiterConfig,
        redis: impl Into<RedisAddress>,
        seed: Arc<dyn QuotaSeed>,
        stop: CancellationToken,
    ) -> Self {
        // Redis gets a little less time than the requests, so that they still hear how it went.
        let link = Link::new(&redis.into(), config.patience * 4 / 5, config.clock);
        let inner = Arc::new(Inner {
            config,
            table: Table::new(),
            link,
            seed,
            stop,
            listed: Mutex::default(),
            hears: AtomicBool::new(false),
            forgotten_checks: AtomicU64::new(0),
            waited: AtomicU64::new(0),
            alone: AtomicU64::new(0),
        });
        let keeper = TaskTracker::new();
        keeper.spawn(Arc::clone(&inner).keep());
        keeper.close();
        Self { inner, keeper }
    }

    /// Returns when the limiter was stopped and has given back what it held.
    pub async fn stopped(&self) {
        self.keeper.wait().await;
    }

    /// Decides whether a request passes all of these policies, and counts it if it does. `now` is this node's wall
    /// clock. Never fails, and hardly ever waits.
    pub async fn check(&self, policies: &[Policy], now: DateTime<Utc>) -> Verdict {
        match self.check_at_hand(policies, now, Instant::now()) {
            Ok(verdict) => verdict,
            Err(pending) => self.wait(pending, policies).await,
        }
    }

    /// What [`check`](Self::check) does, if it can be done without waiting. `at` is the same moment for measuring: how long
    /// the request may wait is counted from there.
    ///
    /// # Errors
    /// What is decided so far, when Redis must be heard first; [`wait`](Self::wait) goes on from there. Dropping it
    /// gives up the request: what was taken for it stays taken.
    pub fn check_at_hand(
        &self,
        policies: &[Policy],
        now: DateTime<Utc>,
        at: Instant,
    ) -> Result<Verdict, Box<PendingCheck>> {
        let mut check = PendingCheck::begin(self.inner.moment(now, at));
        match check.advance(&self.inner, policies) {
            None => Ok(check.finish(&self.inner, policies)),
            Some(waiting) => Err(Box::new(PendingCheck { waiting: Some(waiting), ..check })),
        }
    }

    /// Ends a check that had to wait. The policies must be the same ones.
    pub async fn wait(&self, mut pending: Box<PendingCheck>, policies: &[Policy]) -> Verdict {
        while let (Some(waiting), Some(policy)) =
            (pending.waiting.take(), policies.get(pending.verdict.policies.len()))
        {
            let limit = Arc::clone(&waiting.0);
            let decision = self.inner.wait(waiting, policy, &mut pending.moment).await;
            pending.note(Some(limit), decision);
            pending.waiting = pending.advance(&self.inner, policies);
        }
        pending.finish(&self.inner, policies)
    }

    /// How the limiter stands.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            redis: self.inner.link.is_up(),
            recalls: self.inner.hears.load(Ordering::Relaxed),
            behind_ms: self.inner.link.behind_ms(),
            limits: self.inner.table.len(),
            checks: self.inner.forgotten_checks.load(Ordering::Relaxed) + self.inner.table.checks(),
            waited: self.inner.waited.load(Ordering::Relaxed),
            alone: self.inner.alone.load(Ordering::Relaxed),
        }
    }
}

/// A check under way.
#[derive(Debug)]
pub struct PendingCheck {
    moment: Moment,
    verdict: Verdict,
    taken: SmallVec<[(Arc<Limit>, Receipt); 1]>,
    waiting: Option<Waiting>,
}

impl PendingCheck {
    fn begin(moment: Moment) -> Self {
        let verdict = Verdict {
            accepted: true,
            policies: SmallVec::new(),
            violated: None,
            is_undecided: false,
            retry_after: 0,
        };
        Self { moment, verdict, taken: SmallVec::new(), waiting: None }
    }

    /// Decides one policy after the other, up to one that a refill decides.
    fn advance(&mut self, inner: &Arc<Inner>, policies: &[Policy]) -> Option<Waiting> {
        while let Some(policy) = policies.get(self.verdict.policies.len()) {
            if self.verdict.violated.is_some() {
                self.verdict.policies.push(inner.peek(policy, &self.moment));
                continue;
            }
            // What the last one takes is never given back: none comes after it that could refuse.
            let is_last = self.verdict.policies.len() + 1 == policies.len();
            let (decision, limit) = inner.decide_first(policy, &self.moment, !is_last);
            match (decision.step, limit) {
                (Step::Wait, Some(limit)) => return Some(Waiting(limit)),
                (_, limit) => self.note(limit, decision),
            }
        }
        None
    }

    fn note(&mut self, limit: Option<Arc<Limit>>, decision: Decision) {
        let index = self.verdict.policies.len();
        self.verdict.policies.push(decision.policy);
        match decision.step {
            Step::Taken(receipt) => self.taken.extend(limit.map(|limit| (limit, receipt))),
            Step::Refused(after) => self.verdict.refuse(index, seconds(after)),
            Step::Wait => self.verdict.refuse(index, 1),
        }
    }

    /// What was taken by policies before the one that refuses is given back.
    fn finish(mut self, inner: &Inner, policies: &[Policy]) -> Verdict {
        if let Some(violated) = self.verdict.violated {
            for (limit, receipt) in self.taken {
                limit.give_back(receipt, self.moment.now);
            }
            for (policy, state) in policies.iter().zip(&mut self.verdict.policies).take(violated) {
                *state = inner.peek(policy, &self.moment);
            }
        }
        self.verdict
    }
}

/// A request that waits, for as long as it does: also when its caller hangs up.
#[derive(Debug)]
struct Waiting(Arc<Limit>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waited();
    }
}

impl Inner {
    fn moment(&self, wall: DateTime<Utc>, now: Instant) -> Moment {
        Moment {
            wall_ms: wall.timestamp_millis().saturating_add(self.link.behind_ms()),
            now,
            deadline: now + self.config.patience,
            redis: self.link.is_askable(),
            patient: true,
            again: false,
        }
    }

    /// Decides what comes for the first time. The limit is told if it is needed: to wait for it, or if the caller wants it.
    fn decide_first(
        self: &Arc<Self>,
        policy: &Policy,
        moment: &Moment,
        wants_limit: bool,
    ) -> (Decision, Option<Arc<Limit>>) {
        let key = key_of(policy);
        let decide = |limit: &Arc<Limit>| {
            let decision = limit.decide(policy, moment);
            // Nearly always it is not: that saves counting who uses it, which other threads would see.
            let is_needed = wants_limit || decision.refill || decision.step == Step::Wait;
            (decision, is_needed.then(|| Arc::clone(limit)))
        };
        let (decision, limit) = self.table.with(&key, decide).unwrap_or_else(|| {
            decide(&self.table.get_or_insert(&key, || Limit::new(policy, key.clone(), moment)))
        });
        self.follow_up(&decision, limit.as_ref());
        (decision, limit)
    }

    fn peek(&self, policy: &Policy, moment: &Moment) -> PolicyState {
        let key = key_of(policy);
        match self.table.get(&key) {
            Some(limit) => limit.peek(policy, moment),
            None => {
                let state = Limit::new(policy, key, moment).peek(policy, moment);
                PolicyState { remaining: None, reset_seconds: None, ..state }
            }
        }
    }

    fn decide(self: &Arc<Self>, limit: &Arc<Limit>, policy: &Policy, moment: &Moment) -> Decision {
        let decision = limit.decide(policy, moment);
        self.follow_up(&decision, Some(limit));
        decision
    }

    fn follow_up(self: &Arc<Self>, decision: &Decision, limit: Option<&Arc<Limit>>) {
        if let Some(limit) = limit
            && decision.refill
        {
            self.begin_refill(limit);
        }
        if decision.alone {
            self.alone.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits for a refill until it decides the request. The moment is left as it then is: all policies of a request
    /// together wait no longer than the patience.
    async fn wait(self: &Arc<Self>, mut waiting: Waiting, policy: &Policy, moment: &mut Moment) -> Decision {
        self.waited.fetch_add(1, Ordering::Relaxed);
        let limit = &Arc::clone(&waiting.0);
        moment.again = true;
        loop {
            // From its creation on it hears of a change: one that happens before the decision isn't missed.
            let changed = limit.changed.notified();
            let decision = self.decide(limit, policy, moment);
            drop(waiting);
            if decision.step != Step::Wait {
                moment.again = false;
                return decision;
            }
            waiting = Waiting(Arc::clone(limit));
            let behind = self.link.behind_ms();
            moment.patient = timeout_at(moment.deadline.into(), changed).await.is_ok();
            let waited = moment.now.elapsed();
            moment.now += waited;
            moment.redis = self.link.is_askable();
            // What was learned of the clocks meanwhile counts: it may be what the refill has found out.
            let learned = self.link.behind_ms() - behind;
            moment.wall_ms += i64::try_from(waited.as_millis()).unwrap_or(0) + learned;
        }
    }
}

fn key_of(policy: &Policy) -> LimitKey {
    LimitKey { subject: policy.subject.clone(), manner: Manner::of(&policy.period) }
}
