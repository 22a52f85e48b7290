//! Session tokens of a customer's users, as Clerk issues them: verified offline against keys at hand, and
//! what their claims say.
#![forbid(unsafe_code)]

mod claims;
mod permissions;
mod verify;

pub use claims::{Membership, SessionClaims};
pub use permissions::MalformedPermissions;
pub use verify::{Refused, SigningKeys, Verifier};
