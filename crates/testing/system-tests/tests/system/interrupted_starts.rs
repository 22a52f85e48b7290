//! Ctrl-C, and a kill, while `sixty dev` is still starting.

use std::time::Duration;

use system_tests::{Stack, StackPlan, processes};
use testkit::wait_for;

use crate::wholeness;

const LIMIT: Duration = Duration::from_secs(60);

/// What is printed as a start goes on, and how long after it.
const MOMENTS: [&str; 5] = [
    "Looking for PostgreSQL",
    "Starting the admin database",
    "Preparing the template",
    "making the template",
    "Starting the server",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_start_leaves_nothing_and_the_next_one_succeeds() {
    let mut stack = Stack::prepare(StackPlan::default()).await;
    for moment in MOMENTS {
        stack.start_until(&[moment, "Starting the server"]).await;
        processes::interrupt(stack.dev());
        let status = stack.wait_for_end().await;
        assert_eq!(status.code(), Some(1), "{moment}: {}", stack.log());
        assert!(stack.log().contains("stopped while starting"), "{moment}: {}", stack.log());
        wait_for(&format!("nothing to run after {moment}: {:?}", stack.processes()), LIMIT / 6, || async {
            stack.processes().is_empty()
        })
        .await;
    }
    for moment in MOMENTS {
        stack.start_until(&[moment, "Starting the server"]).await;
        processes::kill(stack.dev());
        stack.wait_for_end().await;
    }
    stack.start_again().await;
    let ready = stack.operator.get("/api/ready").await.expect(200);
    assert_eq!(ready["status"], "ready", "{ready}");
    stack.settle(LIMIT).await;
    wholeness::nothing_is_left_over(&stack).await;
    assert!(stack.stop().await.success(), "{}", stack.log());
    assert_eq!(stack.processes(), []);
}
