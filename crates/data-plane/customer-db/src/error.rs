//! What can go wrong between a request and its customer's database.

use std::fmt;

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
    /// Something that is needed was in use for too long; trying again helps.
    #[error("busy: {0}")]
    Busy(Busy),
    /// The connection's role could see or change more than it should: nothing is served over it.
    #[error("the connection is refused, because the isolation of the customer's data is not proven: {0}")]
    Isolation(String),
    /// PostgreSQL refused a statement.
    #[error("the customer's database refused a statement: {}", describe(.0))]
    Database(#[source] tokio_postgres::Error),
}

/// What was in use for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// The customer's connections.
    Connections,
    /// The places in the queue for a connection: the customer's, or those of all customers.
    Queue,
    /// The connections that this server makes, over all customers.
    Budget,
    /// A row or a table, by another transaction; or the statement took too long itself.
    Rows,
}

impl fmt::Display for Busy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connections => "this customer's connections are all in use",
            Self::Queue => "the queue for a connection is full",
            Self::Budget => "the connections of this server are all in use",
            Self::Rows => "a lock or a statement took too long",
        })
    }
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
            Some(code) if is_contention(code) => Self::Busy(Busy::Rows),
            Some(_) => Self::Database(error),
            None if error.is_closed() || is_io(&error) => Self::Unavailable(error.to_string()),
            None => Self::Database(error),
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

/// Whether the connection has ended, or is about to: whatever its transaction did before the commit is undone.
pub(crate) fn is_broken(error: &tokio_postgres::Error) -> bool {
    let ends = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_SESSION_TIMEOUT,
    ];
    match error.code() {
        Some(code) => ends.contains(code),
        None => error.is_closed() || is_io(error),
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
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
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
