//! Logical backups of every database, and new customers made of them.
//!
//! What is stored: a row for every backup (`admin_backups`), written before its file and removed after it; the file, what
//! `pg_dump` wrote in its custom format, encrypted, whole or not there at all. The file's key is a stored secret of the row
//! ([`data_keys::backup_keys`]). A file is believed only when its SHA-256 is that of the row.

mod access;
mod dump;
mod error;
mod job;
mod nightly;
mod opening;
mod restore;
mod restorer;
mod sealed_file;
mod service;
mod tools;

pub use access::DatabaseAccess;
pub use dump::{backup_database, verify};
pub use error::BackupError;
pub use job::{BackUpDatabase, NightlyBackup};
pub use nightly::Night;
pub use opening::{check_opened, head_of, lock_of_file, write_opened};
pub use restore::{RestoreSource, RestoreTarget, restore_into};
pub use sealed_file::{FileLock, Head, NewFileLock};
pub use service::{BackupConfig, Backups};
