//! What operators do with customers: sign up, modules, keys, suspend, resume, delete, restore, reveal a connection.
//!
//! Every use case validates, changes and audits in one transaction. Whatever acts outside the catalog is asked for
//! as an operation in that same transaction, and done by the worker.
//!
//! Every use case begins with the [`domain::Permit`] of whoever asks: without one there is no connection to the admin
//! database.

pub mod api_keys;
pub mod backups;
pub mod connection;
mod control_plane;
pub mod denied;
mod error;
mod field;
pub mod idempotency;
pub mod jobs;
pub mod limits;
pub mod modules;
mod network;
pub mod operations;
pub mod plan;
pub mod price_list;
pub mod profile;
pub mod refusals;
pub mod removal;
pub mod secret_keys;
pub mod sign_up;
pub mod subscription;
pub mod version;

pub use control_plane::ControlPlane;
pub use domain::operator::{Actor, Right};
pub use error::{UseCaseError, commit};
pub use field::{FieldCheck, InvalidField};
