//! Restoring as a step of an operation.

use async_trait::async_trait;
use domain::BackupId;
use provisioning::{AdminAccess, BackendError, DatabaseRoles, Restorer};

use crate::{BackupError, Backups, RestoreTarget, restore_into};

#[async_trait]
impl Restorer for Backups {
    async fn restore(
        &self,
        backup: BackupId,
        access: &AdminAccess,
        roles: &DatabaseRoles,
    ) -> Result<(), BackendError> {
        let source = self.source(backup).await?;
        let target = self.restore_target(access, roles).await?;
        restore_into(&target, &source).await?;
        Ok(())
    }
}

impl Backups {
    /// The roles' way in is what the catalog has recorded of the instance when it was configured.
    async fn restore_target(
        &self,
        access: &AdminAccess,
        roles: &DatabaseRoles,
    ) -> Result<RestoreTarget, BackupError> {
        let client = self.catalog.client().await.map_err(BackupError::from)?;
        let place = catalog::backups::place_of(&client, &access.database).await?;
        let (host, port, ca_certificate) = place.ok_or_else(|| {
            BackupError::NotFound(format!("the instance of {} has not been configured", access.database))
        })?;
        let superuser = access.clone().into();
        Ok(RestoreTarget { superuser, host, port, ca_certificate, roles: roles.clone() })
    }
}
