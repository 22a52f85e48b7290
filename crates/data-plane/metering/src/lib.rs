//! Usage: every request with a known API key becomes a row of `admin_api_usage`, once.
//!
//! A request's record is appended to a file of this machine before its answer leaves: a copy into the operating
//! system's page cache, which a killed server doesn't lose; a thread syncs it to the disk twice a second, so that a power
//! failure takes less than a second of records. A task hands the files over to the admin database in large batches, each in
//! a transaction that also notes how far the file has been handed over: therefore nothing is written twice, whichever
//! side dies, and whenever.
//!
//! Where things are: [`Meter`] takes records; `spool` and `tail` append and sync; `frame` and `codec` are the file's format;
//! `reader` reads it, `folder` keeps it; `handover` moves batches; `keeper` is the task that does all of it in the
//! background, also for the folders that dead servers left.
//!
//! Nothing slows a request down: when the disk takes nothing more, or the configured bound is reached, records wait in
//! memory (`memory`); when that is full too they are lost, counted, and an error is logged. [`Meter::health`] says so.

mod alarm;
mod codec;
mod config;
mod folder;
mod frame;
mod handover;
mod health;
mod keeper;
mod memory;
mod meter;
mod pace;
mod reader;
mod set_aside;
mod spool;
mod state;
mod syncing;
mod tail;

pub use config::MeteringConfig;
pub use health::MeterHealth;
pub use meter::{Meter, MeteringError};
