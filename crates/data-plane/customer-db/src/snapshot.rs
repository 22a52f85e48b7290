//! What the router has and does, in numbers.

/// The router's state at one moment, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Customers with at least one connection.
    pub pools: usize,
    /// Connections over all customers: idle, in use and being made.
    pub connections: usize,
    /// Connections that are being made.
    pub connecting: usize,
    /// Connections that nobody uses.
    pub idle: usize,
    /// Connections that requests use.
    pub in_use: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
    /// Idle connections that gave way to another customer's, since the start.
    pub evicted: u64,
    /// Requests that got no connection, since the start.
    pub refusals: Refusals,
}

/// Requests that got no connection, by cause, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Refusals {
    /// The customer's connections were all in use for too long.
    pub connections: u64,
    /// The queue was full.
    pub queue: u64,
    /// The server's connections were all in use for too long.
    pub budget: u64,
    /// The database could not be reached.
    pub away: u64,
}
