//! How a meter fares, for `/api/ready`, metrics, and whoever is on call.

use std::time::Duration;

/// How a meter fares now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterHealth {
    /// Bytes of all segments that this server has to do with, those of adopted spools included.
    pub spooled_bytes: u64,
    /// How many there may be.
    pub spool_limit_bytes: u64,
    /// Records in this server's own spool that aren't in the database yet.
    pub waiting_records: u64,
    /// At most so long ago came the oldest of this server's records that aren't in the database yet. Zero when there is none.
    pub lag: Duration,
    /// For how long the oldest record that a power failure would take has been waiting to be synced. A disk that keeps it over a
    /// second is too slow for what is promised.
    pub unsynced: Duration,
    /// Spools of dead servers that are being handed over.
    pub adopted_spools: usize,
    /// Records in memory only, because the disk doesn't take them: a crash would lose them.
    pub in_memory: usize,
    /// How many records memory takes.
    pub memory_limit: usize,
    /// Records since the start that are lost.
    pub lost: u64,
    /// Records since the start that the database refuses, kept in the spools' `damaged` folder.
    pub refused: u64,
    /// Bytes since the start that could not be read, kept in the spools' `damaged` folder.
    pub damaged_bytes: u64,
    /// Records since the start that are in the database.
    pub handed_over: u64,
    /// What is wrong with the disk, if anything is.
    pub disk_error: Option<String>,
    /// What is wrong with the admin database, if anything is.
    pub database_error: Option<String>,
}

impl MeterHealth {
    /// Whether somebody should look: records are lost or may soon be. A database that is away alone is no reason, the
    /// spool is made for that.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        self.disk_error.is_some() || self.in_memory > 0 || self.spooled_bytes > self.spool_limit_bytes / 2
    }
}
