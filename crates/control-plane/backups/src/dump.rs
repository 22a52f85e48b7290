//! One database into one file.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use catalog::backups::BackupFile;
use tokio::task::spawn_blocking;

use crate::tools::{Tool, major_version};
use crate::{BackupError, DatabaseAccess};

/// The ending of a file that isn't whole yet.
pub(crate) const PARTIAL: &str = ".partial";

/// Dumps the database into the file, in `pg_dump`'s custom format, readable by nobody else.
///
/// The file appears whole or not at all: it is written under another name, forced to disk, read back, and renamed.
///
/// # Errors
/// [`BackupError`] says whether trying again can help. Nothing of the file stays.
pub async fn backup_database(access: &DatabaseAccess, destination: &Path) -> Result<BackupFile, BackupError> {
    let postgres_version = server_version(access).await?;
    let server = major_version(&postgres_version).unwrap_or_default();
    let client = Tool::Dump.version(access).await?;
    if client < server {
        return Err(BackupError::ClientTooOld { program: Tool::Dump.name(), server, client });
    }
    let mut partial = destination.as_os_str().to_owned();
    partial.push(PARTIAL);
    let partial = PathBuf::from(partial);
    let outcome = dump(access, &partial, destination).await;
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
) -> Result<(i64, String), BackupError> {
    let file = partial.to_owned();
    blocking(move || create_private(&file)).await?;
    let arguments =
        ["--format=custom".into(), "--no-password".into(), format!("--file={}", partial.display())];
    Tool::Dump.run(access, arguments).await?;
    list(access, partial).await?;
    let (partial, destination) = (partial.to_owned(), destination.to_owned());
    blocking(move || {
        let facts = measure(&partial)?;
        let wrong = BackupError::write(&destination);
        let rename = || {
            std::fs::File::open(&partial)?.sync_all()?;
            std::fs::rename(&partial, &destination)?;
            // The new name is in the folder, and the folder must be on disk too.
            std::fs::File::open(folder_of(&destination))?.sync_all()
        };
        rename().map_err(wrong)?;
        Ok(facts)
    })
    .await
}

/// Makes sure that the file is the one that was made, and that `pg_restore` can read it.
///
/// # Errors
/// [`BackupError::Unusable`] says what is wrong with it.
pub async fn verify(access: &DatabaseAccess, path: &Path, sha256: &str) -> Result<(), BackupError> {
    let file = path.to_owned();
    let (_, found) = blocking(move || measure(&file)).await?;
    if found != sha256 {
        let reason =
            format!("its SHA-256 is {found}, not {sha256}: it was changed or damaged after it was made");
        return Err(BackupError::Unusable { path: path.to_owned(), reason });
    }
    list(access, path).await
}

async fn list(access: &DatabaseAccess, path: &Path) -> Result<(), BackupError> {
    match Tool::Restore.run(access, [OsString::from("--list"), path.into()]).await {
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
fn create_private(path: &Path) -> Result<(), BackupError> {
    let folder = folder_of(path);
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(BackupError::write(folder))?;
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(BackupError::write(path)(error));
    }
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(BackupError::write(path))?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// The file's size and hex SHA-256.
fn measure(path: &Path) -> Result<(i64, String), BackupError> {
    let unusable =
        |error: std::io::Error| BackupError::Unusable { path: path.to_owned(), reason: error.to_string() };
    let mut file = std::fs::File::open(path).map_err(unusable)?;
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

/// Runs what would block other work on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    match spawn_blocking(work).await {
        Ok(outcome) => outcome,
        // The runtime is going down.
        Err(_) => Err(BackupError::Interrupted),
    }
}
