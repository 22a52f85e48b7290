//! A sign-up that takes longer than its caller may be kept waiting is taken back.

use std::process::Stdio;
use std::time::{Duration, Instant};

use system_tests::{Api, Stack};
use testkit::wait_for;

use super::placed::placed;
use super::works_now;
use crate::wholeness;

/// A second server of the same system, one that is impatient.
pub(super) async fn story(stack: &Stack) {
    let port = testkit::free_port();
    let program = stack
        .program
        .clone()
        .in_the_clear()
        .with("PORT", port.to_string())
        .with("SIXTY_PROVISION_WAIT_SECONDS", "10");
    let mut server = program.command(&["serve"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let token = std::fs::read_to_string(stack.path().join("operator-token")).unwrap();
    let operator = Api::new(port).with_token(token.trim());
    wait_for("the second server", Duration::from_secs(20), || async {
        operator
            .try_send(operator.request(reqwest::Method::GET, "/api/ready"))
            .await
            .is_ok_and(|answer| answer.status == 200)
    })
    .await;

    let begun = Instant::now();
    let waiting = tokio::spawn(async move { operator.provision("impatient").await });
    let held = placed(stack, "impatient").await.hold().await;
    let problem = waiting.await.unwrap().expect_problem(503, "provisioning-failed");
    assert!(begun.elapsed() < Duration::from_secs(30), "it waited for {:?}", begun.elapsed());
    assert!(
        problem["detail"].as_str().is_some_and(|detail| detail.contains("is being taken back")),
        "{problem}"
    );
    let operation = format!("/api/admin/operations/{}", problem["operation_id"].as_str().unwrap());
    drop(held);
    wait_for("the sign-up to be taken back", Duration::from_secs(60), || async {
        stack.operator.get(&operation).await.expect(200)["status"] == "canceled"
    })
    .await;
    wholeness::is_absent(stack, "impatient").await;
    works_now(stack, "impatient").await;
    server.kill().await.unwrap();
}
