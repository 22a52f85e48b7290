//! AWS: KMS and Secrets Manager, over their JSON protocol.

mod client;
mod credentials;
mod kms;
mod secrets_manager;
mod signature;

pub use client::{Aws, AwsConfig};
pub use credentials::{ContainerToken, CredentialSource, Credentials};
pub use kms::AwsKms;
pub use secrets_manager::read_secret;
