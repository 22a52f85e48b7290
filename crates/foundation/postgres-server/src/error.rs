//! Why a server could not be made, started, reached or stopped.

use std::path::{Path, PathBuf};

/// Why something about a PostgreSQL server failed, in words for the person who can mend it.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Another process listens on the port.
    #[error("port {0} is taken by another process")]
    PortTaken(u16),
    /// A file or folder could not be read, made, or given away.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The server's user can't get to its folder.
    #[error(
        "the user {user} can't enter {}, which is above {}: allow it with `chmod o+x {}`, or choose another SIXTY_HOME",
        folder.display(), target.display(), folder.display()
    )]
    NotTraversable {
        /// The user that PostgreSQL runs as.
        user: String,
        /// The folder in the way.
        folder: PathBuf,
        /// Where the user should get to.
        target: PathBuf,
    },
    /// A program of the installation can't be run, or failed.
    #[error("{program} failed: {message}")]
    Program {
        /// `initdb` or `postgres`.
        program: &'static str,
        /// Its own words, or the operating system's.
        message: String,
    },
    /// The server didn't become ready, or didn't stop, in time.
    #[error("PostgreSQL in {} {what} after {seconds} seconds; its log is {}", data_dir.display(), log.display())]
    TimedOut {
        /// What it did not do.
        what: &'static str,
        /// How long was waited.
        seconds: u64,
        /// The data folder.
        data_dir: PathBuf,
        /// Where its log is.
        log: PathBuf,
    },
    /// The server refused a connection or a statement.
    #[error("PostgreSQL refused: {}", describe(.0))]
    Database(#[from] tokio_postgres::Error),
    /// A certificate could not be made or used.
    #[error("certificate: {0}")]
    Certificate(String),
}

impl ServerError {
    /// For `map_err` on an operation on `path`.
    pub fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// Whether the disk has no room left.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::File { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            Self::Program { message, .. } => message.contains("No space left on device"),
            Self::Database(error) => {
                error.code().is_some_and(|code| *code == tokio_postgres::error::SqlState::DISK_FULL)
            }
            _ => false,
        }
    }
}

/// PostgreSQL's own words, which `tokio_postgres::Error` keeps to itself.
fn describe(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    match (error.as_db_error(), error.source()) {
        (Some(database), _) => format!("{}: {}", database.code().code(), database.message()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
