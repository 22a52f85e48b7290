//! The dashboard in a real browser, on the pages that the program embeds and the data of a running system: runs
//! `dashboard/tests/*.test.mjs`, two files at a time where their data allow it.

mod clerk;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use system_tests::{Stack, StackPlan};
use tokio::process::Command;

use clerk::Clerk;

const LIMIT: Duration = Duration::from_secs(2400);
/// What takes longest: begun first, so that no long one is left over when all others are done.
const LONG: [&str; 3] = ["opened", "pages", "roles"];
/// What says something of the whole system, which no other file may change meanwhile: that nothing is wrong, how many rows wait
/// for a stream, that an operation is stuck.
const ALONE: [&str; 3] = ["failing", "settings", "trouble"];

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
    let run = |files: Vec<PathBuf>, at_once: &str| {
        let mut command = Command::new("node");
        command
            .args(["--test", "--test-reporter=spec", &format!("--test-concurrency={at_once}")])
            .args(files)
            .current_dir(&folder)
            // localhost, not 127.0.0.1: for browsers it is a place to which secure cookies may go.
            .env("SIXTY_URL", format!("http://localhost:{}", stack.ports.server))
            .env("SIXTY_ADMIN_DATABASE_URL", stack.admin_url())
            .env("SIXTY_OPERATOR_TOKEN_FILE", stack.path().join("operator-token"))
            .env("SIXTY_CLERK_WEBHOOK_SECRET", clerk.webhook_secret())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        async move { command.output().await.unwrap() }
    };
    let (alone, together): (Vec<_>, Vec<_>) =
        tests_in(&folder.join("tests")).into_iter().partition(|file| is_one_of(file, &ALONE));
    assert!(!alone.is_empty() || !together.is_empty(), "there is no such test");
    let all = async {
        for (files, at_once) in [(together, "2"), (alone, "1")] {
            if files.is_empty() {
                continue;
            }
            let output = run(files, at_once).await;
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
            assert!(said.contains("fail 0"), "{said}");
            assert!(!said.contains("tests 0"), "nothing was tested:\n{said}");
        }
    };
    tokio::time::timeout(LIMIT, all).await.expect("an end");
}

/// The files of tests, by name: not every Node.js of those that we take finds them by a pattern. SIXTY_DASHBOARD_TESTS
/// names some of them, with commas, for whoever works on one.
fn tests_in(folder: &Path) -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "which tests are run is no configuration of the product")]
    let wanted = std::env::var("SIXTY_DASHBOARD_TESTS").unwrap_or_default();
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| {
            let is_wanted = wanted.is_empty() || wanted.split(',').any(|one| is_one_of(path, &[one]));
            is_wanted && path.to_string_lossy().ends_with(".test.mjs")
        })
        .collect();
    files.sort_by_key(|path| (!is_one_of(path, &LONG), path.clone()));
    files
}

fn is_one_of(path: &Path, names: &[&str]) -> bool {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    file.strip_suffix(".test.mjs").is_some_and(|name| names.contains(&name))
}
