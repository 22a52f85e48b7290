//! Tokens that others sign: an issuer whose public keys are kept at hand, and what a token of it must say.
#![forbid(unsafe_code)]

mod issuer;
mod verify;

pub use issuer::{CannotVerify, Issuer, IssuerConfig, IssuerError};
pub use verify::{LEEWAY_SECONDS, Refused, SigningKeys, Verifier};
