//! The limiter: looks up each policy's limit, decides, and waits for a refill where there is no other way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use smallvec::SmallVec;
use tokio_util::sync::CancellationToken;

use crate::limit::{Decision, Limit, Moment, Receipt, Step, seconds};
use crate::limit_key::{LimitKey, Manner};
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
}

impl Default for LimiterConfig {
    fn default() -> Self {
        Self {
            patience: Duration::from_millis(250),
            idle: Duration::from_secs(1),
            forget: Duration::from_secs(300),
        }
    }
}

/// How the limiter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Whether Redis can be asked. Without it every limit does as declared.
    pub redis: bool,
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
}

pub(crate) struct Inner {
    pub(crate) config: LimiterConfig,
    pub(crate) table: Table,
    pub(crate) seed: Arc<dyn QuotaSeed>,
    checks: AtomicU64,
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
    /// longer than the configured patience. When `stop` is cancelled, all unspent tokens are given back.
    ///
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn start(
        config: LimiterConfig,
        _redis_url: &SecretString,
        seed: Arc<dyn QuotaSeed>,
        _stop: CancellationToken,
    ) -> Self {
        let inner = Arc::new(Inner {
            config,
            table: Table::new(),
            seed,
            checks: AtomicU64::new(0),
            waited: AtomicU64::new(0),
            alone: AtomicU64::new(0),
        });
        Self { inner }
    }

    /// Decides whether a request passes all of these policies, and counts it if it does. Never fails, and hardly
    /// ever waits.
    pub async fn check(&self, policies: &[Policy], now: DateTime<Utc>) -> Verdict {
        let moment = self.inner.moment(now);
        let mut verdict =
            Verdict { accepted: true, policies: SmallVec::new(), violated: None, retry_after: 0 };
        let mut taken: SmallVec<[(Arc<Limit>, Receipt); 4]> = SmallVec::new();
        for (index, policy) in policies.iter().enumerate() {
            if verdict.violated.is_some() {
                verdict.policies.push(self.inner.peek(policy, &moment));
                continue;
            }
            let limit = self.inner.limit(policy, &moment);
            let decision = self.inner.decide(&limit, policy, moment).await;
            verdict.policies.push(decision.policy);
            match decision.step {
                Step::Taken(receipt) => taken.push((limit, receipt)),
                Step::Refused(_) | Step::Wait => {
                    let after = if let Step::Refused(after) = decision.step { after } else { Duration::ZERO };
                    verdict.accepted = false;
                    verdict.violated = Some(index);
                    verdict.retry_after = seconds(after);
                }
            }
        }
        if let Some(violated) = verdict.violated {
            for (limit, receipt) in taken {
                limit.give_back(receipt, moment.now);
            }
            for (policy, state) in policies.iter().zip(&mut verdict.policies).take(violated) {
                *state = self.inner.peek(policy, &moment);
            }
        }
        verdict
    }

    /// How the limiter stands.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            redis: false,
            behind_ms: 0,
            limits: self.inner.table.len(),
            checks: self.inner.checks.load(Ordering::Relaxed),
            waited: self.inner.waited.load(Ordering::Relaxed),
            alone: self.inner.alone.load(Ordering::Relaxed),
        }
    }
}

impl Inner {
    fn moment(&self, now: DateTime<Utc>) -> Moment {
        Moment { wall_ms: now.timestamp_millis(), now: Instant::now(), redis: false, patient: true }
    }

    fn limit(&self, policy: &Policy, moment: &Moment) -> Arc<Limit> {
        let key = key_of(policy);
        self.table.get_or_insert(&key, || Limit::new(policy, key.clone(), moment))
    }

    fn peek(&self, policy: &Policy, moment: &Moment) -> PolicyState {
        match self.table.get(&key_of(policy)) {
            Some(limit) => limit.peek(policy, moment),
            None => {
                let state = Limit::new(policy, key_of(policy), moment).peek(policy, moment);
                PolicyState { remaining: None, reset_seconds: None, ..state }
            }
        }
    }

    async fn decide(self: &Arc<Self>, limit: &Arc<Limit>, policy: &Policy, moment: Moment) -> Decision {
        self.checks.fetch_add(1, Ordering::Relaxed);
        limit.decide(policy, &moment)
    }
}

fn key_of(policy: &Policy) -> LimitKey {
    LimitKey { subject: policy.subject.clone(), manner: Manner::of(&policy.period) }
}
