//! Copies the template and makes the copy a cluster of its own.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use postgres_server::{OsUser, ServerError};
use uuid::Uuid;

use crate::control_file::ControlFile;
use crate::write_ahead_log;

/// Two: more only wait for the file system.
const THREADS: usize = 2;

/// Copies a stopped cluster to `target`, which must not exist. Nothing is flushed to disk. Blocks.
pub(crate) fn copy(template: &Path, target: &Path, user: &OsUser) -> Result<(), ServerError> {
    let mut files = Vec::new();
    copy_folders(template, target, user, &mut files)?;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let mut share = files.iter().skip(thread).step_by(THREADS);
                scope.spawn(move || share.try_for_each(|file| copy_file(file, user)))
            })
            .collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// Gives the copy a system identifier of its own, so that a backup or a standby can't take one customer's for
/// another's.
pub(crate) fn give_identity(data_dir: &Path) -> Result<(), ServerError> {
    let mut control = ControlFile::read(data_dir)?;
    let identifier = new_system_identifier();
    let mut nonce = [0; 32];
    nonce[..16].copy_from_slice(Uuid::new_v4().as_bytes());
    nonce[16..].copy_from_slice(Uuid::new_v4().as_bytes());
    control.set_identity(identifier, &nonce);
    control.write(data_dir)?;
    write_ahead_log::set_identity(data_dir, identifier)
}

/// As PostgreSQL makes them: the second it was made in, and something to tell it from others of that second.
fn new_system_identifier() -> u64 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let [a, b, c, d, ..] = *Uuid::new_v4().as_bytes();
    (seconds & 0x7fff_ffff) << 32 | u64::from(u32::from_be_bytes([a, b, c, d]))
}

struct CopiedFile {
    from: PathBuf,
    to: PathBuf,
}

fn copy_folders(
    from: &Path,
    to: &Path,
    user: &OsUser,
    files: &mut Vec<CopiedFile>,
) -> Result<(), ServerError> {
    fs::DirBuilder::new().mode(0o700).create(to).map_err(ServerError::file(to))?;
    postgres_server::folders::give_to(to, user)?;
    for entry in fs::read_dir(from).map_err(ServerError::file(from))? {
        let entry = entry.map_err(ServerError::file(from))?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(ServerError::file(&from))?.is_dir() {
            copy_folders(&from, &to, user, files)?;
        } else {
            files.push(CopiedFile { from, to });
        }
    }
    Ok(())
}

fn copy_file(file: &CopiedFile, user: &OsUser) -> Result<(), ServerError> {
    let copy = || {
        let mut from = File::open(&file.from)?;
        let mut to = File::options().write(true).create_new(true).mode(0o600).open(&file.to)?;
        // Inside the kernel, where it can; on a file system with reflinks it only shares the blocks.
        io::copy(&mut from, &mut to)?;
        if user.switches {
            std::os::unix::fs::fchown(&to, Some(user.uid), Some(user.gid))?;
        }
        Ok(())
    };
    copy().map_err(ServerError::file(&file.to))
}
