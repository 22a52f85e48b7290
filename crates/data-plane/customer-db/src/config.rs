//! How much of each customer's database the router takes.

use std::time::Duration;

/// The limits of the pools. The defaults fit a lean instance of 20 connections that two servers share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterConfig {
    /// Connections to one customer's database at most.
    pub max_connections_per_customer: usize,
    /// How long a request waits for a connection before it is told that the database is busy.
    pub wait_timeout: Duration,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long a connection may lie idle before it is closed; a pool without connections is forgotten.
    pub idle_timeout: Duration,
    /// How long one statement may take; PostgreSQL itself ends it then.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a lock.
    pub lock_timeout: Duration,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self {
            max_connections_per_customer: 8,
            wait_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(15),
            lock_timeout: Duration::from_secs(5),
        }
    }
}
