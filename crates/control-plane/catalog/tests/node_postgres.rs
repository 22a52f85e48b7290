//! Existing node-postgres clients keep working: runs `tests/compat` against a fresh admin database.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that can't go on fails at once")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

#[tokio::test]
async fn existing_clients_keep_working() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/compat"));
    install_once(&folder);
    let database = testkit::admin_database().await;
    // Another thread than the one that drives the database's connections may wait for the program.
    let url = database.url();
    let output = tokio::task::spawn_blocking(move || {
        run(Command::new("node")
            .args(["--test", "--test-reporter=spec", "compat.test.mjs"])
            .env("ADMIN_DATABASE_URL", url)
            .current_dir(folder))
    })
    .await
    .expect("the program is waited for");
    assert!(output.contains("fail 0"), "{output}");
}

/// `npm ci`, unless what the lock file asks for is there. Tests of several programs may come here at once.
fn install_once(folder: &Path) {
    let lock = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("compat-npm.lock"))
        .expect("a lock file in the target folder");
    lock.lock().expect("the lock");
    let changed = |path: &str| folder.join(path).metadata().and_then(|file| file.modified()).ok();
    if changed("node_modules/.package-lock.json") < changed("package-lock.json") {
        run(Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(folder));
    }
}

/// The program's output. A program that is missing or fails, fails the test with all that it said.
fn run(command: &mut Command) -> String {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|error| {
        panic!(
            "{name} can't be run ({error}): this test needs Node.js 20 or newer with npm. \
             Run scripts/test.sh, which installs it."
        )
    });
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name} failed ({}):\n{said}", output.status);
    said
}
