//! The folder of a spool: `<root>/<uuid>/`, with a lock file and numbered segments.
//!
//! Who holds the lock owns the folder. The operating system lets go of it when the owner dies, however it dies: a folder
//! whose lock can be taken belongs to a dead server. A new folder is made under another name and renamed when it is
//! locked, so that nobody finds it before.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

const LOCK: &str = "lock";
const SEGMENT: &str = "segment";
/// Before the name of a folder that is being made.
const MAKING: &str = ".making-";
/// A folder that was being made so long ago isn't any more.
const MAKING_TAKES: Duration = Duration::from_secs(3_600);

/// A spool's folder, owned.
#[derive(Debug)]
pub(crate) struct SpoolFolder {
    pub(crate) id: Uuid,
    pub(crate) path: PathBuf,
    /// Held until this is dropped.
    _lock: File,
}

/// A file of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    pub(crate) path: PathBuf,
}

impl SpoolFolder {
    /// Makes a new one.
    pub(crate) fn create(root: &Path) -> io::Result<Self> {
        make_folder(root)?;
        let id = Uuid::now_v7();
        let making = root.join(format!("{MAKING}{id}"));
        make_folder(&making)?;
        let lock = lock_file(&making)?;
        lock.try_lock().map_err(io::Error::from)?;
        let path = root.join(id.to_string());
        fs::rename(&making, &path)?;
        sync_folder(root)?;
        Ok(Self { id, path, _lock: lock })
    }

    /// Takes over the folder of a dead server. `None` when its owner lives, or somebody else was faster.
    pub(crate) fn adopt(id: Uuid, path: &Path) -> io::Result<Option<Self>> {
        let lock = match lock_file(path) {
            Ok(lock) => lock,
            // Its last owner has removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // The lock of a file that its last owner removed meanwhile guards nothing.
        let is_there = fs::metadata(path.join(LOCK)).is_ok_and(|named| {
            lock.metadata().is_ok_and(|held| (held.dev(), held.ino()) == (named.dev(), named.ino()))
        });
        Ok(is_there.then(|| Self { id, path: path.to_owned(), _lock: lock }))
    }

    /// Removes the folder, for good. It must have no segments any more.
    pub(crate) fn remove(&self) -> io::Result<()> {
        if !segments(&self.path)?.is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        match fs::remove_file(self.path.join(LOCK)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::remove_dir(&self.path)?;
        // Before the ledger forgets it: a folder that comes back after a power failure would be handed over again.
        self.path.parent().map_or(Ok(()), sync_folder)
    }
}

/// The folders of all spools, the oldest first. Removes what was left of folders that were never finished.
pub(crate) fn all(root: &Path) -> io::Result<Vec<(Uuid, PathBuf)>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.starts_with(MAKING) {
            let made = entry.metadata().and_then(|metadata| metadata.modified());
            if made.is_ok_and(|made| made + MAKING_TAKES < SystemTime::now()) {
                // Nothing was ever written there.
                let _ = fs::remove_dir_all(entry.path());
            }
        } else if let Ok(id) = Uuid::parse_str(name)
            && entry.file_type()?.is_dir()
        {
            found.push((id, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

/// The segments of a folder, in order.
pub(crate) fn segments(folder: &Path) -> io::Result<Vec<Segment>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let Some(number) = number
            && path.extension().is_some_and(|extension| extension == SEGMENT)
        {
            found.push(Segment { number, path });
        }
    }
    found.sort_by_key(|segment| segment.number);
    Ok(found)
}

/// Makes a segment's file.
pub(crate) fn create_segment(folder: &Path, number: u64) -> io::Result<(File, PathBuf)> {
    let path = folder.join(format!("{number:020}.{SEGMENT}"));
    // To be mapped it must be readable too.
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    Ok((file, path))
}

/// Makes the folder if it isn't there.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes certain that the names in the folder outlast a power failure.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn lock_file(folder: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join(LOCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_adopted_when_its_owner_is_gone_and_only_once() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        assert_eq!(all(&root.join("absent")).unwrap(), []);
        let owned = SpoolFolder::create(root).unwrap();
        let (id, path) = (owned.id, owned.path.clone());
        assert_eq!(all(root).unwrap(), [(id, path.clone())]);
        assert!(SpoolFolder::adopt(id, &path).unwrap().is_none(), "its owner lives");
        drop(owned);
        let adopted = SpoolFolder::adopt(id, &path).unwrap().unwrap();
        assert!(SpoolFolder::adopt(id, &path).unwrap().is_none());
        create_segment(&path, 7).unwrap();
        assert!(adopted.remove().is_err(), "what holds records isn't removed");
        let left = segments(&path).unwrap();
        assert_eq!(left.iter().map(|segment| segment.number).collect::<Vec<_>>(), [7]);
        fs::remove_file(&left[0].path).unwrap();
        adopted.remove().unwrap();
        assert!(SpoolFolder::adopt(id, &path).unwrap().is_none());
        assert_eq!(all(root).unwrap(), []);
    }
}
