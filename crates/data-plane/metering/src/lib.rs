//! Usage: every request with a known API key becomes a row of `admin_api_usage`.
//!
//! Requests hand their record to a bounded queue and go on; one task writes batches. A sink that is away is tried
//! again for as long as it takes while the queue holds out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::usage::{UsageRecord, UsageSink};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How usage is gathered.
#[derive(Debug, Clone, Copy)]
pub struct MeteringConfig {
    /// How many records may wait while the sink is away; about 300 bytes each. Further ones are counted as lost.
    pub capacity: usize,
    /// How many records are written at once.
    pub batch: usize,
    /// How long a record waits for company.
    pub flush_every: Duration,
}

impl Default for MeteringConfig {
    fn default() -> Self {
        Self { capacity: 100_000, batch: 1_000, flush_every: Duration::from_millis(200) }
    }
}

/// Takes records from requests. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Meter {
    sender: mpsc::Sender<UsageRecord>,
    lost: Arc<AtomicU64>,
}

impl Meter {
    /// Starts the writing task. After `stop`, what has been handed over is written and the task ends: await the
    /// handle.
    pub fn start(
        sink: Arc<dyn UsageSink>,
        config: MeteringConfig,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(config.capacity);
        let writer = tokio::spawn(Writer { sink, config, receiver }.run(stop));
        (Self { sender, lost: Arc::default() }, writer)
    }

    /// Hands a record over; never waits.
    pub fn record(&self, record: UsageRecord) {
        if self.sender.try_send(record).is_err() {
            let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
            if lost.is_power_of_two() {
                tracing::error!(
                    lost,
                    "usage records are lost: the admin database has been away for too long"
                );
            }
        }
    }
}

struct Writer {
    sink: Arc<dyn UsageSink>,
    config: MeteringConfig,
    receiver: mpsc::Receiver<UsageRecord>,
}

impl Writer {
    async fn run(mut self, stop: CancellationToken) {
        let mut batch = Vec::with_capacity(self.config.batch);
        loop {
            tokio::select! {
                received = self.receiver.recv_many(&mut batch, self.config.batch) => if received == 0 { break },
                () = stop.cancelled() => {
                    self.receiver.close();
                    while self.receiver.recv_many(&mut batch, self.config.batch).await > 0 {}
                    self.write_last(&batch).await;
                    break;
                }
            }
            self.fill(&mut batch, &stop).await;
            self.write(&batch, &stop).await;
            batch.clear();
        }
    }

    /// Waits a moment for more records, so that a busy server writes few large batches.
    async fn fill(&mut self, batch: &mut Vec<UsageRecord>, stop: &CancellationToken) {
        let deadline = tokio::time::Instant::now() + self.config.flush_every;
        while batch.len() < self.config.batch {
            let room = self.config.batch - batch.len();
            tokio::select! {
                received = self.receiver.recv_many(batch, room) => if received == 0 { return },
                () = tokio::time::sleep_until(deadline) => return,
                () = stop.cancelled() => return,
            }
        }
    }

    async fn write(&self, batch: &[UsageRecord], stop: &CancellationToken) {
        let mut pause = Duration::from_millis(100);
        while let Err(error) = self.sink.write(batch).await {
            if stop.is_cancelled() {
                self.write_last(batch).await;
                return;
            }
            tracing::warn!(%error, records = batch.len(), "usage waits for the admin database");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    async fn write_last(&self, batch: &[UsageRecord]) {
        if batch.is_empty() {
            return;
        }
        if let Err(error) = self.sink.write(batch).await {
            tracing::error!(%error, lost = batch.len(), "usage records are lost: the server stops and the admin database is away");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;

    use async_trait::async_trait;
    use chrono::Utc;
    use domain::usage::UsageUnavailable;
    use domain::{ApiKeyId, CustomerId};
    use uuid::Uuid;

    use super::*;

    /// Refuses the first calls, then keeps what it is given.
    #[derive(Default)]
    struct Flaky {
        refusals: AtomicUsize,
        written: Mutex<Vec<UsageRecord>>,
    }

    #[async_trait]
    impl UsageSink for Flaky {
        async fn write(&self, records: &[UsageRecord]) -> Result<(), UsageUnavailable> {
            if self
                .refusals
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok()
            {
                return Err(UsageUnavailable("away".into()));
            }
            self.written.lock().unwrap().extend_from_slice(records);
            Ok(())
        }
    }

    fn record() -> UsageRecord {
        UsageRecord {
            id: Uuid::now_v7(),
            request_id: Uuid::now_v7(),
            api_key_id: ApiKeyId::generate(),
            customer_id: CustomerId::generate(),
            endpoint: "/api/v1/deals".to_owned(),
            method: "GET".to_owned(),
            status_code: 200,
            response_time_ms: 1,
            request_size_bytes: None,
            response_size_bytes: Some(2),
            module: None,
            outcome: UsageRecord::OK.to_owned(),
            created_at: Utc::now(),
        }
    }

    #[tokio::test]
    async fn every_record_is_written_once_although_the_sink_was_away_and_the_server_stops() {
        let sink = Arc::new(Flaky { refusals: AtomicUsize::new(2), ..Flaky::default() });
        let stop = CancellationToken::new();
        let config =
            MeteringConfig { batch: 7, flush_every: Duration::from_millis(1), ..MeteringConfig::default() };
        let (meter, writer) = Meter::start(sink.clone(), config, stop.clone());
        let sent: Vec<_> = (0..100).map(|_| record()).collect();
        for record in &sent {
            meter.record(record.clone());
        }
        while sink.written.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        writer.await.unwrap();
        assert_eq!(*sink.written.lock().unwrap(), sent);
    }
}
