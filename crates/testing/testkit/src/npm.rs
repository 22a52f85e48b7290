//! The packages of tests that run in Node.js.

use std::fs::File;
use std::path::Path;

/// `npm ci` in this folder, unless what its lock file asks for is there. Tests of several programs may come here at once.
///
/// # Panics
/// When the packages can't be had.
pub fn install_once(folder: &Path) {
    let name = folder.file_name().expect("a folder has a name").to_string_lossy();
    let lock =
        File::create(std::env::temp_dir().join(format!("sixty-{name}-npm.lock"))).expect("a lock file");
    lock.lock().expect("the lock");
    let changed = |path: &str| folder.join(path).metadata().and_then(|file| file.modified()).ok();
    if changed("node_modules/.package-lock.json") < changed("package-lock.json") {
        let status = std::process::Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
            .current_dir(folder)
            .status()
            .expect("npm can be run; scripts/test.sh installs it");
        assert!(status.success(), "npm ci failed in {}", folder.display());
    }
}
