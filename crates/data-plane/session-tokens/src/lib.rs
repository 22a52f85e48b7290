//! Session tokens of a customer's users, as Clerk issues them: what their claims say, who may show them, and what roles and
//! permissions of Clerk mean here.
#![forbid(unsafe_code)]

mod claims;
mod grants;
mod permissions;
mod verify;

pub use claims::{Membership, SessionClaims};
pub use grants::{Grants, InvalidGrants};
pub use permissions::MalformedPermissions;
pub use verify::{SessionIssuer, SessionRefused};
