//! The folder with all state, and the lock that keeps a second `sixty dev` out of it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// The opened home. The lock is the open file's: it goes when the process does, however it does.
pub(crate) struct Home {
    path: PathBuf,
    lock: File,
    after_crash: bool,
}

impl Home {
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        // Others may pass through (PostgreSQL runs as another user when we are root), but not look around.
        let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
        if !path.exists() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o755)
                .create(path)
                .with_context(|| format!("{} can't be made: choose another SIXTY_HOME", path.display()))?;
            fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        }
        let (lock, after_crash) = lock(path)?;
        let home = Self { path: path.to_owned(), lock, after_crash };
        home.take_ready_back();
        Ok(home)
    }

    /// Whether the one before died without a word. What it had started may still be ending.
    pub(crate) fn is_after_crash(&self) -> bool {
        self.after_crash
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file that tells the server that the start-up is over.
    pub(crate) fn ready_file(&self) -> PathBuf {
        self.path.join("ready")
    }

    /// Says that everything is there and was printed.
    pub(crate) fn announce_ready(&self) -> anyhow::Result<()> {
        fs::write(self.ready_file(), "ready\n")
            .with_context(|| format!("{} can't be written", self.ready_file().display()))
    }

    fn take_ready_back(&self) {
        // There may be no such file, and that is just as well.
        let _ = fs::remove_file(self.ready_file());
    }
}

impl Drop for Home {
    /// Says that nothing is there any more, and that this was no crash.
    fn drop(&mut self) {
        self.take_ready_back();
        let _ = self.lock.set_len(0);
    }
}

/// The file that is locked, with the id of the process that did.
const LOCK: &str = "dev.lock";

/// Whether `sixty dev` runs in this home. Only looks: taking the lock would keep one out that is just starting.
pub(crate) fn runs_in(home: &Path) -> bool {
    let holder = || fs::read_to_string(home.join(LOCK)).ok()?.trim().parse().ok().and_then(Pid::from_raw);
    holder().is_some_and(|id| test_kill_process(id) != Err(Errno::SRCH))
}

/// The lock, and whether its last holder left without emptying it.
fn lock(home: &Path) -> anyhow::Result<(File, bool)> {
    let path = home.join(LOCK);
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .with_context(|| format!("{} can't be opened: choose another SIXTY_HOME", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            let after_crash = file.metadata()?.len() > 0;
            file.set_len(0)?;
            writeln!(file, "{}", std::process::id())?;
            Ok((file, after_crash))
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Only for the message.
            let _ = file.read_to_string(&mut holder);
            bail!(
                "another sixty dev (process {}) runs in {}: stop it, or choose another SIXTY_HOME and other ports",
                holder.trim(),
                home.display()
            )
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("{} can't be locked", path.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_opened_once_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("home");
        assert!(!runs_in(&path));
        let first = Home::open(&path).unwrap();
        assert!(runs_in(&path));
        first.announce_ready().unwrap();
        let refused = Home::open(&path).err().unwrap().to_string();
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        assert!(first.ready_file().exists(), "the second must not touch what belongs to the first");
        assert!(!first.is_after_crash());
        drop(first);
        assert!(!runs_in(&path));
        assert!(!Home::open(&path).unwrap().is_after_crash());

        fs::write(path.join("dev.lock"), "1\n").unwrap();
        fs::write(path.join("ready"), "ready\n").unwrap();
        let next = Home::open(&path).unwrap();
        assert!(next.is_after_crash());
        assert!(!next.ready_file().exists(), "a crash's ready file is not believed");
    }
}
