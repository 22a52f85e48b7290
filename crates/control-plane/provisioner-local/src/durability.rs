//! Whether a new instance has reached the disk.
//!
//! Flushing takes longer than starting a server, so it happens behind the start. Until it's done the instance is whole
//! for every process of this machine, but a power failure could leave half of it. Two files tell: `created` names the
//! boot in which the instance was made, `durable` appears when it has reached the disk.

use std::fs::{self, File};
use std::path::Path;

use postgres_server::ServerError;

/// Marks an instance as whole for this boot of the machine. Its folder is still being made.
pub(crate) fn mark_created(folder: &Path) -> Result<(), ServerError> {
    let path = folder.join("created");
    fs::write(&path, boot()).map_err(ServerError::file(&path))
}

/// Whether the instance was being written when the machine lost its power.
///
/// Only an instance that says so itself is called incomplete: one without marks was put there by a person.
pub(crate) fn is_torn(folder: &Path) -> bool {
    !is_durable(folder) && fs::read(folder.join("created")).is_ok_and(|made_in| made_in != boot().as_bytes())
}

pub(crate) fn is_durable(folder: &Path) -> bool {
    folder.join("durable").exists()
}

/// Sees to it that the instance has reached the disk. Nothing to do when it has. Blocks.
pub(crate) fn ensure(folder: &Path) -> Result<(), ServerError> {
    if is_durable(folder) {
        return Ok(());
    }
    flush_filesystem(folder)?;
    // The mark itself must not get lost: an instance in use would be taken for a torn one.
    let path = folder.join("durable");
    File::create(&path).and_then(|file| file.sync_all()).map_err(ServerError::file(&path))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(ServerError::file(folder))
}

/// One call that flushes everything, which takes a fifth of the time of a call per file.
#[cfg(target_os = "linux")]
pub(crate) fn flush_filesystem(folder: &Path) -> Result<(), ServerError> {
    let handle = File::open(folder).map_err(ServerError::file(folder))?;
    rustix::fs::syncfs(&handle).map_err(|error| ServerError::file(folder)(error.into()))
}

/// One call that flushes everything.
#[cfg(not(target_os = "linux"))]
pub(crate) fn flush_filesystem(_folder: &Path) -> Result<(), ServerError> {
    rustix::fs::sync();
    Ok(())
}

/// Whether this machine can tell its boots apart. Where it can't, an instance is flushed before it counts as made.
pub(crate) fn can_tell_boots_apart() -> bool {
    Path::new(BOOT_ID).exists()
}

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// A text that is another after every start of the machine.
fn boot() -> String {
    fs::read_to_string(BOOT_ID).unwrap_or_default()
}
