//! The form of an encrypted backup.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `SIXTYBAK` |
//! | 1 | the version of the form: 1 |
//! | 4 | how long the head is, big-endian |
//! | so many | the [`Head`], JSON: whose backup it is, and its sealed key |
//! | the rest | chunks ([`secrets::stream`]) of what `pg_dump` wrote |
//!
//! Everything before the chunks is bound to them: with another head nothing opens. A file without the first eight bytes is
//! plain, as backups were before; a dump of PostgreSQL begins with `PGDMP`.

mod reading;
mod writing;

pub(crate) use reading::{Fault, Sealed, UntilClosed};
pub(crate) use writing::seal;

use domain::{BackupId, CustomerId};
use secrets::FileKey;
use secrets::stream::new_salt;
use serde::{Deserialize, Serialize};

const MAGIC: &[u8; 8] = b"SIXTYBAK";
const VERSION: u8 = 1;

/// A head that is longer is none of ours.
const LONGEST_HEAD: usize = 16 * 1024;

/// What is in front of the chunks, for everybody to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The backup.
    pub backup: BackupId,
    /// Whose it is; `None` for the admin database.
    pub customer: Option<CustomerId>,
    /// The database.
    pub database: String,
    /// The file's key, sealed ([`data_keys::backup_keys`]).
    pub key: String,
    /// Random, so that no two files are sealed alike.
    pub salt: String,
}

/// What opens a backup's file, and which backup it has to be.
#[derive(Debug, Clone)]
pub struct FileLock {
    /// The backup.
    pub backup: BackupId,
    /// Whose it is; `None` for the admin database.
    pub customer: Option<CustomerId>,
    /// The key.
    pub key: FileKey,
}

/// What seals a new backup's file.
#[derive(Debug, Clone)]
pub struct NewFileLock {
    /// What opens it again.
    pub lock: FileLock,
    /// The same key, sealed, for the file's head.
    pub in_file: String,
}

impl NewFileLock {
    pub(crate) fn head(&self, database: &str) -> Head {
        let FileLock { backup, customer, .. } = self.lock;
        let (database, key) = (database.to_owned(), self.in_file.clone());
        Head { backup, customer, database, key, salt: new_salt() }
    }
}

impl Head {
    /// The bytes in front of the chunks.
    fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let text = serde_json::to_vec(self)?;
        let length = u32::try_from(text.len()).map_err(std::io::Error::other)?;
        Ok([MAGIC.as_slice(), &[VERSION], &length.to_be_bytes(), &text].concat())
    }
}

#[cfg(test)]
mod tests;
