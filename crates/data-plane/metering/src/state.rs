//! What the parts of a meter tell each other, and everybody else through [`crate::MeterHealth`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::alarm::Alarm;

/// Counters and troubles of a meter.
#[derive(Debug)]
pub(crate) struct State {
    /// Records that were appended to our own spool.
    pub(crate) appended: AtomicU64,
    /// Of those, how many have been handed over or set aside.
    pub(crate) handed_over: AtomicU64,
    /// Records that were written down past the spool.
    pub(crate) written_directly: AtomicU64,
    /// Records that are nowhere.
    pub(crate) lost: AtomicU64,
    /// Records that the database refuses, kept in files.
    pub(crate) refused: AtomicU64,
    /// Bytes that could not be read, kept in files.
    pub(crate) damaged_bytes: AtomicU64,
    /// Bytes of all segments that this server has to do with.
    pub(crate) on_disk: AtomicU64,
    pub(crate) disk: Trouble,
    pub(crate) database: Trouble,
    /// Losses, said less and less often.
    loss: Mutex<Alarm>,
    /// Everything that was appended before this moment has been handed over.
    caught_up: Mutex<Instant>,
}

impl State {
    pub(crate) fn new() -> Self {
        Self {
            appended: AtomicU64::new(0),
            handed_over: AtomicU64::new(0),
            written_directly: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            damaged_bytes: AtomicU64::new(0),
            on_disk: AtomicU64::new(0),
            disk: Trouble::default(),
            database: Trouble::default(),
            loss: Mutex::default(),
            caught_up: Mutex::new(Instant::now()),
        }
    }

    /// Records that are in our own spool and not in the database.
    pub(crate) fn waiting(&self) -> u64 {
        // In this order: what is appended in between must not look like less than nothing.
        let handed_over = self.handed_over.load(Ordering::Acquire);
        self.appended.load(Ordering::Acquire).saturating_sub(handed_over)
    }

    pub(crate) fn note_caught_up(&self, moment: Instant) {
        *lock(&self.caught_up) = moment;
    }

    /// How long ago everything had been handed over.
    pub(crate) fn behind(&self) -> Duration {
        lock(&self.caught_up).elapsed()
    }

    /// Counts records that are lost, and says so.
    pub(crate) fn lose(&self, records: u64, why: &str) {
        let lost = self.lost.fetch_add(records, Ordering::Relaxed) + records;
        if lock(&self.loss).is_due() {
            tracing::error!(lost, why, "usage records are LOST");
        }
    }

    pub(crate) fn add_on_disk(&self, bytes: u64) {
        self.on_disk.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A segment took so many bytes, and takes so many now.
    pub(crate) fn resized(&self, before: u64, now: u64) {
        if now >= before {
            self.add_on_disk(now - before);
        } else {
            self.remove_on_disk(before - now);
        }
    }

    pub(crate) fn remove_on_disk(&self, bytes: u64) {
        // A file that was cut short by somebody else must not make the sum wrap.
        let _ = self.on_disk.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |on_disk| {
            Some(on_disk.saturating_sub(bytes))
        });
    }
}

/// What keeps a part from working, if anything does.
#[derive(Debug, Default)]
pub(crate) struct Trouble {
    inner: Mutex<(Option<String>, Alarm)>,
}

impl Trouble {
    /// Notes the trouble; whether it is time to log it.
    pub(crate) fn raise(&self, message: String) -> bool {
        let mut inner = lock(&self.inner);
        inner.0 = Some(message);
        inner.1.is_due()
    }

    /// Notes that all is well; whether that is news.
    pub(crate) fn clear(&self) -> bool {
        let mut inner = lock(&self.inner);
        inner.0 = None;
        inner.1.clear()
    }

    pub(crate) fn message(&self) -> Option<String> {
        lock(&self.inner).0.clone()
    }
}

/// What a panic left behind is still counted right: every change under these locks is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::{SubsecRound as _, Utc};
    use domain::usage::UsageRecord;
    use domain::{ApiKeyId, CustomerId};
    use uuid::Uuid;

    /// A record as most requests leave it.
    pub(crate) fn record() -> UsageRecord {
        UsageRecord {
            id: Uuid::now_v7(),
            request_id: Uuid::now_v7(),
            api_key_id: ApiKeyId::generate(),
            customer_id: CustomerId::generate(),
            endpoint: "/api/v1/deals/{id}".into(),
            method: "GET".into(),
            status_code: 200,
            response_time_ms: 1,
            request_size_bytes: None,
            response_size_bytes: Some(2),
            module: Some("crm_core".into()),
            outcome: UsageRecord::OK.into(),
            created_at: Utc::now().trunc_subsecs(6),
        }
    }
}
