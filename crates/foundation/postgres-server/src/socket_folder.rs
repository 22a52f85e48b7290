//! Where the Unix sockets are.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::{OsUser, ServerError, folders};

/// PostgreSQL fails when a socket's whole path is longer than about 100 bytes (107 on Linux, 103 on macOS).
const LONGEST_PATH: usize = 100;

/// The folder for the Unix sockets of the servers under `home`: `<home>/run`, or, where that is too long for a
/// socket's name, a private folder in `/tmp` with a name derived from the home. Made if it isn't there.
///
/// # Errors
/// When it can't be made, or when somebody else's folder has its name.
pub fn socket_folder(home: &Path, user: &OsUser) -> Result<PathBuf, ServerError> {
    let preferred = home.join("run");
    if preferred.join(".s.PGSQL.65535").as_os_str().len() <= LONGEST_PATH {
        folders::make_own_folder(home, user)?;
        folders::make_server_folder(&preferred, user)?;
        return Ok(preferred);
    }
    let short = PathBuf::from(format!("/tmp/sixty-{:016x}", fnv1a(home.as_os_str().as_bytes())));
    // Everybody may write to /tmp: what has our name must be a real folder, and ours.
    if let Ok(metadata) = fs::symlink_metadata(&short) {
        let own = rustix::process::geteuid().as_raw();
        if !metadata.is_dir() || (metadata.uid() != user.uid && metadata.uid() != own) {
            return Err(ServerError::file(&short)(std::io::Error::new(
                std::io::ErrorKind::PermissionDenied,
                "belongs to somebody else: remove it, or choose a SIXTY_HOME with a shorter path",
            )));
        }
    }
    folders::make_server_folder(&short, user)?;
    Ok(short)
}

/// FNV-1a: the same name from every build of ours, which the standard library's hasher doesn't promise.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
