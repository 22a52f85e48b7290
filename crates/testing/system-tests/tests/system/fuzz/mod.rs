//! The API is what its OpenAPI document says: schemathesis sends what the document allows, and what it forbids, to every
//! route, and compares the answers with it. No 5xx, and no answer that isn't described.

mod schemathesis;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use system_tests::{Stack, StackPlan, is_full_run};
use tokio::process::Command;

const LIMIT: Duration = Duration::from_secs(900);

/// Texts such as a cursor, a time zone or an address have more rules than a schema can say: that a right one is taken
/// is not to be had from the document alone.
const NOT_CHECKED: &str = "positive_data_acceptance";
/// A customer's own routes, and all others. What streams events never ends.
const CUSTOMER_ROUTES: [&str; 2] = ["--include-path-regex", "^/api/v1/"];
const OTHER_ROUTES: [&str; 2] = ["--exclude-path-regex", "^/api/v1/|/events$"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_one_that_the_document_describes() {
    let program = tokio::task::spawn_blocking(schemathesis::installed).await.unwrap();
    let stack = Stack::start_with(StackPlan { customer_ports: 60, ..StackPlan::default() }).await;
    let customer = stack.customer("acme").await;
    // Every module, and no limit that is ever reached.
    let generous = "update admin_customers set subscription_plan = 'enterprise';
        update admin_api_keys set rate_limit_requests = 100000000;";
    stack.admin().await.batch_execute(generous).await.unwrap();
    let token = std::fs::read_to_string(stack.path().join("operator-token")).unwrap();
    for (token, routes) in [(customer.key.as_str(), CUSTOMER_ROUTES), (token.trim(), OTHER_ROUTES)] {
        fuzz(&program, &stack, token, routes).await;
    }
}

/// The coverage of every rule of the document is the same each time; the full run adds chance.
async fn fuzz(program: &Path, stack: &Stack, token: &str, routes: [&str; 2]) {
    let config = stack.path().join("schemathesis.toml");
    std::fs::write(&config, "headers = { Authorization = \"Bearer ${FUZZ_TOKEN}\" }\n").unwrap();
    let url = format!("http://127.0.0.1:{}/api/openapi.json", stack.ports.server);
    let mut command = Command::new(program);
    command.arg("--config-file").arg(&config).args(["--no-color", "run", &url]).args(routes);
    command.args(["--exclude-checks", NOT_CHECKED, "--warnings", "off"]);
    // A sign-up that is waited for takes its time on a busy machine.
    command.args(["--request-timeout", "120"]);
    if is_full_run() {
        command.args(["--max-examples", "30"]);
    } else {
        command.args(["--phases", "examples,coverage", "--seed", "1"]);
    }
    command.env("FUZZ_TOKEN", token).current_dir(stack.path()).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output()).await.expect("an end").unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(" passed"), "nothing was tested:\n{said}");
}
