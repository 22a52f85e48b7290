//! The admin database as typed Rust functions.
//!
//! One file per table family. The functions are free functions over [`GenericClient`], so that the same one works
//! on a pooled client and inside a transaction; every statement is prepared once per connection. Whoever changes
//! something writes the audit row in the same transaction ([`audit::insert`]).
//!
//! ```no_run
//! # async fn example(catalog: catalog::Catalog) -> Result<(), catalog::CatalogError> {
//! let client = catalog.client().await?;
//! let customer = catalog::customers::by_slug_or_id(&client, "acme").await?;
//! # Ok(()) }
//! ```

pub mod acme;
pub mod ai_keys;
pub mod ai_usage;
pub mod api_keys;
pub mod api_usage;
pub mod audit;
pub mod audit_streams;
pub mod backups;
mod broken_off;
pub mod clerk;
pub mod credentials;
pub mod customer_limits;
pub mod customers;
pub mod data_key_list;
pub mod data_keys;
pub mod denied_attempts;
mod directory;
mod error;
mod filter;
pub mod finding;
pub mod health;
pub mod idempotency;
pub mod instances;
pub mod invoices;
pub mod jobs;
pub mod key_rotations;
mod listener;
pub mod master_keys;
pub mod modules;
pub mod names;
pub mod operations;
pub mod operator_identities;
pub mod operator_passkeys;
pub mod operator_sessions;
pub mod operator_tokens;
pub mod operators;
pub mod own_role;
mod page;
mod pool;
mod query;
pub mod quota;
mod row;
pub mod saved_views;
pub mod sealed_places;
pub mod sign_in_guesses;
pub mod stored_secrets;
pub mod summaries;
pub mod timeline;
mod tls;
mod usage_sink;
mod usage_spools;
pub mod work;

pub use deadpool_postgres::{Client, GenericClient, Transaction};
pub use error::CatalogError;
pub use listener::{Listener, Notification};
pub use page::{Cursor, InvalidCursor, Page, PageRequest, TimeRange};
pub use pool::{Address, Catalog, CatalogConfig};
pub use rust_decimal::Decimal;
pub use tls::connector as tls_connector;

/// The channel that tells which customer is no longer what they were: their status, modules, keys or database. The
/// payload is the customer's id. Triggers send it, so that changes by any client of the admin database are told.
///
/// For a [`Listener`]: subscribe first and then read, and read everything anew after a lost connection.
pub const CUSTOMER_CHANGED: &str = "admin_customer_changed";

/// The channel that tells what changed, for whoever looks at it: a [`domain::news::News`] as text. Triggers send it.
pub const DASHBOARD: &str = "admin_dashboard";
