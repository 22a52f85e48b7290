//! A folder for a whole installation.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::watchdog::Watchdog;

/// A temporary folder that can be a `SIXTY_HOME`. When it is dropped, and when the test program ends in any other way,
/// the PostgreSQL and Redis servers under it are stopped and it is removed.
#[derive(Debug)]
pub struct Home {
    path: PathBuf,
    _watchdog: Watchdog,
}

impl Home {
    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes a folder for an installation. Run as root, it lets the user `postgres` pass through.
#[must_use]
pub fn home() -> Home {
    // Not the default temporary folder, which on macOS has a path that is too long for a Unix socket.
    let user = rustix::process::geteuid();
    let root = PathBuf::from(format!("/tmp/sixty-test-{}", user.as_raw()));
    let name = Uuid::new_v4().simple().to_string();
    let path = root.join(&name[..12]);
    let mode = if user.is_root() { 0o711 } else { 0o700 };
    for folder in [&root, &path] {
        match fs::DirBuilder::new().mode(mode).create(folder) {
            Ok(()) => {
                fs::set_permissions(folder, fs::Permissions::from_mode(mode)).expect("the folder is our own");
            }
            Err(error) => assert!(folder.is_dir(), "{}: {error}", folder.display()),
        }
    }
    // The folders of tests come and go by the thousand files.
    postgres_server::folders::spread_contents(&root);
    // Where /tmp is a link, programs see what it points to.
    let path = path.canonicalize().expect("the folder was just made");
    Home { _watchdog: Watchdog::over(&path), path }
}
