//! How much of the customers' databases, and of this server, the router takes.

use std::time::Duration;

/// The limits of the pools. The defaults fit lean instances of 40 connections that a few servers share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterConfig {
    /// Connections over all customers at most: what this server has descriptors and memory for.
    pub max_connections: usize,
    /// Connections to one customer's database at most.
    pub max_connections_per_customer: usize,
    /// Requests over all customers that may wait for a connection; the next one is refused at once.
    pub max_waiting: usize,
    /// Requests of one customer that may wait for a connection; the next one is refused at once.
    pub max_waiting_per_customer: usize,
    /// How long a request waits for a connection before it is told that the database is busy, and how long a database
    /// that restarts is waited for.
    pub wait_timeout: Duration,
    /// How long one attempt to make a connection may take.
    pub connect_timeout: Duration,
    /// How long a connection may lie idle before it is closed.
    pub idle_timeout: Duration,
    /// How long one statement may take; PostgreSQL itself ends it then.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a lock.
    pub lock_timeout: Duration,
    /// Whether a database on this machine that nobody vouches for is spoken to in the clear. Elsewhere none ever is.
    pub plain_text_on_this_machine: bool,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self {
            max_connections: 256,
            max_connections_per_customer: 8,
            max_waiting: 4096,
            max_waiting_per_customer: 512,
            wait_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(15),
            lock_timeout: Duration::from_secs(5),
            plain_text_on_this_machine: false,
        }
    }
}
