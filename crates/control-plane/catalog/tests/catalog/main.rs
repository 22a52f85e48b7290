//! The catalog against a real PostgreSQL: the schema's promises and each table family's functions. The modules mirror
//! the catalog's.
//!
//! One program for all of them, so that they share a server.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails at once")]

mod ai;
mod api_keys;
mod api_usage;
mod audit;
mod customers;
mod denied_attempts;
mod directory;
mod drawn;
mod idempotency;
mod invoices;
mod modules;
mod plans;
mod pool;
mod role_rights;
mod schema_contract;
mod setup;
mod sign_in_guesses;
mod stored_secrets;
mod summaries;
mod usage_roll_ups;
mod usage_sink;
