//! What operators do with customers: sign up, modules, keys, suspend, resume, delete, restore, reveal a connection.
//!
//! Every use case validates, changes and audits in one transaction. Whatever acts outside the catalog is asked for
//! as an operation in that same transaction, and done by the worker.

pub mod api_keys;
pub mod backups;
pub mod connection;
mod error;
mod field;
pub mod idempotency;
pub mod jobs;
pub mod modules;
mod network;
pub mod operations;
pub mod profile;
pub mod removal;
pub mod secret_keys;
pub mod sign_up;
pub mod subscription;
pub mod version;

use std::sync::Arc;

use catalog::Catalog;
use secrets::KeyRing;
use tokio::sync::Semaphore;

pub use catalog::audit::Actor;
pub use error::UseCaseError;
pub(crate) use error::commit;
pub use field::InvalidField;

/// How many sign-ups are written down at once. Each holds a connection to the admin database meanwhile; a storm of
/// them queues here, and leaves connections to the requests of those who are customers already.
const SIGN_UPS_AT_ONCE: usize = 8;

/// What the use cases work with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ControlPlane {
    catalog: Catalog,
    keys: KeyRing,
    sign_ups: Arc<Semaphore>,
}

impl ControlPlane {
    /// Use cases over this catalog; secrets are sealed under the master keys of this ring.
    #[must_use]
    pub fn new(catalog: Catalog, keys: impl Into<KeyRing>) -> Self {
        Self { catalog, keys: keys.into(), sign_ups: Arc::new(Semaphore::new(SIGN_UPS_AT_ONCE)) }
    }

    /// The catalog, for reading.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }
}
