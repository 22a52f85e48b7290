//! Everything is killed while customers are being signed up: one part after the other, at moments that nobody chose,
//! then all at once. When the dust has settled, every customer is wholly there or wholly absent.

mod stream;

use std::time::{Duration, Instant};

use system_tests::{Stack, StackPlan, is_full_run, processes};
use testkit::wait_for;
use uuid::Uuid;

use crate::wholeness;
use stream::{Outcome, SignUps};

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Worker,
    Server,
    /// The instance of a customer, ready or not.
    Instance,
    AdminDatabase,
    Redis,
    /// Two at once: nobody is there to tell of the other's end.
    WorkerAndAdminDatabase,
}

const VICTIMS: [Victim; 6] = [
    Victim::Worker,
    Victim::Server,
    Victim::Instance,
    Victim::AdminDatabase,
    Victim::Redis,
    Victim::WorkerAndAdminDatabase,
];

/// The steps of a sign-up: a kill falls into one of them.
const STEPS: [&str; 5] =
    ["place", "create_instance", "start_instance", "configure_database", "activate_customer"];

/// How long everything may take to come back after a kill: a lease runs out, a database recovers.
const RECOVERY: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_any_moment_leave_every_customer_whole_or_absent() {
    let rounds = if is_full_run() { 20 } else { 2 };
    let mut stack = Stack::start_with(StackPlan { customer_ports: 600, ..StackPlan::default() }).await;
    let sign_ups = SignUps::begin(&stack, 6);
    for round in 0..rounds {
        for victim in shuffled(VICTIMS) {
            let before = sign_ups.succeeded();
            let step = STEPS[random(STEPS.len())];
            a_moment_in(&stack, step).await;
            let killed = kill(&stack, victim);
            let begun = Instant::now();
            wait_for(
                &format!("a sign-up to succeed after {victim:?} was killed in {step}"),
                RECOVERY,
                || async { sign_ups.succeeded() > before + 2 },
            )
            .await;
            println!("round {round}: {victim:?} {killed:?} in {step}; back after {:.1?}", begun.elapsed());
        }
    }
    a_moment_in(&stack, STEPS[random(STEPS.len())]).await;
    everything_at_once(&mut stack).await;
    let outcomes = sign_ups.end().await;
    stack.start_again().await;
    stack.settle(Duration::from_secs(120)).await;

    let sign_ups: Vec<_> = outcomes.iter().map(|(id, outcome)| (id.clone(), outcome.key())).collect();
    let ready = sign_ups.iter().filter(|(_, key)| key.is_some()).count();
    let there = wholeness::all_or_nothing(&stack, &sign_ups).await;
    println!(
        "{} sign-ups: {ready} were answered with a key, {} customers are there",
        sign_ups.len(),
        there.len()
    );
    assert!(there.len() > 10 * rounds, "too few for a test");
    for (id, _) in outcomes.iter().filter(|(_, outcome)| *outcome == Outcome::Refused) {
        assert!(!there.contains(id), "{id} is there, although its sign-up was answered with a problem");
    }
    wholeness::nothing_is_left_over(&stack).await;
    what_was_refused_can_be_signed_up_again(&stack, &sign_ups, &there).await;
    assert!(stack.stop().await.success(), "{}", stack.log());
    assert_eq!(stack.processes(), []);
}

/// Waits for a moment in which some sign-up is in this step; any moment, when there is none soon.
async fn a_moment_in(stack: &Stack, step: &str) {
    let sql = "select 1 from admin_operation_steps where name = $1 and status = 'running' limit 1";
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        if stack.try_rows(sql, &[&step]).await.is_some_and(|found| !found.is_empty()) {
            return;
        }
    }
}

fn kill(stack: &Stack, victim: Victim) -> Vec<Option<u32>> {
    let killed = match victim {
        Victim::Worker => vec![stack.worker()],
        Victim::Server => vec![stack.server()],
        Victim::Instance => vec![an_instance(stack)],
        Victim::AdminDatabase => vec![stack.admin_database()],
        Victim::Redis => vec![stack.redis()],
        Victim::WorkerAndAdminDatabase => vec![stack.worker(), stack.admin_database()],
    };
    killed.iter().flatten().for_each(|id| processes::kill(*id));
    killed
}

fn an_instance(stack: &Stack) -> Option<u32> {
    let servers: Vec<_> =
        stack.processes().into_iter().filter(|process| process.command.contains("/instances/")).collect();
    (!servers.is_empty()).then(|| servers[random(servers.len())].id)
}

/// What a power failure would be, but for the disk.
async fn everything_at_once(stack: &mut Stack) {
    processes::kill(stack.dev());
    stack.wait_for_end().await;
    // Again and again: a process that was being started was in no list yet.
    wait_for("everything to be dead", Duration::from_secs(30), || async {
        let left = stack.processes();
        left.iter().for_each(|process| processes::kill(process.id));
        left.is_empty()
    })
    .await;
}

async fn what_was_refused_can_be_signed_up_again(
    stack: &Stack,
    sign_ups: &[(String, Option<String>)],
    there: &std::collections::BTreeSet<String>,
) {
    let absent: Vec<_> = sign_ups.iter().filter(|(id, _)| !there.contains(id)).take(3).collect();
    for (id, _) in absent {
        stack.operator.provision(id).await.expect(201);
    }
    let Some(present) = there.iter().next() else { return };
    stack.operator.provision(present).await.expect_problem(409, "already-exists");
}

fn random(below: usize) -> usize {
    usize::from(Uuid::new_v4().as_bytes()[0]) % below
}

fn shuffled<T, const N: usize>(mut items: [T; N]) -> [T; N] {
    for last in (1..N).rev() {
        items.swap(last, random(last + 1));
    }
    items
}
