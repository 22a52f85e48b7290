//! The fast way: job ids through Redis, with apalis.
//!
//! What lies in Redis is a hint that a job is due, never the job: a hint may be lost, doubled or late, and the claim
//! of the row decides. A hint is therefore acknowledged as soon as it is handed on, not when the job is done.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use apalis::prelude::{BackendExt, TaskSink, WorkerBuilder, WorkerBuilderExt, WorkerContext};
use apalis_redis::{Config, ConnectionManager, RedisStorage};
use domain::JobId;
use futures_util::{StreamExt, stream};
use redis::aio::ConnectionManagerConfig;
use redis::{AsyncCommands, RedisError};
use redis_address::RedisAddress;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::backoff::{Backoff, chance};
use crate::executor::Executor;
use crate::store::Selection;

/// Longer than any pause of a healthy Redis. The driver's default of 500 ms is not.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a worker looks for hints that another worker has put there.
const POLL: Duration = Duration::from_millis(200);
/// How often what apalis keeps of finished tasks is thrown away: it never does so itself.
const SWEEP: Duration = Duration::from_secs(10);

/// What travels through Redis.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Hint {
    job: JobId,
}

/// The queue in Redis, whether Redis is there or not.
pub(crate) struct RedisQueue {
    address: RedisAddress,
    name: String,
    /// There while Redis is.
    storage: Mutex<Option<RedisStorage<Hint>>>,
    /// Wakes this worker's own apalis when it has pushed.
    pushed: Arc<Notify>,
    told: AtomicBool,
}

impl RedisQueue {
    pub(crate) fn new(address: RedisAddress, name: String) -> Self {
        Self {
            address,
            name,
            storage: Mutex::new(None),
            pushed: Arc::new(Notify::new()),
            told: AtomicBool::new(false),
        }
    }

    fn storage(&self) -> Option<RedisStorage<Hint>> {
        self.storage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_storage(&self, storage: Option<RedisStorage<Hint>>) {
        *self.storage.lock().unwrap_or_else(PoisonError::into_inner) = storage;
    }

    /// Whether Redis is there, as far as is known.
    pub(crate) fn is_up(&self) -> bool {
        self.storage().is_some()
    }

    /// Puts hints into Redis. `false` when Redis doesn't take them.
    pub(crate) async fn push(&self, jobs: &[JobId]) -> bool {
        let Some(mut storage) = self.storage() else { return false };
        let hints = jobs.iter().map(|&job| Hint { job }).collect();
        match storage.push_bulk(hints).await {
            Ok(()) => {
                self.pushed.notify_one();
                true
            }
            Err(error) => {
                tracing::warn!(%error, "Redis doesn't take jobs: PostgreSQL alone serves until it does");
                self.set_storage(None);
                false
            }
        }
    }

    /// Hands hints to the executor until the worker stops. Whenever Redis fails, begins anew with another
    /// connection and another apalis worker: apalis ends its worker at the first error of the connection.
    pub(crate) async fn run(&self, executor: &Arc<Executor>) {
        let backoff = Backoff { first: Duration::from_millis(200), ceiling: Duration::from_secs(5) };
        let mut failures = 0;
        while !executor.stopping.is_cancelled() {
            match self.connect().await {
                Ok(storage) => {
                    failures = 0;
                    if self.told.swap(false, Ordering::Relaxed) {
                        tracing::info!("Redis is back");
                    }
                    self.set_storage(Some(storage.clone()));
                    tokio::select! {
                        () = self.consume(storage.clone(), executor) => {}
                        () = self.sweep(storage) => {}
                    }
                    self.set_storage(None);
                }
                Err(error) => {
                    if !self.told.swap(true, Ordering::Relaxed) {
                        tracing::warn!(%error, "Redis can't be reached: PostgreSQL alone serves until it can");
                    }
                }
            }
            failures += 1;
            tokio::select! {
                () = sleep(backoff.pause(failures, chance())) => {}
                () = executor.stopping.cancelled() => {}
            }
        }
    }

    async fn connect(&self) -> Result<RedisStorage<Hint>, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(0);
        let client = self.address.client()?;
        let mut connection = client.get_connection_manager_with_config(config).await?;
        let _: String = connection.ping().await?;
        // No locks: the row's lease is the lock. No events: nobody listens.
        let config = Config::default()
            .queue(&self.name)
            .batch_size(1)
            .heartbeat_interval(Duration::from_secs(5))
            .missed_heartbeats(3)
            .lock_tasks(false)
            .emit_events(false);
        Ok(RedisStorage::new(connection).with_config(config))
    }

    /// Returns when Redis failed or the worker stops.
    async fn consume(&self, storage: RedisStorage<Hint>, executor: &Arc<Executor>) {
        // apalis refuses the name of a worker that was alive a moment ago, so each connection has a name of its own.
        let context = WorkerContext::new(&format!("{}-{:08x}", executor.lease.owner, chance()));
        let handler = {
            let executor = Arc::clone(executor);
            move |hint: Hint| {
                let executor = Arc::clone(&executor);
                async move { executor.take_offered(Selection::One(hint.job)).await }
            }
        };
        let worker = WorkerBuilder::new(context.clone())
            .backend(storage.poll_with_stream(self.looks()))
            // One hint may wait for a slot; more would only wait here instead of in Redis, where others see them.
            .concurrency(1)
            .build(handler);
        let mut working = std::pin::pin!(worker.run());
        let ended = tokio::select! {
            ended = &mut working => ended,
            () = executor.stopping.cancelled() => {
                // It says no only if it hasn't begun.
                let _ = context.stop();
                timeout(PATIENCE, working).await.unwrap_or(Ok(()))
            }
        };
        match ended {
            Ok(()) if executor.stopping.is_cancelled() => {}
            Ok(()) => tracing::warn!("the queue in Redis ended by itself: beginning anew"),
            Err(error) => tracing::warn!(%error, "the queue in Redis failed: beginning anew"),
        }
    }

    /// When to look into Redis: now and then, and at once after an own push.
    fn looks(&self) -> stream::BoxStream<'static, ()> {
        stream::unfold(Arc::clone(&self.pushed), |pushed| async move {
            tokio::select! {
                () = pushed.notified() => {}
                () = sleep(POLL) => {}
            }
            Some(((), pushed))
        })
        .boxed()
    }

    /// Throws away what apalis keeps of finished tasks. Returns when Redis failed.
    async fn sweep(&self, mut storage: RedisStorage<Hint>) {
        let config = storage.get_config().clone();
        let connection = storage.get_connection().clone();
        loop {
            sleep(SWEEP).await;
            for set in [config.done_jobs_set(), config.dead_jobs_set()] {
                if let Err(error) = sweep_set(connection.clone(), &config, &set).await {
                    tracing::warn!(%error, "finished tasks can't be swept out of Redis");
                    return;
                }
            }
        }
    }
}

async fn sweep_set(mut connection: ConnectionManager, config: &Config, set: &str) -> Result<(), RedisError> {
    loop {
        let finished: Vec<String> = redis::cmd("SPOP").arg(set).arg(500).query_async(&mut connection).await?;
        if finished.is_empty() {
            return Ok(());
        }
        let mut pipeline = redis::pipe();
        pipeline.hdel(config.job_data_hash(), &finished).ignore();
        for task in finished {
            pipeline.del(format!("{}:{task}", config.job_meta_hash())).ignore();
        }
        let () = pipeline.query_async(&mut connection).await?;
    }
}
