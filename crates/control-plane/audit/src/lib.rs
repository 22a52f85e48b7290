//! Proof that nobody changed, removed, reordered or slipped in an audit row.
//!
//! The admin database keeps a chain of hashes per customer and one for the platform (migration 0009). This crate
//! recomputes them from the stored columns, by code of its own: a changed function in the database convinces nobody. It
//! signs how far the chains have come and keeps that outside the database, so that no chain can be written anew either.
//! What that proves and what it doesn't is in docs/audit.md.

pub mod anchors;
mod canonical;
mod chain;
mod verify;

pub use anchors::Anchors;
pub use chain::{ChainReport, verify_chain};
pub use verify::{Fault, Finding, Report, VerifyError, verify, verify_at};
