//! Filling a new customer's database from a backup: done by whoever knows backups.

use async_trait::async_trait;
use domain::BackupId;

use crate::backend::{AdminAccess, BackendError, DatabaseRoles};

/// Fills databases from backups.
#[async_trait]
pub trait Restorer: Send + Sync + 'static {
    /// Replaces everything in the database by the backup's contents, owned by the owner role. May run twice.
    async fn restore(
        &self,
        backup: BackupId,
        access: &AdminAccess,
        roles: &DatabaseRoles,
    ) -> Result<(), BackendError>;
}
