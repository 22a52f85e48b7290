//! Proof that nobody changed, removed, reordered or slipped in an audit row.
//!
//! The admin database keeps a chain of hashes per customer and one for the platform (migration 0009). This crate
//! recomputes them from the stored columns, by code of its own: a changed function in the database convinces nobody.
//! What that proves and what it doesn't is in docs/audit.md.

mod canonical;
mod verify;

pub use verify::{Fault, Finding, Report, VerifyError, verify};
