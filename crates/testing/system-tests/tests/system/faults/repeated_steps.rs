//! The worker dies in each step of a sign-up, and the next worker repeats it.

use std::time::Duration;

use serde_json::json;
use system_tests::{Stack, processes};
use testkit::wait_for;

use crate::wholeness;

const STEPS: [&str; 5] =
    ["place", "create_instance", "start_instance", "configure_database", "activate_customer"];
/// How often a step may be over before the worker is killed in it.
const TRIES: usize = 40;

pub(super) async fn story(stack: &Stack) {
    let mut sign_ups = Vec::new();
    for step in STEPS {
        let mut hit = false;
        for attempt in 0..TRIES {
            let id = format!("{}-{attempt}", step.replace('_', "-"));
            hit = the_worker_dies_in(stack, step, &id).await;
            sign_ups.push((id, None));
            if hit {
                break;
            }
        }
        assert!(hit, "the worker was never killed in {step}");
    }
    stack.settle(Duration::from_secs(120)).await;
    let there = wholeness::all_or_nothing(stack, &sign_ups).await;
    assert_eq!(
        there.len(),
        sign_ups.len(),
        "a sign-up was given up because its worker died: {there:?} of {sign_ups:?}"
    );
    let unfinished = "select o.customer_slug, s.name, s.status from admin_operation_steps s
        join admin_operations o on o.id = s.operation_id where o.status = 'succeeded' and s.status <> 'succeeded'";
    assert_eq!(stack.rows(unfinished, &[]).await, [] as [serde_json::Value; 0]);
}

/// Kills the worker as soon as the sign-up is in this step. False when it was over by then.
async fn the_worker_dies_in(stack: &Stack, step: &str, id: &str) -> bool {
    let limit = Duration::from_secs(30);
    wait_for("a worker", limit, || async { stack.worker().is_some() }).await;
    let (worker, watching) = (stack.worker().unwrap(), stack.admin().await);
    let body = json!({ "customer_id": id, "name": format!("{id} Incorporated"), "email": "a@example.org", "plan": "enterprise" });
    let begun = stack.operator.post("/api/admin/customers", &body).await.expect(202);
    let operation: uuid::Uuid = begun["operation"]["id"].as_str().unwrap().parse().unwrap();
    let sql = "select status::text from admin_operation_steps where operation_id = $1 and name = $2 and status <> 'pending'";
    wait_for(&format!("{id} to come to {step}"), limit, || async {
        !watching.query(sql, &[&operation, &step]).await.unwrap().is_empty()
    })
    .await;
    processes::kill(worker);
    processes::wait_until_gone(worker, limit).await;
    let sql = "select 1 from admin_operations o join admin_operation_steps s on s.operation_id = o.id
               where o.id = $1 and o.status = 'running' and s.name = $2 and s.status = 'running'";
    !watching.query(sql, &[&operation, &step]).await.unwrap().is_empty()
}
