//! Several nodes in one process, each with a runtime of its own, so that one can be killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use domain::{ApiKeyId, CustomerId};
use limits::{
    CalendarUnit, Limiter, LimiterConfig, OnRedisLoss, Period, Policy, QuotaSeed, SeedError, Span, Subject,
    Verdict,
};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// What usage records would say: every accepted request, however it was accepted.
#[derive(Debug, Default)]
pub(crate) struct Accepted {
    pub(crate) count: AtomicU64,
    pub(crate) asked: AtomicU64,
    pub(crate) answered: AtomicU64,
    pub(crate) away: AtomicBool,
    /// How long an answer takes, in milliseconds.
    pub(crate) slow: AtomicU64,
}

#[async_trait]
impl QuotaSeed for Accepted {
    async fn used(&self, _subject: &Subject, _span: Span) -> Result<u64, SeedError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.away.load(Ordering::SeqCst) {
            return Err(SeedError("the database is away".into()));
        }
        let count = self.count();
        tokio::time::sleep(Duration::from_millis(self.slow.load(Ordering::SeqCst))).await;
        self.answered.fetch_add(1, Ordering::SeqCst);
        Ok(count)
    }
}

impl Accepted {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }
}

/// Patient enough that a busy machine isn't taken for a lost Redis.
pub(crate) fn patient() -> LimiterConfig {
    LimiterConfig { patience: Duration::from_secs(20), ..LimiterConfig::default() }
}

/// One node: a limiter on a runtime of its own.
pub(crate) struct Node {
    pub(crate) limiter: Limiter,
    pub(crate) stop: CancellationToken,
    pub(crate) accepted: Arc<Accepted>,
    /// Whether it was killed: what it still decides, it tells nobody.
    killed: Arc<AtomicBool>,
    clock: fn() -> DateTime<Utc>,
    runtime: Option<Runtime>,
}

pub(crate) fn node(url: &str, config: LimiterConfig, accepted: &Arc<Accepted>) -> Node {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (stop, clock) = (CancellationToken::new(), config.clock);
    let limiter = {
        let _entered = runtime.enter();
        let seed: Arc<dyn QuotaSeed> = Arc::clone(accepted) as Arc<dyn QuotaSeed>;
        Limiter::start(config, url.to_owned(), seed, stop.clone())
    };
    let killed = Arc::new(AtomicBool::new(false));
    Node { limiter, stop, accepted: Arc::clone(accepted), killed, clock, runtime: Some(runtime) }
}

impl Node {
    /// Sends so many requests, a few at a time, on the node's own threads. Returns how many were accepted.
    pub(crate) fn send(&self, policies: Vec<Policy>, requests: u64) -> tokio::task::JoinHandle<u64> {
        const ABREAST: u64 = 16;
        let (limiter, all, clock) = (self.limiter.clone(), Arc::clone(&self.accepted), self.clock);
        let killed = Arc::clone(&self.killed);
        let handle = self.runtime.as_ref().unwrap().handle().clone();
        let spawner = handle.clone();
        handle.spawn(async move {
            let policies = Arc::new(policies);
            let senders = (0..ABREAST).map(|sender| {
                let (limiter, policies, all) = (limiter.clone(), Arc::clone(&policies), Arc::clone(&all));
                let killed = Arc::clone(&killed);
                let share = requests / ABREAST + u64::from(sender < requests % ABREAST);
                spawner.spawn(async move {
                    let mut accepted = 0;
                    for _ in 0..share {
                        let is_accepted = limiter.check(&policies, clock()).await.accepted;
                        if killed.load(Ordering::SeqCst) {
                            break;
                        }
                        if is_accepted {
                            accepted += 1;
                            all.count.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                    accepted
                })
            });
            let senders: Vec<_> = senders.collect();
            let mut accepted = 0;
            for sender in senders {
                accepted += sender.await.unwrap();
            }
            accepted
        })
    }

    /// One request.
    pub(crate) async fn check(&self, policies: &[Policy]) -> Verdict {
        let verdict = self.limiter.check(policies, (self.clock)()).await;
        self.accepted.count.fetch_add(u64::from(verdict.accepted), Ordering::SeqCst);
        verdict
    }

    /// Ends it as a crash does: nothing is given back, and nobody hears any more what it accepts. A runtime that shuts
    /// down isn't a crash: while one of its threads drops the connection to Redis, another goes on with the requests,
    /// finds Redis gone and counts alone, as declared. No process that is killed does that, so it ends before the runtime.
    pub(crate) fn kill(&mut self) {
        self.killed.store(true, Ordering::SeqCst);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Ends it as a deployment does.
    pub(crate) async fn end(&self) {
        self.stop.cancel();
        self.limiter.stopped().await;
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn a_customer() -> CustomerId {
    CustomerId::generate()
}

/// A key's limit.
pub(crate) fn key_policy(quota: u64, period: Period) -> Policy {
    Policy {
        name: "key",
        subject: Subject::key(a_customer(), ApiKeyId::generate()),
        quota,
        period,
        on_redis_loss: OnRedisLoss::NodeLocal,
    }
}

pub(crate) fn month() -> Period {
    Period::Calendar { unit: CalendarUnit::Month, time_zone: Tz::Europe__Berlin }
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Waits until a node has its link to Redis, and hears of recalls.
pub(crate) async fn connected(node: &Node) {
    testkit::wait_for("the link to Redis", Duration::from_secs(20), || async {
        let health = node.limiter.health();
        health.redis && health.recalls
    })
    .await;
}
