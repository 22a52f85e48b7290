//! Operators: their accounts, how they sign in, their sessions and API tokens.
//!
//! A sign-in has two steps. Who shows the right password gets a session that can do nothing but show the second factor (a code
//! of an app, or a passkey), or set one up the first time; who shows that gets a session under a new token. Guesses are counted in the admin database
//! before anybody looks whether they are right, so that they are slowed over all servers. Somebody whom an OpenID provider
//! vouches for comes in without a password, and without a second factor where the provider has asked for one.

#![forbid(unsafe_code)]

pub mod account;
pub mod authenticator;
mod caller;
mod error;
mod guesses;
pub mod impersonation;
pub mod known;
pub mod openid;
pub mod operators;
mod others;
pub mod passkeys;
mod passwords;
mod refusals;
pub mod saved_views;
mod second_factors;
mod service;
pub mod sessions;
pub mod sign_in;
pub mod tokens;

pub use caller::Caller;
pub use error::SignInError;
pub use service::Identity;
pub use sign_in::{NextStep, SignedIn};
