//! The program schemathesis, in a Python environment of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The program; installed first, when this list of packages wasn't yet.
pub(super) fn installed() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    let lock = File::create(folder.with_extension("lock")).expect("a lock file in the target folder");
    lock.lock().expect("the lock");
    let list = folder.join("requirements.txt");
    if fs::read_to_string(&list).ok().as_deref() != Some(REQUIREMENTS) {
        let _ = fs::remove_dir_all(&folder);
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        let wanted = folder.join("wanted.txt");
        fs::write(&wanted, REQUIREMENTS).expect("our own folder can be written to");
        run(Command::new(folder.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&wanted));
        // Last: what was interrupted is begun again.
        fs::rename(wanted, list).expect("our own folder can be written to");
    }
    folder.join("bin/schemathesis")
}

/// Runs a program. One that is missing or fails, fails the test with all that it said.
fn run(command: &mut Command) {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|error| {
        panic!(
            "{name} can't be run ({error}): this test needs Python 3.10 or newer with venv. Run scripts/test.sh, which \
             installs it."
        )
    });
    assert!(
        output.status.success(),
        "{name} failed ({}):\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
