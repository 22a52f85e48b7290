//! Existing node-postgres clients keep working: runs `tests/compat` against a fresh admin database.
#![expect(clippy::panic, reason = "a test that can't go on fails at once")]

use std::path::PathBuf;
use std::process::Command;

#[tokio::test]
async fn existing_clients_keep_working() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/compat"));
    let installed = folder.clone();
    tokio::task::spawn_blocking(move || testkit::install_once(&installed)).await.expect("npm is waited for");
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
