//! Vault's HTTP API, as its documentation has it, on a mock: no Vault server can be installed from a package registry. AWS on
//! moto, which runs KMS and Secrets Manager.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails at once")]

mod aws;
mod aws_roles;
mod vault;
