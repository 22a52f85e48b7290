//! The slow and certain way: looks into PostgreSQL for what is due, what was forgotten and whose worker died.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use crate::executor::Executor;
use crate::redis_queue::RedisQueue;
use crate::store::{NewJob, Selection, StoreError};

/// How many jobs are put into Redis at once.
const OFFER: i64 = 100;
/// A job that lies in Redis for so long without being taken is taken by the scan, if there is a slot.
const FORGOTTEN: Duration = Duration::from_secs(5);
/// How often jobs that ended long ago are forgotten.
const PRUNE: Duration = Duration::from_secs(600);

/// How long ended jobs stay to be looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retention {
    pub(crate) succeeded: Duration,
    pub(crate) dead: Duration,
}

/// One worker's scan.
pub(crate) struct Scan {
    pub(crate) executor: Arc<Executor>,
    pub(crate) redis: Arc<RedisQueue>,
    pub(crate) every: Duration,
    pub(crate) retention: Retention,
    /// Periods that are known to have had their job: asking the database once per period is enough.
    pub(crate) queued_periods: HashMap<&'static str, DateTime<Utc>>,
    /// Before this moment nobody is taken for dead.
    pub(crate) reap_from: Instant,
    pub(crate) prune_at: Instant,
}

impl Scan {
    /// Looks at once when told of news or when a slot became free, and every so often in any case, until the
    /// worker stops.
    pub(crate) async fn run(mut self, news: Arc<Notify>) {
        let executor = Arc::clone(&self.executor);
        let mut whole_at = Instant::now();
        loop {
            let is_whole = Instant::now() >= whole_at;
            if is_whole {
                whole_at = Instant::now() + self.every;
            }
            if let Err(error) = self.look(is_whole).await {
                tracing::warn!(%error, "the scan for jobs failed");
                // With the database away nobody could extend a lease either: that is no reason to count a crash.
                self.reap_from = Instant::now() + executor.lease.length;
            }
            tokio::select! {
                () = executor.stopping.cancelled() => return,
                () = news.notified() => {}
                () = executor.freed.notified() => {}
                () = sleep_until(whole_at) => {}
            }
        }
    }

    async fn look(&mut self, is_whole: bool) -> Result<(), StoreError> {
        if is_whole {
            self.reap().await?;
            self.queue_periods().await?;
            self.prune().await?;
            self.executor.take_waiting(Selection::Suspect).await;
        }
        if self.redis.is_up() {
            self.offer().await?;
        }
        if !self.redis.is_up() {
            self.executor.take_waiting(Selection::AnyDue).await;
        } else if is_whole {
            self.executor.take_waiting(Selection::Forgotten(FORGOTTEN)).await;
        }
        Ok(())
    }

    async fn offer(&self) -> Result<(), StoreError> {
        loop {
            let jobs = self.executor.store.offer(&self.executor.kinds, OFFER).await?;
            // What Redis doesn't take although it was marked as put there, is taken as any due job is.
            if jobs.is_empty() || !self.redis.push(&jobs).await {
                return Ok(());
            }
        }
    }

    async fn reap(&self) -> Result<(), StoreError> {
        if Instant::now() < self.reap_from {
            return Ok(());
        }
        let reaped = self.executor.store.reap().await?;
        for job in reaped.requeued {
            tracing::warn!(%job, "a job's worker died: it is queued again");
        }
        for job in reaped.parked {
            tracing::error!(%job, "a job is dead: it killed its worker too often");
        }
        Ok(())
    }

    async fn queue_periods(&mut self) -> Result<(), StoreError> {
        let now = Utc::now();
        let jobs: Vec<_> = self.executor.jobs.values().map(Arc::clone).collect();
        for job in jobs {
            let Some(schedule) = job.schedule() else { continue };
            let start = schedule.period_start(now);
            if self.queued_periods.get(job.kind()).is_some_and(|&queued| queued >= start) {
                continue;
            }
            let payload = serde_json::json!({ "period_start": start });
            let new = NewJob::new(job.kind(), payload).unique(format!("periodic:{}", job.kind()));
            if self.executor.store.queue_period(&new, start).await? {
                self.queued_periods.insert(job.kind(), start);
            }
        }
        Ok(())
    }

    async fn prune(&mut self) -> Result<(), StoreError> {
        if Instant::now() < self.prune_at {
            return Ok(());
        }
        self.prune_at = Instant::now() + PRUNE;
        self.executor.store.prune(self.retention.succeeded, self.retention.dead).await?;
        Ok(())
    }
}

/// Passes the store's news on, over and over: a lost connection is made anew.
pub(crate) async fn relay_news(executor: Arc<Executor>, news: Arc<Notify>, pause: Duration) {
    while !executor.stopping.is_cancelled() {
        match executor.store.news().await {
            Ok(mut stream) => {
                // Something may have come while nobody listened.
                news.notify_one();
                loop {
                    tokio::select! {
                        () = executor.stopping.cancelled() => return,
                        item = stream.next() => match item {
                            Some(()) => news.notify_one(),
                            None => break,
                        }
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "no news of jobs: the scan alone finds them"),
        }
        tokio::select! {
            () = executor.stopping.cancelled() => return,
            () = sleep(pause) => {}
        }
    }
}
