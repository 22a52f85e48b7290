//! The door: takes records from requests.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::usage::{UsageRecord, UsageSink};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::keeper::Keeper;
use crate::spool::Spool;
use crate::state::State;
use crate::{MeterHealth, MeteringConfig, frame};

thread_local! {
    /// Where a thread writes its frames; kept, so that nothing is allocated per record.
    static FRAME: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A meter can't be started.
#[derive(Debug, thiserror::Error)]
#[error("usage can't be kept in {}: {source}; make it a folder that this user may write to, or choose another", folder.display())]
pub struct MeteringError {
    folder: PathBuf,
    source: io::Error,
}

/// Takes records from requests. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Meter {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    spool: Arc<Spool>,
    state: Arc<State>,
    config: Arc<MeteringConfig>,
    adopted: Arc<std::sync::atomic::AtomicUsize>,
}

impl Meter {
    /// Opens a spool and starts the task that hands it over, and the spools of dead servers beside it. After `stop` the
    /// rest is handed over within [`MeteringConfig::stop_limit`] and the task ends: await the handle, when no further
    /// request is under way. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// [`MeteringError`] when the folder can't be used. A full disk is no error: records wait in memory then.
    pub fn start(
        sink: Arc<dyn UsageSink>,
        config: MeteringConfig,
        stop: CancellationToken,
    ) -> Result<(Self, JoinHandle<()>), MeteringError> {
        let config = Arc::new(config);
        let state = Arc::new(State::new());
        let spool = Spool::open(&config, Arc::clone(&state))
            .map_err(|source| MeteringError { folder: config.folder.clone(), source })?;
        let spool = Arc::new(spool);
        let adopted = Arc::default();
        let keeper = Keeper::new(
            sink,
            Arc::clone(&config),
            Arc::clone(&spool),
            Arc::clone(&state),
            Arc::clone(&adopted),
        );
        let task = tokio::spawn(keeper.run(stop));
        Ok((Self { shared: Arc::new(Shared { spool, state, config, adopted }) }, task))
    }

    /// Notes a request. When this returns, the record outlives the process (unless the disk is full); within a second,
    /// the machine. Never waits for the disk or the database.
    pub fn record(&self, record: UsageRecord) {
        let Shared { spool, state, .. } = &*self.shared;
        let is_spooled =
            FRAME.with_borrow_mut(|buffer| frame::write(&record, buffer) && spool.append(buffer));
        if !is_spooled && !spool.keep_in_memory(record) {
            state.lose(1, "neither the disk nor memory has room");
        }
    }

    /// How it fares.
    #[must_use]
    pub fn health(&self) -> MeterHealth {
        let Shared { spool, state, config, adopted } = &*self.shared;
        let waiting_records = state.waiting();
        let in_memory = spool.in_memory();
        let adopted_spools = adopted.load(Ordering::Relaxed);
        let is_behind = waiting_records > 0 || in_memory > 0;
        MeterHealth {
            spooled_bytes: state.on_disk.load(Ordering::Relaxed),
            spool_limit_bytes: config.spool_bytes,
            waiting_records,
            lag: if is_behind { state.behind() } else { std::time::Duration::ZERO },
            unsynced: spool.unsynced(),
            adopted_spools,
            in_memory,
            memory_limit: config.memory_records,
            lost: state.lost.load(Ordering::Relaxed),
            refused: state.refused.load(Ordering::Relaxed),
            damaged_bytes: state.damaged_bytes.load(Ordering::Relaxed),
            handed_over: state.handed_over.load(Ordering::Relaxed)
                + state.written_directly.load(Ordering::Relaxed),
            disk_error: state.disk.message(),
            database_error: state.database.message(),
        }
    }
}
