//! What tests stand on: a real PostgreSQL per test program with a database per test, a real Redis, S3 and KMS as moto has them, an ACME authority, a folder for a
//! whole installation, a proxy that breaks connections, and waiting for a condition instead of for a time.
//!
//! Nothing is left behind: every folder has a watchdog that stops what runs in it and removes
//! it when the test program ends, however it ends.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that has no ground to stand on fails at once")]

mod authenticator;
mod database;
mod fault_proxy;
mod home;
mod moto;
mod npm;
mod pebble;
mod ports;
mod postgres_tap;
mod redis_server;
mod server;
mod token_signer;
mod use_cases;
mod wait;
mod watchdog;
mod webhook_signer;

pub use authenticator::Authenticator;
pub use database::{
    AdminDatabase, CUSTOMER_APP, CUSTOMER_OWNER, CUSTOMER_READONLY, CustomerDatabase, PASSWORD,
    admin_database, connect, customer_database,
};
pub use fault_proxy::{FaultProxy, fault_proxy};
pub use home::{Home, home};
pub use moto::{Moto, moto};
pub use npm::install_once;
pub use pebble::{Pebble, PebblePlan, pebble};
pub use ports::free_port;
pub use postgres_tap::{Message, PostgresTap, postgres_tap};
pub use redis_server::{Redis, redis};
pub use server::installation;
pub use token_signer::{FAR_FUTURE, TokenSigner};
pub use use_cases::{use_cases, use_cases_by_file};
pub use wait::wait_for;
pub use webhook_signer::WebhookSigner;
