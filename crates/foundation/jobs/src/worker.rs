//! The worker: finds due jobs by Redis and by the scan, runs them, and stops without losing one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use redis_address::RedisAddress;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::backoff::Backoff;
use crate::executor::Executor;
use crate::job::Job;
use crate::redis_queue::RedisQueue;
use crate::scan::{Retention, Scan, relay_news};
use crate::store::{JobStore, Lease};

/// How long the endings of interrupted jobs may take to be written down.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How a worker is put together. The defaults are those of production.
pub struct WorkerBuilder {
    store: Arc<dyn JobStore>,
    redis: RedisAddress,
    queue: String,
    jobs: BTreeMap<&'static str, Arc<dyn Job>>,
    /// Those with slots of their own ([`Job::runs_apart`]).
    apart: BTreeMap<&'static str, Arc<dyn Job>>,
    concurrency: usize,
    lease: Duration,
    grace: Duration,
    scan_every: Duration,
    backoff: Backoff,
}

impl WorkerBuilder {
    /// Adds a job, among those that run apart if it says so. Of two jobs of one kind the later one counts.
    #[must_use]
    pub fn register(mut self, job: impl Job) -> Self {
        let jobs = if job.runs_apart() { &mut self.apart } else { &mut self.jobs };
        jobs.insert(job.kind(), Arc::new(job));
        self
    }

    /// How many jobs run at once; as many again of those that are apart. Default 4.
    #[must_use]
    pub fn concurrency(mut self, jobs: usize) -> Self {
        self.concurrency = jobs.max(1);
        self
    }

    /// How long after its worker's last sign of life a job is taken back. Default 30 s.
    #[must_use]
    pub fn lease(mut self, length: Duration) -> Self {
        self.lease = length;
        self
    }

    /// How long running jobs may go on after the worker was asked to stop. Default 30 s.
    #[must_use]
    pub fn grace(mut self, period: Duration) -> Self {
        self.grace = period;
        self
    }

    /// How often the worker looks by itself. Default 2 s.
    #[must_use]
    pub fn scan_every(mut self, interval: Duration) -> Self {
        self.scan_every = interval;
        self
    }

    /// The pauses between tries.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// The name of the queue in Redis, for several systems that share one. Default `sixty:jobs`.
    #[must_use]
    pub fn queue(mut self, name: impl Into<String>) -> Self {
        self.queue = name.into();
        self
    }

    /// Works until `stop` is cancelled and what runs has ended, or the grace period is over: then what still runs
    /// is interrupted and queued again. Neither Redis nor the database has to be there; what is missing is waited for.
    pub async fn run(mut self, stop: CancellationToken) {
        let apart = std::mem::take(&mut self.apart);
        if apart.is_empty() {
            return self.run_together(stop).await;
        }
        // Two that share one queue would take each other's jobs out of it, and couldn't do them.
        let others = Self {
            store: Arc::clone(&self.store),
            redis: self.redis.clone(),
            queue: format!("{}:apart", self.queue),
            jobs: apart,
            apart: BTreeMap::new(),
            concurrency: self.concurrency,
            lease: self.lease,
            grace: self.grace,
            scan_every: self.scan_every,
            backoff: self.backoff,
        };
        // In a task of their own: apalis asks Redis whenever its task is woken, and the answer wakes it. Two queues in one task would
        // ask and wake each other without an end.
        let others = AbortOnDropHandle::new(tokio::spawn(others.run_together(stop.clone())));
        self.run_together(stop).await;
        if let Err(error) = others.await {
            tracing::error!(%error, "the worker of jobs that run apart has ended");
        }
    }

    async fn run_together(self, stop: CancellationToken) {
        let owner = format!("worker-{}", uuid::Uuid::now_v7());
        let kinds = self.jobs.keys().copied().collect();
        let executor = Arc::new(Executor {
            store: self.store,
            jobs: self.jobs,
            kinds,
            lease: Lease { owner, length: self.lease },
            backoff: self.backoff,
            slots: Arc::new(Semaphore::new(self.concurrency)),
            quarantine: Arc::new(Semaphore::new(1)),
            freed: Notify::new(),
            stopping: stop.child_token(),
            grace_over: CancellationToken::new(),
            running: TaskTracker::new(),
        });
        let redis = Arc::new(RedisQueue::new(self.redis, self.queue));
        let news = Arc::new(Notify::new());
        let scan = Scan {
            executor: Arc::clone(&executor),
            redis: Arc::clone(&redis),
            every: self.scan_every,
            retention: Retention {
                succeeded: Duration::from_secs(24 * 3600),
                dead: Duration::from_secs(90 * 24 * 3600),
            },
            queued_periods: HashMap::new(),
            reap_from: Instant::now(),
            prune_at: Instant::now(),
        };
        tracing::info!(worker = executor.lease.owner, kinds = ?executor.kinds, "worker started");
        tokio::join!(
            scan.run(Arc::clone(&news)),
            redis.run(&executor),
            relay_news(Arc::clone(&executor), news, self.scan_every),
        );
        drain(&executor, self.grace).await;
        tracing::info!(worker = executor.lease.owner, "worker stopped");
    }
}

async fn drain(executor: &Executor, grace: Duration) {
    executor.running.close();
    if timeout(grace, executor.running.wait()).await.is_ok() {
        return;
    }
    tracing::warn!(jobs = executor.running.len(), "the grace period is over: running jobs are interrupted");
    executor.grace_over.cancel();
    if timeout(LAST_WORDS, executor.running.wait()).await.is_err() {
        tracing::error!("interrupted jobs could not be queued again: their leases will run out");
    }
}

/// Where a worker begins.
pub struct Worker;

impl Worker {
    /// A worker for the jobs of this store, with this Redis as its fast queue.
    #[must_use]
    pub fn builder(store: Arc<dyn JobStore>, redis: impl Into<RedisAddress>) -> WorkerBuilder {
        WorkerBuilder {
            store,
            redis: redis.into(),
            queue: "sixty:jobs".to_owned(),
            jobs: BTreeMap::new(),
            apart: BTreeMap::new(),
            concurrency: 4,
            lease: Duration::from_secs(30),
            grace: Duration::from_secs(30),
            scan_every: Duration::from_secs(2),
            backoff: Backoff::default(),
        }
    }
}
