//! Many sign-ups at once, each name twice: exactly one customer per name.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{StreamExt as _, stream};
use system_tests::{Stack, StackPlan};

use crate::wholeness;

const NAMES: u16 = 90;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_sign_ups_at_once_each_name_is_given_once() {
    // The most that there is: on a busy machine of two cores the last of them waits for more than a minute.
    let patience = ("SIXTY_PROVISION_WAIT_SECONDS", "110".to_owned());
    let plan = StackPlan { customer_ports: NAMES + 10, variables: vec![patience] };
    let stack = Stack::start_with(plan).await;
    let names = NAMES;
    let begun = Instant::now();
    // Each name twice, the second time somewhere among the others.
    let order = (0..names).chain((0..names).map(|number| (number * 7 + 3) % names));
    let attempts = order.map(|number| {
        let (operator, id) = (stack.operator.clone(), format!("many-{number}"));
        tokio::spawn(async move {
            let answer = operator.provision(&id).await;
            (id, answer)
        })
    });
    let mut by_name: BTreeMap<String, Vec<system_tests::Answer>> = BTreeMap::new();
    for attempt in join_all(attempts).await {
        let (id, answer) = attempt.unwrap();
        by_name.entry(id).or_default().push(answer);
    }
    let took = begun.elapsed();
    println!("{} sign-ups of {names} names took {took:.1?}", 2 * names);
    assert_eq!(by_name.len(), usize::from(names));

    let mut sign_ups = Vec::new();
    for (id, mut answers) in by_name {
        answers.sort_by_key(|answer| answer.status);
        let [made, taken] = <[_; 2]>::try_from(answers).unwrap();
        let key = made.expect(201)["apiKey"]["key"].as_str().unwrap().to_owned();
        taken.expect_problem(409, "already-exists");
        sign_ups.push((id, Some(key)));
    }
    let there = wholeness::all_or_nothing(&stack, &sign_ups).await;
    assert_eq!(there.len(), usize::from(names));
    wholeness::nothing_is_left_over(&stack).await;
    println!("checking them took {:.1?}", begun.elapsed() - took);

    let begun = Instant::now();
    deleted_at_once(&stack, sign_ups.iter().map(|(id, _)| id.as_str()).collect()).await;
    println!("deleting them took {:.1?}", begun.elapsed());
}

async fn deleted_at_once(stack: &Stack, ids: Vec<&str>) {
    let asked = stream::iter(ids).map(|id| async move {
        stack.operator.delete(&format!("/api/admin/customers/{id}")).await.expect(202);
        // Twice is once: it is under way, or it is done.
        let again = stack.operator.delete(&format!("/api/admin/customers/{id}")).await;
        assert!([404, 409].contains(&again.status.as_u16()), "{again}");
    });
    asked.buffer_unordered(16).collect::<Vec<_>>().await;
    stack.settle(Duration::from_secs(120)).await;
    wholeness::nothing_is_left_over(stack).await;
    let left =
        stack.rows("select company_domain from admin_customers where lifecycle <> 'deleted'", &[]).await;
    assert_eq!(left.len(), 1, "only the demo customer is left: {left:?}");
}
