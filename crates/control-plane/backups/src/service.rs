//! Backups with their rows: what was made of which database, where it is, and what became of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalog::audit::{self, Actor, AuditEntry};
use catalog::backups::{self, Backup, NewBackup};
use catalog::{Catalog, CatalogError, customers, instances};
use chrono::{NaiveDate, Utc};
use data_keys::backup_keys;
use domain::{AuditAction, BackupId, BackupStatus, CustomerId};
use provisioning::{InstanceSpec, Provisioner};
use secrets::KeyRing;
use serde_json::json;

use crate::dump::backup_database;
use crate::{BackupError, DatabaseAccess, FileLock, NewFileLock, RestoreSource};

/// Where backups are kept and for how long.
#[derive(Debug, Clone)]
pub struct BackupConfig {
    /// The folder; it is made when it isn't there.
    pub folder: PathBuf,
    /// How long a backup is kept. The newest one of each database in use stays in any case.
    pub keep: Duration,
    /// How many databases are dumped at once.
    pub concurrency: usize,
}

impl BackupConfig {
    /// Two weeks of backups in the folder, two dumps at once.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, keep: Duration::from_secs(14 * 24 * 3600), concurrency: 2 }
    }
}

/// Makes backups, finds them again, and lets old ones go. Cheap to clone.
#[derive(Clone)]
pub struct Backups {
    pub(crate) catalog: Catalog,
    pub(crate) provisioner: Arc<dyn Provisioner>,
    pub(crate) admin: DatabaseAccess,
    pub(crate) keys: KeyRing,
    pub(crate) config: BackupConfig,
}

/// A database and whose it is.
pub(crate) struct Target {
    pub(crate) customer_id: Option<CustomerId>,
    pub(crate) access: DatabaseAccess,
}

impl Backups {
    /// Backups of the customers in the catalog, whose instances the provisioner runs, and of the admin database. The ring
    /// opens the data keys that seal the keys of their files.
    #[must_use]
    pub fn new(
        catalog: Catalog,
        provisioner: Arc<dyn Provisioner>,
        admin: DatabaseAccess,
        keys: KeyRing,
        config: BackupConfig,
    ) -> Self {
        Self { catalog, provisioner, admin, keys, config }
    }

    /// Backs a customer's database up now; without a customer, the admin database.
    ///
    /// # Errors
    /// [`BackupError`] says whether trying again can help; the row says the same.
    pub async fn back_up(&self, customer: Option<CustomerId>, actor: &Actor) -> Result<Backup, BackupError> {
        let target = self.target(customer).await?;
        let made = self.make(&target, None, actor).await?;
        made.ok_or_else(|| BackupError::NotFound("the backup's row was not written".to_owned()))
    }

    /// A whole backup, ready to be restored.
    ///
    /// # Errors
    /// [`BackupError::NotFound`] when there is none of this id, or it isn't whole; [`BackupError::Key`] when its key can't
    /// be had.
    pub async fn source(&self, id: BackupId) -> Result<RestoreSource, BackupError> {
        let client = self.catalog.client().await?;
        let found = backups::get(&client, id).await?;
        let backup = found.ok_or_else(|| BackupError::NotFound(format!("there is no backup {id}")))?;
        if backup.status != BackupStatus::Succeeded {
            return Err(BackupError::NotFound(format!("the backup {id} is {}, not whole", backup.status)));
        }
        let key = backup_keys::open(&client, &self.keys, &backup).await?;
        let lock = key.map(|key| FileLock { backup: id, customer: backup.customer_id, key });
        match (backup.sha256, backup.postgres_version) {
            (Some(sha256), Some(postgres_version)) => {
                Ok(RestoreSource { path: backup.path.into(), sha256, postgres_version, lock })
            }
            _ => Err(BackupError::NotFound(format!("nothing is known of the file of the backup {id}"))),
        }
    }

    /// Where the database is now.
    pub(crate) async fn target(&self, customer: Option<CustomerId>) -> Result<Target, BackupError> {
        let Some(customer) = customer else {
            return Ok(Target { customer_id: None, access: self.admin.clone() });
        };
        let client = self.catalog.client().await?;
        let (row, instance) =
            (customers::by_id(&client, customer).await?, instances::of_customer(&client, customer).await?);
        // No catalog connection is held while the backend works.
        drop(client);
        let (Some(row), Some(instance)) = (row, instance) else {
            return Err(BackupError::NotFound(format!("the customer {customer} has no database")));
        };
        let spec = InstanceSpec {
            instance: instance.id,
            customer,
            port: instance.port,
            database: instance.database_name,
            organization_name: row.company_name,
            timezone: row.timezone,
        };
        let access = self.provisioner.admin_access(&spec).await?.into();
        Ok(Target { customer_id: Some(customer), access })
    }

    /// Row, file, row. `None` when the night has a backup of this database already.
    pub(crate) async fn make(
        &self,
        target: &Target,
        night: Option<NaiveDate>,
        actor: &Actor,
    ) -> Result<Option<Backup>, BackupError> {
        let id = BackupId::generate();
        let path = self.path(&target.access.database, night, id);
        let client = self.catalog.client().await?;
        let made = backup_keys::generate(&client, &self.keys, id, target.customer_id).await?;
        let lock = FileLock { backup: id, customer: target.customer_id, key: made.key };
        let lock = NewFileLock { lock, in_file: made.in_file };
        let new = NewBackup {
            id,
            customer_id: target.customer_id,
            database_name: target.access.database.clone(),
            backup_day: night,
            path: path.display().to_string(),
            key: made.stored,
        };
        let begun = backups::begin(&client, &new).await?;
        // No catalog connection is held while the dump runs.
        drop(client);
        if begun.is_none() {
            return Ok(None);
        }
        let file = match backup_database(&target.access, &path, &lock).await {
            Ok(file) => file,
            Err(error) => {
                backups::fail(&self.catalog.client().await?, id, &error.to_string()).await?;
                return Err(error);
            }
        };
        let mut client = self.catalog.client().await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        if !backups::succeed(&transaction, id, &file).await? {
            // Somebody took us for dead: the file is nobody's.
            remove_file(&path).await?;
            return Err(BackupError::Interrupted);
        }
        let entry = AuditEntry {
            customer_id: target.customer_id,
            action: AuditAction::BackupCreated,
            resource_type: "backup",
            resource_id: Some(id.to_string()),
            old_values: None,
            new_values: Some(json!({
                "database": new.database_name, "size_bytes": file.size_bytes, "sha256": file.sha256, "night": night,
                "encrypted": true,
            })),
        };
        audit::insert(&transaction, actor, &entry).await?;
        transaction.commit().await.map_err(CatalogError::from)?;
        Ok(backups::get(&client, id).await?)
    }

    /// `folder/customer_acme/2026-11-23-<id>.dump`.
    fn path(&self, database: &str, night: Option<NaiveDate>, id: BackupId) -> PathBuf {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        let folder: String =
            database.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
        let day = night.unwrap_or_else(|| Utc::now().date_naive());
        self.config.folder.join(folder).join(format!("{day}-{id}.dump"))
    }
}

/// Removes a file that may be gone already.
pub(crate) async fn remove_file(path: &Path) -> Result<(), BackupError> {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(BackupError::write(path)(error)),
        _ => Ok(()),
    }
}
