//! Why a backup or a restore could not be done, each variant with what it means for trying again.

use std::path::PathBuf;

use catalog::CatalogError;
use data_keys::DataKeyError;
use provisioning::backend::BackendError;

/// A backup or a restore could not be done.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database doesn't answer or refuses. Trying again can help.
    #[error("the database {database} can't be asked: {reason}")]
    Database {
        /// The database.
        database: String,
        /// What the driver or the server said.
        reason: String,
    },
    /// The server is newer than the client programs, which then can't be trusted to see everything.
    #[error(
        "the server is PostgreSQL {server} and {program} is {client}: \
         install PostgreSQL {server}'s client programs, or point SIXTY_PG_BIN at them"
    )]
    ClientTooOld {
        /// `pg_dump` or `pg_restore`.
        program: &'static str,
        /// The server's major version.
        server: u32,
        /// The program's major version.
        client: u32,
    },
    /// The backup is of a newer server than the one it should go into.
    #[error(
        "the backup is of PostgreSQL {backup}, the database it should go into is of {server}: use a newer server"
    )]
    ServerTooOld {
        /// The major version of the server that was dumped.
        backup: u32,
        /// The major version of the server to restore into.
        server: u32,
    },
    /// The program isn't there or can't be started.
    #[error("{program} can't be run: {source}")]
    Program {
        /// The program.
        program: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The program ended with an error.
    #[error("{program} failed: {message}")]
    Failed {
        /// The program.
        program: &'static str,
        /// What it said, without any row's contents.
        message: String,
    },
    /// The file isn't there, isn't whole, or isn't the one that was made. Nothing was changed.
    #[error("the backup file {} is not usable: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file can't be written.
    #[error("{} can't be written: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The restored database could not be brought up to date.
    #[error("the restored database can't be brought up to date: {0}")]
    Migration(#[from] schema::MigrateError),
    /// The restored database doesn't hold the wall between customers or organizations.
    #[error("the restored database is not isolated: {}", .0.join("; "))]
    NotIsolated(Vec<String>),
    /// There is no such backup, or no such customer to back up.
    #[error("{0}")]
    NotFound(String),
    /// The instance can't be reached through its backend.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The catalog could not be read or written.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The key of the backup's file can't be had.
    #[error("the backup's key can't be had: {0}")]
    Key(#[from] DataKeyError),
    /// The worker stops.
    #[error("interrupted because the worker stops")]
    Interrupted,
}

impl BackupError {
    pub(crate) fn write(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Write { path, source }
    }

    /// Whether trying again can help although nobody has acted.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Database { .. } | Self::Failed { .. } | Self::Interrupted => true,
            Self::Write { source, .. } => source.kind() != std::io::ErrorKind::StorageFull,
            Self::Backend(error) => matches!(error, BackendError::Temporary(_)),
            Self::Catalog(error) => error.is_temporary(),
            Self::Key(error) => error.is_temporary(),
            _ => false,
        }
    }
}

impl From<BackupError> for BackendError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Backend(error) => error,
            error if error.is_temporary() => Self::Temporary(error.to_string()),
            error => Self::Permanent(error.to_string()),
        }
    }
}
