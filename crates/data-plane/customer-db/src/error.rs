//! What can go wrong between a request and its customer's database.

use deadpool_postgres::{HookError, PoolError};
use tokio_postgres::error::SqlState;

/// Why a customer's database did not do what was asked. The texts are for logs: they may name hosts and roles.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No ready customer has this id.
    #[error("there is no such customer, or it isn't ready")]
    UnknownCustomer,
    /// The customer has no organization with this id, or none at all.
    #[error("the customer has no such organization")]
    UnknownOrganization,
    /// The database can't be reached now; trying again helps.
    #[error("the customer's database is unavailable: {0}")]
    Unavailable(String),
    /// All connections were in use for too long, or a lock was; trying again helps.
    #[error("the customer's database is busy")]
    Busy,
    /// The connection's role could see or change more than it should: nothing is served over it.
    #[error("the connection is refused, because the isolation of the customer's data is not proven: {0}")]
    Isolation(String),
    /// PostgreSQL refused a statement.
    #[error("the customer's database refused a statement: {}", describe(.0))]
    Database(#[source] tokio_postgres::Error),
}

impl Error {
    /// What PostgreSQL said, if it is PostgreSQL that refused.
    #[must_use]
    pub fn as_db_error(&self) -> Option<&tokio_postgres::error::DbError> {
        match self {
            Self::Database(error) => error.as_db_error(),
            _ => None,
        }
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.code() {
            Some(code) if is_going_away(code) => Self::Unavailable(describe(&error)),
            Some(code) if is_contention(code) => Self::Busy,
            Some(_) => Self::Database(error),
            None if error.is_closed() || is_io(&error) => Self::Unavailable(error.to_string()),
            None => Self::Database(error),
        }
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => Self::Busy,
            PoolError::Backend(error) => Self::Unavailable(describe(&error)),
            PoolError::PostCreateHook(HookError::Message(faults)) => Self::Isolation(faults.into_owned()),
            PoolError::PostCreateHook(HookError::Backend(error)) => error.into(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// PostgreSQL's own words, which `tokio_postgres::Error` keeps to itself.
pub(crate) fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(database) => format!("{}: {}", database.code().code(), database.message()),
        None => std::error::Error::source(error)
            .map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
    }
}

fn is_going_away(code: &SqlState) -> bool {
    [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::DISK_FULL,
        SqlState::OUT_OF_MEMORY,
        SqlState::READ_ONLY_SQL_TRANSACTION,
    ]
    .contains(code)
}

fn is_contention(code: &SqlState) -> bool {
    [
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ]
    .contains(code)
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}
