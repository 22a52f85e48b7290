//! Session tokens of a customer's users, as Clerk issues them: verified offline against keys at hand, what their claims
//! say, and what roles and permissions of Clerk mean here.
#![forbid(unsafe_code)]

mod claims;
mod grants;
mod issuer;
mod permissions;
mod verify;

pub use claims::{Membership, SessionClaims};
pub use grants::{Grants, InvalidGrants};
pub use issuer::{CannotVerify, Issuer, IssuerConfig, IssuerError, LEEWAY_SECONDS};
pub use permissions::MalformedPermissions;
pub use verify::{Refused, SigningKeys, Verifier};
