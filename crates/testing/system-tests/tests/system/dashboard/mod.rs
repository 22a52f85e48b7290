//! The dashboard in a real browser, on the pages that the program embeds and the data of a running system: runs
//! `dashboard/tests/*.test.mjs`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use system_tests::{Stack, StackPlan};
use tokio::process::Command;

const LIMIT: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_finds_their_way() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../dashboard"));
    let installed = folder.clone();
    tokio::task::spawn_blocking(move || testkit::install_once(&installed)).await.unwrap();
    assert!(
        folder.join("dist/index.html").is_file(),
        "the dashboard isn't built: run scripts/build-dashboard.sh, then build sixty"
    );
    let stack = Stack::start_with(StackPlan { customer_ports: 30, ..StackPlan::default() }).await;
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
        .args(tests_in(&folder.join("tests")))
        .current_dir(folder)
        // localhost, not 127.0.0.1: for browsers it is a place to which secure cookies may go.
        .env("SIXTY_URL", format!("http://localhost:{}", stack.ports.server))
        .env("SIXTY_ADMIN_DATABASE_URL", stack.admin_url())
        .env("SIXTY_OPERATOR_TOKEN_FILE", stack.path().join("operator-token"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output()).await.expect("an end").unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("fail 0"), "{said}");
    assert!(!said.contains("tests 0"), "nothing was tested:\n{said}");
}

/// The files of tests, by name: not every Node.js of those that we take finds them by a pattern.
fn tests_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    files.sort();
    files
}
