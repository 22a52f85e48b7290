//! The keys of backups' files. Each file has a key of its own, and each key is stored twice.
//!
//! - In the backup's row, sealed as all secrets are: by the customer's data key, or by the platform's for the admin
//!   database. This is the one that is used, and it is rotated with everything else.
//! - In the file's head, for when there is no row: the admin database was lost, or was restored as it was before the backup.
//!   Of the admin database itself it is wrapped by a master key, because its data keys are lost with it. Of a customer it is
//!   sealed by the customer's data key, which each backup of the admin database has: so a copy of the file is opened by
//!   nobody any more once the customer and their keys are gone, whoever has the master key.
//!
//! Both are bound to the backup's id, the row's to its customer as well: no key opens as the key of another backup.

use catalog::GenericClient;
use catalog::backups::{self, Backup, BackupKey};
use domain::{BackupId, CustomerId};
use secrets::{FileKey, KeyRing, SealContext};

use crate::DataKeyError;
use crate::open::{active_master_key, for_sealed, newest, platform_seal, platform_seal_for};

/// Where the platform's data key seals them.
const PLATFORMS: &str = "admin_backups.key_sealed";

/// A key that was just made.
#[derive(Debug, Clone)]
pub struct NewBackupKey {
    /// The key.
    pub key: FileKey,
    /// What its row holds.
    pub stored: BackupKey,
    /// What the file's head holds.
    pub in_file: String,
}

/// Where a customer's data key seals them.
fn customers(backup: BackupId, customer: CustomerId) -> SealContext<'static> {
    SealContext { table: "admin_backups", column: "key_encrypted", row: backup.uuid(), customer }
}

/// What a master key binds them to.
fn wrap_context(backup: BackupId) -> String {
    format!("admin_backups\0file\0{backup}")
}

/// Makes the key of a new backup of a customer's database (`None`: of the admin database).
///
/// # Errors
/// When the admin database can't be asked, or the data key can't be opened.
pub async fn generate(
    client: &impl GenericClient,
    ring: &KeyRing,
    backup: BackupId,
    customer: Option<CustomerId>,
) -> Result<NewBackupKey, DataKeyError> {
    let key = FileKey::generate();
    if let Some(customer) = customer {
        let data_key = newest(client, ring, Some(customer)).await?;
        let sealed = data_key.seal(customers(backup, customer), &key.to_secret())?;
        return Ok(NewBackupKey { key, stored: BackupKey::Customers(sealed.clone()), in_file: sealed });
    }
    let seal = platform_seal(client, ring, PLATFORMS).await?;
    let stored = BackupKey::Platforms(seal.seal(backup.uuid(), &key.to_secret())?);
    let master = active_master_key(client, ring).await?;
    let in_file = ring.wrap_file_key(&key, &wrap_context(backup), &master).await?;
    Ok(NewBackupKey { key, stored, in_file })
}

/// Opens the key in a backup's row. `None` when the backup is plain.
///
/// # Errors
/// When the admin database can't be asked, or the key doesn't open.
pub async fn open(
    client: &impl GenericClient,
    ring: &KeyRing,
    backup: &Backup,
) -> Result<Option<FileKey>, DataKeyError> {
    match (&backup.key, backup.customer_id) {
        (None, _) => Ok(None),
        (Some(BackupKey::Customers(sealed)), Some(customer)) => {
            open_customers(client, ring, (backup.id, customer), sealed).await.map(Some)
        }
        (Some(BackupKey::Customers(_)), None) => Err(DataKeyError::Missing(None, None)),
        (Some(BackupKey::Platforms(sealed)), _) => {
            let seal = platform_seal_for(client, ring, PLATFORMS, sealed).await?;
            Ok(Some(FileKey::from_secret(&seal.open(backup.id.uuid(), sealed)?)?))
        }
    }
}

/// Opens the key in the head of a backup of the admin database. Needs no database.
///
/// # Errors
/// When it doesn't open, or whoever holds the master key is away.
pub async fn open_admins(ring: &KeyRing, backup: BackupId, in_file: &str) -> Result<FileKey, DataKeyError> {
    Ok(ring.unwrap_file_key(in_file, &wrap_context(backup)).await?)
}

/// Opens a key that a customer's data key seals: in the head of a file, or in a row.
///
/// # Errors
/// When the admin database can't be asked, or has the customer's data key no more.
pub async fn open_customers(
    client: &impl GenericClient,
    ring: &KeyRing,
    (backup, customer): (BackupId, CustomerId),
    sealed: &str,
) -> Result<FileKey, DataKeyError> {
    let data_key = for_sealed(client, ring, Some(customer), sealed).await?;
    Ok(FileKey::from_secret(&data_key.open(customers(backup, customer), sealed)?)?)
}

/// Puts the keys of a customer's backups under the platform's data key, because the customer's is about to be destroyed and
/// backups can be restored for as long as they are kept. Answers how many. Killed at any point, it goes on when it is
/// called again: each key stands in its row once.
///
/// A key that never opens is left behind, named in the log, and holds nobody up.
///
/// # Errors
/// When the admin database or the holder of the master key is away.
pub async fn hand_over(
    client: &impl GenericClient,
    ring: &KeyRing,
    customer: CustomerId,
) -> Result<u64, DataKeyError> {
    let mut done = 0;
    loop {
        let mut was_slower = false;
        for (backup, sealed) in backups::customers_keys(client, customer).await? {
            let key = match open_customers(client, ring, (backup, customer), &sealed).await {
                Ok(key) => key,
                Err(error) if error.is_temporary() || matches!(error, DataKeyError::Catalog(_)) => {
                    return Err(error);
                }
                Err(error) => {
                    tracing::error!(%backup, %customer, %error, "a backup's key doesn't open");
                    continue;
                }
            };
            let seal = platform_seal(client, ring, PLATFORMS).await?;
            let platforms = seal.seal(backup.uuid(), &key.to_secret())?;
            if backups::hand_key_over(client, backup, &sealed, &platforms).await? {
                done += 1;
            } else {
                was_slower = true;
            }
        }
        // A rotation that runs meanwhile has sealed it anew: what it wrote is handed over.
        if !was_slower {
            return Ok(done);
        }
    }
}
