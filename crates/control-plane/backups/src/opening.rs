//! What an encrypted backup's file says, for `pg_restore` and for people.

use std::fs::File;
use std::io::{Write, sink};
use std::path::Path;

use catalog::{Catalog, backups};
use data_keys::backup_keys;
use domain::BackupId;
use secrets::{FileKey, KeyRing};

use crate::BackupError;
use crate::sealed_file::{Fault, FileLock, Head, Sealed};

/// Whose backup the file is. `None` when it is plain.
///
/// # Errors
/// [`BackupError::Unusable`] when it can't be read or isn't of a form that is known.
pub fn head_of(path: &Path) -> Result<Option<Head>, BackupError> {
    Ok(sealed(path)?.map(|sealed| sealed.head))
}

/// Looks whether all of the file opens.
///
/// # Errors
/// [`BackupError::Unusable`] says what is wrong with it.
pub fn check_opened(path: &Path, lock: &FileLock) -> Result<(), BackupError> {
    write_opened(path, lock, sink())
}

/// Writes what the file says, chunk after chunk, each only when it has proved right. When nobody reads any more, that is
/// no failure of ours: whoever went away says why.
///
/// # Errors
/// [`BackupError::Unusable`] says what is wrong with it: what was written then is only its beginning.
pub fn write_opened(path: &Path, lock: &FileLock, to: impl Write) -> Result<(), BackupError> {
    let unusable = |reason: String| BackupError::Unusable { path: path.to_owned(), reason };
    let Some(sealed) = sealed(path)? else {
        return Err(unusable("it is not encrypted, and was when it was made".to_owned()));
    };
    match sealed.open(lock, to) {
        Err(Fault::Unusable(reason)) => Err(unusable(reason)),
        Err(Fault::Write(error)) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(BackupError::write("what the backup says")(error))
        }
        _ => Ok(()),
    }
}

fn sealed(path: &Path) -> Result<Option<Sealed<File>>, BackupError> {
    let unusable = |reason: String| BackupError::Unusable { path: path.to_owned(), reason };
    let file = File::open(path).map_err(|error| unusable(error.to_string()))?;
    match Sealed::begin(file) {
        Ok(sealed) => Ok(sealed),
        Err(Fault::Unusable(reason)) => Err(unusable(reason)),
        Err(Fault::Write(error)) => Err(unusable(error.to_string())),
    }
}

/// Opens the key of a file that is all there is: of the admin database with the master key alone, of a customer's with the
/// admin database as well. The key in the backup's row counts first, because it is rotated and the one in the file isn't.
///
/// # Errors
/// When the key doesn't open, or who could open it is away.
pub async fn lock_of_file(catalog: &Catalog, ring: &KeyRing, head: &Head) -> Result<FileLock, BackupError> {
    let Head { backup, customer, .. } = *head;
    let lock = |key| FileLock { backup, customer, key };
    let Some(whose) = customer else {
        return match backup_keys::open_admins(ring, backup, &head.key).await {
            Ok(key) => Ok(lock(key)),
            // Perhaps its master key is retired, and the admin database is there.
            Err(error) => match key_of_row(catalog, ring, backup).await {
                Ok(Some(key)) => Ok(lock(key)),
                _ => Err(error.into()),
            },
        };
    };
    if let Some(key) = key_of_row(catalog, ring, backup).await? {
        return Ok(lock(key));
    }
    let client = catalog.client().await?;
    Ok(lock(backup_keys::open_customers(&client, ring, (backup, whose), &head.key).await?))
}

/// `None` when there is no such backup, or it is plain.
async fn key_of_row(
    catalog: &Catalog,
    ring: &KeyRing,
    backup: BackupId,
) -> Result<Option<FileKey>, BackupError> {
    let client = catalog.client().await?;
    match backups::get(&client, backup).await? {
        Some(row) => Ok(backup_keys::open(&client, ring, &row).await?),
        None => Ok(None),
    }
}
