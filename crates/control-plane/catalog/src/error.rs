//! What can go wrong with the admin database, each variant with its consequence.

use std::error::Error as StdError;

use domain::principal::DirectoryUnavailable;
use tokio_postgres::error::SqlState;

/// A statement on the admin database could not be done.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The database can't be reached, is starting or stopping, has no free connection, or gave the transaction up
    /// (deadlock). Nothing is known about a commit that was under way. Consequence: 503, or try again later.
    #[error("the admin database can't be reached: {}", describe(.0.as_ref()))]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// Another row stands in the way: a unique or foreign key. Nothing was written. Consequence: 409, or what the
    /// named constraint means to the caller.
    #[error("the admin database has a row that stands in the way (constraint {constraint})")]
    Conflict {
        /// The name of the constraint.
        constraint: String,
    },
    /// The database refuses the values: a check, a missing value, a number out of range. Nothing was written.
    /// Consequence: 400 if the values came from outside; otherwise a validation is missing.
    #[error("the admin database refuses the values ({constraint})")]
    Invalid {
        /// The name of the constraint or column, or what was wrong.
        constraint: String,
    },
    /// A row holds what this build doesn't understand, such as an enum value of a newer one. Consequence: 500, and
    /// a newer binary.
    #[error("the admin database holds what this build of sixty doesn't understand: {0}")]
    Unreadable(String),
    /// Anything else: a bug, or a schema that isn't up to date. Consequence: 500; run `sixty migrate`.
    #[error("the admin database refuses a statement: {}", describe(.0))]
    Database(#[source] tokio_postgres::Error),
}

impl CatalogError {
    /// Whether the same call can succeed later without anybody changing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether the named constraint stands in the way.
    #[must_use]
    pub fn conflicts_with(&self, name: &str) -> bool {
        matches!(self, Self::Conflict { constraint } if constraint == name)
    }

    pub(crate) fn unavailable(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(error.into())
    }
}

/// PostgreSQL's own words, which `tokio_postgres::Error` keeps to itself. Never the error's detail: it repeats the
/// values.
fn describe(error: &(dyn StdError + 'static)) -> String {
    let database = error.downcast_ref::<tokio_postgres::Error>().and_then(tokio_postgres::Error::as_db_error);
    if let Some(database) = database {
        return format!("{}: {}", database.code().code(), database.message());
    }
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

impl From<tokio_postgres::Error> for CatalogError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(database) = error.as_db_error() else {
            let is_io = error.source().is_some_and(<dyn StdError>::is::<std::io::Error>);
            return if error.is_closed() || is_io { Self::unavailable(error) } else { Self::Database(error) };
        };
        let code = database.code();
        if is_unavailable(code) {
            return Self::unavailable(error);
        }
        let named = || {
            let name = database.constraint().or(database.column());
            name.map_or_else(|| database.code().code().to_owned(), str::to_owned)
        };
        if [
            SqlState::UNIQUE_VIOLATION,
            SqlState::FOREIGN_KEY_VIOLATION,
            SqlState::RESTRICT_VIOLATION,
            SqlState::EXCLUSION_VIOLATION,
        ]
        .contains(code)
        {
            return Self::Conflict { constraint: named() };
        }
        // Classes 22 (the value doesn't fit its type) and 23 (the value breaks a rule).
        if code.code().starts_with("22") || code.code().starts_with("23") {
            return Self::Invalid { constraint: named() };
        }
        Self::Database(error)
    }
}

fn is_unavailable(code: &SqlState) -> bool {
    // Classes: 08 connection, 28 who may connect, 3D no such database, 53 resources, 57 stopped by an operator,
    // 58 the server's disk.
    let class = &code.code()[..2];
    ["08", "28", "3D", "53", "57", "58"].contains(&class)
        || [
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(code)
}

impl From<deadpool_postgres::PoolError> for CatalogError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            // Whatever keeps a connection from being made, the caller can't go on and may try again.
            deadpool_postgres::PoolError::Backend(error) => Self::unavailable(error),
            other => Self::unavailable(other),
        }
    }
}

impl From<CatalogError> for DirectoryUnavailable {
    fn from(error: CatalogError) -> Self {
        Self(Box::new(error))
    }
}
