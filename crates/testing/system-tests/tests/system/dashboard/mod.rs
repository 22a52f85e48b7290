//! The dashboard in a real browser, on the pages that the program embeds and the data of a running system: runs
//! `dashboard/tests/*.test.mjs`.

mod clerk;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use system_tests::{Stack, StackPlan};
use tokio::process::Command;

use clerk::Clerk;

const LIMIT: Duration = Duration::from_secs(2400);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_finds_their_way() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../dashboard"));
    let installed = folder.clone();
    tokio::task::spawn_blocking(move || testkit::install_once(&installed)).await.unwrap();
    assert!(
        folder.join("dist/index.html").is_file(),
        "the dashboard isn't built: run scripts/build-dashboard.sh, then build sixty"
    );
    let clerk = Clerk::start().await;
    let plan = StackPlan { customer_ports: 40, variables: clerk.variables() };
    let stack = Stack::start_with(plan).await;
    // Somewhere to rotate to.
    stack.program.run(&["secrets", "add-key"]).await.succeeded();
    let files = tests_in(&folder.join("tests"));
    assert!(!files.is_empty(), "there is no such test");
    let mut command = Command::new("node");
    command
        // One after the other: two browsers on two cores, beside what else is tested, wait for each other.
        .args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
        .args(files)
        .current_dir(folder)
        // localhost, not 127.0.0.1: for browsers it is a place to which secure cookies may go.
        .env("SIXTY_URL", format!("http://localhost:{}", stack.ports.server))
        .env("SIXTY_ADMIN_DATABASE_URL", stack.admin_url())
        .env("SIXTY_OPERATOR_TOKEN_FILE", stack.path().join("operator-token"))
        .env("SIXTY_CLERK_WEBHOOK_SECRET", clerk.webhook_secret())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output()).await.expect("an end").unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("fail 0"));
    assert!(!said.contains("tests 0"), "nothing was tested");
}

/// The files of tests, by name: not every Node.js of those that we take finds them by a pattern. SIXTY_DASHBOARD_TESTS
/// names some of them, with commas, for whoever works on one.
fn tests_in(folder: &Path) -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "which tests are run is no configuration of the product")]
    let wanted = std::env::var("SIXTY_DASHBOARD_TESTS").unwrap_or_default();
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| {
            let is_wanted = wanted.is_empty() || wanted.split(',').any(|one| is_named(path, one));
            is_wanted && path.to_string_lossy().ends_with(".test.mjs")
        })
        .collect();
    files.sort();
    files
}

fn is_named(path: &Path, name: &str) -> bool {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    file.strip_suffix(".test.mjs") == Some(name)
}
