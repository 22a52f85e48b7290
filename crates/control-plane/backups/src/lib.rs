//! Logical backups of every database, and new customers made of them.
//!
//! What is stored: a row for every backup (`admin_backups`), written before its file and removed after it; the file,
//! in `pg_dump`'s custom format, whole or not there at all. A file is believed only when its SHA-256 is that of the row.

mod access;
mod dump;
mod error;
mod job;
mod nightly;
mod restore;
mod restorer;
mod service;
mod tools;

pub use access::DatabaseAccess;
pub use dump::{backup_database, verify};
pub use error::BackupError;
pub use job::{BackUpDatabase, NightlyBackup};
pub use nightly::Night;
pub use restore::{RestoreSource, RestoreTarget, restore_into};
pub use service::{BackupConfig, Backups};
