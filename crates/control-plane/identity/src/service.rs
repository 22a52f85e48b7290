//! What signing in works with.

use std::time::Duration;

use catalog::{Catalog, CatalogError, Client};
use customers::ControlPlane;
use domain::operator::{OwnAccount, Permit};
use secrets::KeyRing;

use crate::passkeys::{NoPasskeys, RelyingParty};
use crate::passwords::Passwords;
use crate::refusals::Recently;

/// How long somebody may take between password and code.
pub(crate) const LONGEST_SIGN_IN: Duration = Duration::from_secs(10 * 60);
/// How long a session may be, whatever is done in it: a working day.
pub(crate) const LONGEST_SESSION: Duration = Duration::from_secs(12 * 60 * 60);
/// How long a session may lie idle.
pub(crate) const LONGEST_IDLE: Duration = Duration::from_secs(60 * 60);

/// Operators and how they come in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Identity {
    control_plane: ControlPlane,
    /// For whoever isn't known yet: nobody can show a permit before they are.
    catalog: Catalog,
    keys: KeyRing,
    passwords: Passwords,
    recently: Recently,
    relying_party: Result<RelyingParty, NoPasskeys>,
}

impl Identity {
    /// Over this admin database; secrets are sealed under the master keys of this ring.
    #[must_use]
    pub fn new(control_plane: ControlPlane, catalog: Catalog, keys: impl Into<KeyRing>) -> Self {
        let (passwords, recently) = (Passwords::new(), Recently::default());
        let relying_party = Err(NoPasskeys::Unknown);
        Self { control_plane, catalog, keys: keys.into(), passwords, recently, relying_party }
    }

    /// With passkeys for this server as browsers know it, or why there are none.
    #[must_use]
    pub fn with_passkeys(self, relying_party: Result<RelyingParty, NoPasskeys>) -> Self {
        Self { relying_party, ..self }
    }

    /// For whom passkeys are made.
    ///
    /// # Errors
    /// When nobody can use any here.
    pub fn relying_party(&self) -> Result<&RelyingParty, NoPasskeys> {
        self.relying_party.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn recently(&self) -> &Recently {
        &self.recently
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.keys
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// A connection for finding out who somebody is.
    pub(crate) async fn client_for_sign_in(&self) -> Result<Client, CatalogError> {
        self.catalog.client().await
    }

    pub(crate) async fn client(&self, permit: &Permit<'_>) -> Result<Client, CatalogError> {
        self.control_plane.client(permit).await
    }

    pub(crate) async fn client_of(&self, account: &OwnAccount<'_>) -> Result<Client, CatalogError> {
        self.control_plane.client_of(account).await
    }
}
