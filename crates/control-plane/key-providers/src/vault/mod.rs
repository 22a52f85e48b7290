//! HashiCorp Vault and OpenBao.

mod client;
mod kv;
mod transit;

pub use client::{Login, Vault, VaultConfig};
pub use kv::read_kv;
pub use transit::VaultTransit;
