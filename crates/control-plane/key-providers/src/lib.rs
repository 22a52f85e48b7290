//! Master keys and configuration secrets that are held elsewhere: HashiCorp Vault (transit and KV version 2; OpenBao speaks
//! the same) and AWS (KMS and Secrets Manager).
//!
//! Thin clients over HTTP: the few calls that are needed, instead of the AWS crates and their hundred dependencies, which
//! two cores compile for minutes. Tokens and keys are never part of an error.

pub mod aws;
mod error;
pub mod vault;

pub use error::ProviderError;
