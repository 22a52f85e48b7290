//! What the use cases work with, and the door that each of them passes.

use std::sync::Arc;

use catalog::{Catalog, CatalogError, Client};
use domain::Permit;
use domain::operator::OwnAccount;
use secrets::KeyRing;
use tokio::sync::Semaphore;

/// How many sign-ups are written down at once. Each holds a connection to the admin database meanwhile; a storm of
/// them queues here, and leaves connections to the requests of those who are customers already.
const SIGN_UPS_AT_ONCE: usize = 8;

/// What the use cases work with. Cheap to clone.
///
/// Its catalog is private to this file: who wants a connection shows a permit.
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

    /// A connection to the admin database, for whoever may do what they are going to do.
    ///
    /// # Errors
    /// [`CatalogError::Unavailable`] when none is free or can be made in time.
    pub async fn client(&self, _permit: &Permit<'_>) -> Result<Client, CatalogError> {
        self.catalog.client().await
    }

    /// The same for an operator who acts on their own account.
    ///
    /// # Errors
    /// [`CatalogError::Unavailable`] when none is free or can be made in time.
    pub async fn client_of(&self, _account: &OwnAccount<'_>) -> Result<Client, CatalogError> {
        self.catalog.client().await
    }

    /// The catalog for what nobody asks for: what runs out by itself, and keys of requests. A test lists the files that
    /// may say this.
    pub(crate) fn catalog_of_the_system(&self) -> &Catalog {
        &self.catalog
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.keys
    }

    pub(crate) fn sign_ups(&self) -> &Semaphore {
        &self.sign_ups
    }
}
