//! Sign-ups that can't be done: each step fails, is taken back at an operator's word or for want of time, or is cut
//! short by the death of its worker. Nothing of them is left, the caller is told so, and the same name can be tried
//! again.

mod canceling;
mod failing_steps;
mod patience;
mod placed;
mod ports;
mod repeated_steps;
mod unwritable;

use std::time::Duration;

use system_tests::{Answer, Stack, StackPlan};

use crate::wholeness;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_done_leaves_nothing_and_can_be_tried_again() {
    let stack = Stack::start_with(StackPlan { customer_ports: 60, ..StackPlan::default() }).await;
    tokio::join!(
        failing_steps::story(&stack),
        canceling::story(&stack),
        patience::story(&stack),
        ports::taken_in_between(&stack),
    );
    stack.settle(Duration::from_secs(60)).await;
    wholeness::nothing_is_left_over(&stack).await;
    unwritable::story(&stack).await;
    ports::none_is_left(&stack).await;
    repeated_steps::story(&stack).await;
    wholeness::nothing_is_left_over(&stack).await;
}

/// The sign-up of this name was refused in the way that promises that nothing is left of it.
async fn failed(stack: &Stack, id: &str, answer: Answer) {
    let retry_after = answer.header("retry-after").parse::<u32>();
    let problem = answer.expect_problem(503, "provisioning-failed");
    assert!(retry_after.is_ok(), "{problem}");
    assert_eq!((&problem["success"], &problem["message"]), (&false.into(), &problem["detail"]));
    assert!(
        problem["detail"].as_str().is_some_and(|detail| detail.contains("Nothing of it is left")),
        "{problem}"
    );
    wholeness::is_absent(stack, id).await;
    // The caller isn't told what is wrong inside; operators find it where the problem points to.
    let path = format!("/api/admin/operations/{}", problem["operation_id"].as_str().unwrap());
    let operation = stack.operator.get(&path).await.expect(200);
    assert_eq!(operation["customer_id"], id);
    let customer = operation["customer_uuid"].as_str().unwrap();
    let path = format!("/api/admin/audit-logs?customer={customer}&action=customer_provisioning_failed");
    let audit = stack.operator.get(&path).await.expect(200);
    assert_eq!(audit["data"].as_array().unwrap().len(), 1, "{audit}");
    assert_eq!(audit["data"][0]["old_values"]["customer_id"], id, "{audit}");
}

/// The same name again, now that the cause is mended.
async fn works_now(stack: &Stack, id: &str) {
    let key = stack.operator.provision(id).await.expect(201)["apiKey"]["key"].as_str().unwrap().to_owned();
    wholeness::all_or_nothing(stack, &[(id.to_owned(), Some(key))]).await;
}
