//! Streams of the audit log: a real PostgreSQL, a real S3 as moto has it, endpoints and syslog servers of the test's own.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails at once")]

mod bucket;
mod cursor;
mod house;
mod https;
mod managed;
mod permits;
mod syslog;
