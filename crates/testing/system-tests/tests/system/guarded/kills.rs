//! The server is killed (signal 9) under full load, again and again. Every answer that was sent is counted, once, and nothing
//! is counted that wasn't asked.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use system_tests::{Customer, Stack, is_full_run, processes};
use testkit::wait_for;
use uuid::Uuid;

/// Callers at once.
const CALLERS: usize = 8;
/// Answers between two kills, at least.
const ANSWERS: usize = 200;
const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn story(stack: &Stack) {
    // Whose requests are those of this story, and no others.
    let customer = &stack.customer("killed").await;
    let limit = "update admin_api_keys set rate_limit_requests = 100000000 where customer_id = $1";
    stack.admin().await.execute(limit, &[&customer.uuid]).await.unwrap();
    let rounds = if is_full_run() { 20 } else { 4 };
    let mut answered = HashSet::new();
    for _ in 0..rounds {
        answered.extend(one_kill(stack, customer).await);
    }
    let sql = "select request_id from admin_api_usage where customer_id = $1";
    let counted = async || {
        let rows = stack.admin().await.query(sql, &[&customer.uuid]).await.unwrap();
        rows.iter().map(|row| row.get::<_, Uuid>(0)).collect::<Vec<_>>()
    };
    wait_for("every answer to be counted", LIMIT, async || {
        let counted: HashSet<_> = counted().await.into_iter().collect();
        answered.is_subset(&counted)
    })
    .await;
    let counted = counted().await;
    assert_eq!(counted.len(), counted.iter().collect::<HashSet<_>>().len(), "a request is counted twice");
    // What was counted and not answered was under way when the server was killed.
    let unanswered = counted.len() - answered.len();
    assert!(unanswered <= rounds * CALLERS, "{unanswered} requests are counted that nobody made");
}

/// Callers ask as fast as they can; the server is killed in full flight, and comes back. The ids of the answers that
/// arrived.
async fn one_kill(stack: &Stack, customer: &Customer) -> Vec<Uuid> {
    let stop = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (api, stop) = (customer.api.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut answered: Vec<Uuid> = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let request = api.request(reqwest::Method::GET, "/api/v1/contacts?limit=1");
                    let Ok(answer) = api.try_send(request).await else { break };
                    answered.push(answer.header("x-request-id").parse().unwrap());
                    if answered.len() >= ANSWERS {
                        break;
                    }
                }
                answered
            })
        })
        .collect();
    let victim = stack.server().expect("a server runs");
    // Killed when somebody has got half of what they ask for.
    let half = tokio::time::timeout(LIMIT, async {
        let table = "select count(*) from admin_api_usage where customer_id = $1";
        let before: i64 = stack.admin().await.query_one(table, &[&customer.uuid]).await.unwrap().get(0);
        loop {
            let now: i64 = stack.admin().await.query_one(table, &[&customer.uuid]).await.unwrap().get(0);
            if now >= before + i64::try_from(CALLERS * ANSWERS / 2).unwrap()
                || callers.iter().all(|caller| caller.is_finished())
            {
                return;
            }
        }
    });
    half.await.expect("usage arrives");
    processes::kill(victim);
    stop.store(true, Ordering::Relaxed);
    let mut answered = Vec::new();
    for caller in callers {
        answered.extend(caller.await.unwrap());
    }
    assert!(!answered.is_empty());
    wait_for("the server to be back", LIMIT, async || {
        stack.server().is_some_and(|server| server != victim)
            && stack
                .operator
                .try_send(stack.operator.request(reqwest::Method::GET, "/api/ready"))
                .await
                .is_ok_and(|answer| answer.status == 200)
    })
    .await;
    answered
}
