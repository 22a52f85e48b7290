//! Locks between processes, on files. The operating system frees them when their holder dies.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often a taken lock is tried again.
const POLL: Duration = Duration::from_millis(5);

/// Whether others may hold the lock as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Only with others who share.
    Shared,
    /// With nobody.
    Exclusive,
}

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock; waits for up to `limit` while another has it.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when the other still has it.
    pub(crate) async fn take(path: &Path, sharing: Sharing, limit: Duration) -> io::Result<Self> {
        let begun = Instant::now();
        loop {
            let file = File::options().create(true).truncate(false).write(true).open(path)?;
            let attempt = match sharing {
                Sharing::Shared => file.try_lock_shared(),
                Sharing::Exclusive => file.try_lock(),
            };
            match attempt {
                Ok(()) if is_still_at(&file, path) => return Ok(Self { _file: file, path: path.to_owned() }),
                // The last holder has removed the file that we've locked: another may lock a new one of that name.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if begun.elapsed() < limit => tokio::time::sleep(POLL).await,
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "another process is working on it"));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    /// Removes the lock's file, when there is nothing left to guard; then lets go.
    pub(crate) fn remove(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

fn is_still_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(held), Ok(named)) => held.ino() == named.ino() && held.dev() == named.dev(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lock_excludes_sharing_shares_and_removal_hands_it_on() {
        let home = testkit::home();
        let path = home.path().join("lock");
        let soon = Duration::from_millis(30);
        let shared = FileLock::take(&path, Sharing::Shared, soon).await.unwrap();
        let also = FileLock::take(&path, Sharing::Shared, soon).await.unwrap();
        let refused = FileLock::take(&path, Sharing::Exclusive, soon).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
        drop((shared, also));

        let held = FileLock::take(&path, Sharing::Exclusive, soon).await.unwrap();
        let waiting = {
            let path = path.clone();
            tokio::spawn(
                async move { FileLock::take(&path, Sharing::Exclusive, Duration::from_secs(10)).await },
            )
        };
        held.remove().unwrap();
        let _next = waiting.await.unwrap().unwrap();
        assert!(path.exists());
        assert!(FileLock::take(&path, Sharing::Exclusive, soon).await.is_err());
    }
}
