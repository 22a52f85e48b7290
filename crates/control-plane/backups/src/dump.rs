//! One database into one file.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use catalog::backups::BackupFile;

use crate::sealed_file::{FileLock, NewFileLock, UntilClosed, seal};
use crate::tools::{Tool, blocking, major_version};
use crate::{BackupError, DatabaseAccess, opening};

/// The ending of a file that isn't whole yet.
pub(crate) const PARTIAL: &str = ".partial";

/// Dumps the database into the file, in `pg_dump`'s custom format, encrypted, readable by nobody else.
///
/// The file appears whole or not at all: it is written under another name, forced to disk, read back, and renamed. What
/// `pg_dump` writes goes through memory only; the disk never has it in the clear.
///
/// # Errors
/// [`BackupError`] says whether trying again can help. Nothing of the file stays.
pub async fn backup_database(
    access: &DatabaseAccess,
    destination: &Path,
    lock: &NewFileLock,
) -> Result<BackupFile, BackupError> {
    let postgres_version = server_version(access).await?;
    let server = major_version(&postgres_version).unwrap_or_default();
    let client = Tool::Dump.version(access).await?;
    if client < server {
        return Err(BackupError::ClientTooOld { program: Tool::Dump.name(), server, client });
    }
    let mut partial = destination.as_os_str().to_owned();
    partial.push(PARTIAL);
    let partial = PathBuf::from(partial);
    let outcome = dump(access, &partial, destination, lock).await;
    if outcome.is_err() {
        // It may not be there at all.
        let _ = tokio::fs::remove_file(&partial).await;
    }
    let (size_bytes, sha256) = outcome?;
    Ok(BackupFile { size_bytes, sha256, postgres_version })
}

async fn dump(
    access: &DatabaseAccess,
    partial: &Path,
    destination: &Path,
    lock: &NewFileLock,
) -> Result<(i64, String), BackupError> {
    let (file, head, key) = (partial.to_owned(), lock.head(&access.database), lock.lock.key.clone());
    let arguments = ["--format=custom", "--no-password"];
    Tool::Dump
        .run_taken(access, arguments, move |dumped, ending| {
            let mut to = create_private(&file)?;
            // Only a dump of which pg_dump said that it is whole gets its last chunk.
            let mut was_good = true;
            let is_whole = || {
                was_good = ending.went_well();
                was_good
            };
            match seal(&head, &key, dumped, &mut to, is_whole).and_then(|()| to.sync_all()) {
                Err(_) if !was_good => Err(BackupError::Interrupted),
                outcome => outcome.map_err(BackupError::write(file)),
            }
        })
        .await?;
    list(access, partial, Some(&lock.lock)).await?;
    let (partial, destination) = (partial.to_owned(), destination.to_owned());
    blocking(move || {
        let facts = measure(&partial)?;
        let wrong = BackupError::write(&destination);
        let rename = || {
            std::fs::rename(&partial, &destination)?;
            // The new name is in the folder, and the folder must be on disk too.
            File::open(folder_of(&destination))?.sync_all()
        };
        rename().map_err(wrong)?;
        Ok(facts)
    })
    .await
}

/// Makes sure that the file is the one that was made, that all of it opens, and that `pg_restore` can read it. Without a
/// lock the file is a plain one, as they were before.
///
/// # Errors
/// [`BackupError::Unusable`] says what is wrong with it.
pub async fn verify(
    access: &DatabaseAccess,
    path: &Path,
    sha256: &str,
    lock: Option<&FileLock>,
) -> Result<(), BackupError> {
    let file = path.to_owned();
    let (_, found) = blocking(move || measure(&file)).await?;
    if found != sha256 {
        let reason =
            format!("its SHA-256 is {found}, not {sha256}: it was changed or damaged after it was made");
        return Err(BackupError::Unusable { path: path.to_owned(), reason });
    }
    list(access, path, lock).await
}

async fn list(access: &DatabaseAccess, path: &Path, lock: Option<&FileLock>) -> Result<(), BackupError> {
    let listed = match lock {
        None => Tool::Restore.run(access, [OsString::from("--list"), path.into()]).await,
        Some(lock) => {
            let (path, lock) = (path.to_owned(), lock.clone());
            // It reads the table of contents and goes; the chunks after it are looked at all the same.
            let feed = move |to| opening::write_opened(&path, &lock, UntilClosed(Some(to)));
            Tool::Restore.run_fed(access, ["--list"], feed).await
        }
    };
    match listed {
        Ok(_) => Ok(()),
        Err(BackupError::Failed { message, .. }) => Err(BackupError::Unusable {
            path: path.to_owned(),
            reason: format!("pg_restore can't read it: {message}"),
        }),
        Err(error) => Err(error),
    }
}

/// The server's version, such as `16.4`.
pub(crate) async fn server_version(access: &DatabaseAccess) -> Result<String, BackupError> {
    let client = access.connect().await?;
    let asked = client.query_one("select split_part(current_setting('server_version'), ' ', 1)", &[]).await;
    asked.and_then(|row| row.try_get(0)).map_err(|error| access.database_error(&error))
}

/// An empty file that only we may read, in a folder that only we may enter.
fn create_private(path: &Path) -> Result<File, BackupError> {
    let folder = folder_of(path);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(BackupError::write(folder))?;
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(BackupError::write(path)(error));
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path).map_err(BackupError::write(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// The file's size and hex SHA-256.
fn measure(path: &Path) -> Result<(i64, String), BackupError> {
    let unusable =
        |error: std::io::Error| BackupError::Unusable { path: path.to_owned(), reason: error.to_string() };
    let mut file = File::open(path).map_err(unusable)?;
    let mut sum = digest::Context::new(&digest::SHA256);
    let mut size = 0_i64;
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(unusable)?;
        if read == 0 {
            return Ok((size, hex::encode(sum.finish())));
        }
        sum.update(&buffer[..read]);
        size += i64::try_from(read).unwrap_or_default();
    }
}
