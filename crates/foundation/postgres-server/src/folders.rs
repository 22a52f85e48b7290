//! Folders and files that belong to the user that PostgreSQL runs as.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::{OsUser, ServerError};

/// Makes a folder of our own, and those above it. Where PostgreSQL runs as another user, that user may pass through
/// to what belongs to it, and read nothing (0711); else nobody but us may enter (0700).
///
/// # Errors
/// When it can't be made.
pub fn make_own_folder(path: &Path, user: &OsUser) -> Result<(), ServerError> {
    let mode = if user.switches { 0o711 } else { 0o700 };
    // The mode is cut by the umask, which may forbid what the server's user needs: set it, but only on what we make.
    for folder in path.ancestors().collect::<Vec<_>>().into_iter().rev() {
        match fs::DirBuilder::new().mode(mode).create(folder) {
            Ok(()) => fs::set_permissions(folder, fs::Permissions::from_mode(mode))
                .map_err(ServerError::file(folder))?,
            Err(_) if folder.is_dir() => {}
            Err(error) => return Err(ServerError::file(folder)(error)),
        }
    }
    Ok(())
}

/// Tells the file system that what is made in this folder has nothing to do with each other, such as clusters. Only a
/// hint, and only ext4 takes it: each gets a region of the disk of its own, so that many folders with a thousand files
/// each aren't crowded into one, where finding a free place takes ten times as long.
pub fn spread_contents(path: &Path) {
    #[cfg(target_os = "linux")]
    if let Ok(folder) = fs::File::open(path)
        && let Ok(flags) = rustix::fs::ioctl_getflags(&folder)
    {
        let _ = rustix::fs::ioctl_setflags(&folder, flags | rustix::fs::IFlags::TOPDIR);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = path;
}

/// Makes a folder that belongs to the server's user and that nobody else may enter (0700). Those above must exist.
///
/// # Errors
/// When it can't be made or given away.
pub fn make_server_folder(path: &Path, user: &OsUser) -> Result<(), ServerError> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(ServerError::file(path)(error));
        }
        _ => {}
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(ServerError::file(path))?;
    give_to(path, user)
}

/// Gives a file or folder to the server's user.
///
/// # Errors
/// When it can't be given away.
pub fn give_to(path: &Path, user: &OsUser) -> Result<(), ServerError> {
    if user.switches {
        std::os::unix::fs::lchown(path, Some(user.uid), Some(user.gid)).map_err(ServerError::file(path))?;
    }
    Ok(())
}

/// Replaces a file of the server's user in one step: a reader sees the old text or the new one, and a kill leaves
/// one of them. Mode 0600.
///
/// # Errors
/// When it can't be written.
pub fn write_server_file(path: &Path, text: &str, user: &OsUser) -> Result<(), ServerError> {
    let temporary = path.with_extension("new");
    write_private(&temporary, text)?;
    give_to(&temporary, user)?;
    fs::rename(&temporary, path).map_err(ServerError::file(path))
}

/// Writes a file of our own, mode 0600, in place.
///
/// # Errors
/// When it can't be written.
pub fn write_private(path: &Path, text: &str) -> Result<(), ServerError> {
    let write = || {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())
    };
    write().map_err(ServerError::file(path))
}

/// Removes a folder with all that is in it. Fine when it isn't there.
///
/// # Errors
/// When it can't be removed.
pub fn remove(path: &Path) -> Result<(), ServerError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(ServerError::file(path)(error)),
        _ => Ok(()),
    }
}

/// Checks that the server's user can get to `target`: every folder above it must let the user pass.
///
/// # Errors
/// [`ServerError::NotTraversable`] names the folder in the way.
pub fn check_traversable(target: &Path, user: &OsUser) -> Result<(), ServerError> {
    if !user.switches {
        return Ok(());
    }
    for folder in target.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
        let Ok(metadata) = fs::metadata(folder) else { continue };
        let needed = if metadata.uid() == user.uid {
            0o100
        } else if metadata.gid() == user.gid {
            0o010
        } else {
            0o001
        };
        if metadata.mode() & needed == 0 {
            return Err(ServerError::NotTraversable {
                user: user.name.clone(),
                folder: folder.to_owned(),
                target: target.to_owned(),
            });
        }
    }
    Ok(())
}
