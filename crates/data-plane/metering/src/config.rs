//! How usage is gathered.

use std::path::PathBuf;
use std::time::Duration;

/// More than a record takes in memory, with what holds it.
const RECORD_BYTES: usize = 512;

/// How usage is gathered.
#[derive(Debug, Clone)]
pub struct MeteringConfig {
    /// The folder for spools: a folder in it for each running server, and `damaged/` for what could not be read. Several
    /// servers of one machine may share it: they take over from each other.
    pub folder: PathBuf,
    /// How many bytes all spools that this server has to do with may take; further records wait in memory.
    /// A record takes about 150 bytes. Default 1 GiB.
    pub spool_bytes: u64,
    /// A file of a spool is followed by a new one at about this size; it goes as a whole when it has been handed over.
    /// Never more than an eighth of `spool_bytes`. Default 16 MiB.
    pub segment_bytes: u64,
    /// How often what was appended is synced to the disk. Default 500 ms: a power failure takes less than a second of
    /// records as long as the disk syncs within half a second.
    pub sync_every: Duration,
    /// How many records may wait in memory when the disk takes nothing more; about 400 bytes each, and all together never
    /// more than 512 for each. Further ones are counted as lost. Default 100,000.
    pub memory_records: usize,
    /// How many records are handed over at once, about 200 bytes each. Default 20,000: the more there are, the
    /// fewer roll-ups are written for each.
    pub batch: usize,
    /// While requests come fast, the machine is left to them: usage is handed over when they come slower, when it is this
    /// far behind, or when half of `spool_bytes` is taken. Default 10 s.
    pub lag_under_load: Duration,
    /// How often the spool is looked at. Default 200 ms.
    pub flush_every: Duration,
    /// How often the spools of dead servers are looked for. Default 10 s.
    pub adopt_every: Duration,
    /// How long the hand-over may go on after a stop. What is left then is handed over by the next server that starts
    /// with this folder. Default 5 s.
    pub stop_limit: Duration,
}

impl MeteringConfig {
    /// The default of [`Self::spool_bytes`].
    pub const SPOOL_BYTES: u64 = 1 << 30;
    /// The default of [`Self::memory_records`].
    pub const MEMORY_RECORDS: u32 = 100_000;

    /// The defaults, with the spools in this folder.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            spool_bytes: Self::SPOOL_BYTES,
            segment_bytes: 16 << 20,
            sync_every: Duration::from_millis(500),
            memory_records: Self::MEMORY_RECORDS as usize,
            batch: 20_000,
            lag_under_load: Duration::from_secs(10),
            flush_every: Duration::from_millis(200),
            adopt_every: Duration::from_secs(10),
            stop_limit: Duration::from_secs(5),
        }
    }

    /// What the records in memory may take.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_records.saturating_mul(RECORD_BYTES)
    }

    /// A segment is never so large that the bound is reached before anything can be removed.
    pub(crate) fn segment_limit(&self) -> u64 {
        self.segment_bytes.min(self.spool_bytes / 8).max(1)
    }
}
