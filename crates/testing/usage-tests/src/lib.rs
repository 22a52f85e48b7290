//! Usage from the request's end to the database's: the meter and the catalog together, killed, cut off and out of space.
//!
//! Here is what the tests and the process that they kill (`usage-recorder`) say to each other.

use std::path::PathBuf;
use std::time::Duration;

use chrono::Utc;
use domain::usage::UsageRecord;
use domain::{ApiKeyId, CustomerId};
use metering::MeteringConfig;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The first line that the recorder reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Orders {
    /// The admin database.
    pub database_url: String,
    /// Where the spools are.
    pub folder: PathBuf,
    /// Whose requests it makes up.
    pub customer: Uuid,
}

/// Every further line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Command {
    /// Record so many, and say each one's id afterwards.
    Record(usize),
    /// Record from two threads, until the end.
    RecordForEver,
    /// Files may grow again.
    LiftFileLimit,
    /// Say how the meter fares.
    TellHealth,
    /// Stop as a server stops.
    Stop,
}

/// What the recorder says of its meter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Health {
    /// Records in the spool that wait.
    pub waiting_records: u64,
    /// Records in memory.
    pub in_memory: usize,
    /// Records that are lost.
    pub lost: u64,
    /// What is wrong with the disk.
    pub disk_error: Option<String>,
}

/// The configuration of the tests: everything soon.
#[must_use]
pub fn quick(folder: PathBuf) -> MeteringConfig {
    MeteringConfig {
        flush_every: Duration::from_millis(20),
        sync_every: Duration::from_millis(50),
        adopt_every: Duration::from_millis(50),
        ..MeteringConfig::new(folder)
    }
}

/// A request of the customer that was answered as it asked.
#[must_use]
pub fn request_of(customer: CustomerId) -> UsageRecord {
    UsageRecord {
        id: Uuid::now_v7(),
        request_id: Uuid::now_v7(),
        api_key_id: ApiKeyId(customer.uuid()),
        customer_id: customer,
        endpoint: "/api/v1/deals/{id}".into(),
        method: "GET".into(),
        status_code: 200,
        response_time_ms: 3,
        request_size_bytes: None,
        response_size_bytes: Some(417),
        module: Some("crm_core".into()),
        outcome: UsageRecord::OK.into(),
        created_at: Utc::now(),
    }
}
