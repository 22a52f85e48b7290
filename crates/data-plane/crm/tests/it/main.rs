//! The customer API's resources over HTTP, on a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test whose ground gives way fails at once")]

mod access;
mod api;
mod changes;
mod deals;
mod description;
mod idempotency;
mod impersonation;
mod large_pages;
mod lists;
mod organizations;
mod smart_tasks;
#[path = "../../../customer-db/tests/it/support.rs"]
#[expect(dead_code, reason = "the router's own tests use more of it")]
mod support;
mod validation;
