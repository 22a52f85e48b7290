//! Session tokens of a customer's users, as Clerk issues them: what their claims say.
//!
//! This crate reads claims; it doesn't check signatures. Never decide anything by claims
//! whose token hasn't been verified first.
#![forbid(unsafe_code)]

mod claims;
mod permissions;

pub use claims::{Membership, SessionClaims};
pub use permissions::MalformedPermissions;
