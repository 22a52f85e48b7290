//! A folder for instances in which nothing can be made.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use system_tests::Stack;

use super::{failed, works_now};

pub(super) async fn story(stack: &Stack) {
    let Some(closed) = Closed::close(&stack.path().join("instances")) else {
        println!("a folder can't be closed to ourselves here: an unwritable one is not tested");
        return;
    };
    failed(stack, "unwritable", stack.operator.provision("unwritable").await).await;
    drop(closed);
    works_now(stack, "unwritable").await;
}

/// A folder that can't be written to until this is dropped.
struct Closed(PathBuf);

impl Closed {
    fn close(folder: &Path) -> Option<Self> {
        let closed = Self(folder.to_owned());
        closed.set(true);
        let probe = folder.join("probe");
        if fs::create_dir(&probe).is_ok() {
            fs::remove_dir(&probe).unwrap();
            return None;
        }
        Some(closed)
    }

    /// Root may write everywhere but into what is immutable, which not every file system knows.
    fn set(&self, closed: bool) {
        let mode = if closed { 0o511 } else { 0o711 };
        #[cfg(target_os = "linux")]
        if rustix::process::geteuid().is_root()
            && let Ok(folder) = File::open(&self.0)
            && let Ok(mut flags) = rustix::fs::ioctl_getflags(&folder)
        {
            flags.set(rustix::fs::IFlags::IMMUTABLE, closed);
            let _ = rustix::fs::ioctl_setflags(&folder, flags);
            return;
        }
        let _ = fs::set_permissions(&self.0, fs::Permissions::from_mode(mode));
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.set(false);
    }
}
