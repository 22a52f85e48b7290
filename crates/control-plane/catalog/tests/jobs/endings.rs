//! How a job ends: done, tried again, given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use domain::JobStatus;
use jobs::{JobError, JobOutcome, NewJob};
use tokio::sync::Semaphore;

use crate::world::{Running, SOON, World, does, simple};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_is_tried_again_until_it_succeeds() {
    let world = World::new().await;
    let _worker = Running::start(world.worker().register(does("flaky", |_, context| async move {
        if context.attempt < 3 { Err(JobError::retry("not yet")) } else { Ok(JobOutcome::Done) }
    })));
    let id = world.enqueue(simple("flaky")).await;
    let row = world.wait_until(id, JobStatus::Succeeded).await;
    assert_eq!((row.attempts, row.crashes), (3, 0));
    assert_eq!(row.last_error.as_deref(), Some("not yet"));
    assert!(row.run_at > row.created_at, "the pauses have moved its time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_too_often_is_dead_until_an_operator_retries_it() {
    let world = World::new().await;
    let tries = Arc::new(AtomicI32::new(0));
    let counted = Arc::clone(&tries);
    let _worker = Running::start(world.worker().register(does("hopeless", move |_, _| {
        let total = counted.fetch_add(1, Ordering::SeqCst) + 1;
        async move { if total <= 2 { Err(JobError::retry("out of luck")) } else { Ok(JobOutcome::Done) } }
    })));
    let id = world.enqueue(NewJob { max_attempts: 2, ..simple("hopeless") }).await;
    let row = world.wait_until(id, JobStatus::Dead).await;
    assert_eq!(row.attempts, 2);
    assert!(row.finished_at.is_some());

    let client = world.catalog.client().await.expect("a connection");
    let retried = catalog::jobs::retry(&client, id).await.expect("asked").expect("it was dead");
    assert_eq!((retried.status, retried.attempts), (JobStatus::Queued, 0));
    world.wait_until(id, JobStatus::Succeeded).await;
    assert!(catalog::jobs::retry(&client, id).await.expect("asked").is_none(), "only dead jobs are retried");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_was_taken_off_does_not_run_and_makes_room_for_another() {
    let world = World::new().await;
    let client = world.catalog.client().await.expect("a connection");
    let id = world.enqueue(NewJob { unique_key: Some("one".to_owned()), ..simple("unwanted") }).await;
    let canceled = catalog::jobs::cancel(&client, id).await.expect("asked").expect("it waited");
    assert_eq!(canceled.status, JobStatus::Canceled);
    assert!(canceled.finished_at.is_some());
    assert!(catalog::jobs::cancel(&client, id).await.expect("asked").is_none(), "once is enough");
    assert!(catalog::jobs::retry(&client, id).await.expect("asked").is_none(), "only dead jobs are retried");
    let other = world.enqueue(NewJob { unique_key: Some("one".to_owned()), ..simple("unwanted") }).await;
    let _worker =
        Running::start(world.worker().register(does("unwanted", |_, _| async { Ok(JobOutcome::Done) })));
    world.wait_until(other, JobStatus::Succeeded).await;
    let row = catalog::jobs::get(&client, id).await.expect("asked").expect("it is kept for a while");
    assert_eq!((row.status, row.attempts), (JobStatus::Canceled, 0));
    assert!(catalog::jobs::cancel(&client, other).await.expect("asked").is_none(), "what is done stays done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_failure_is_tried_once_and_a_panic_counts_as_a_failure() {
    let world = World::new().await;
    let worker = world
        .worker()
        .register(does("refused", |_, _| async { Err(JobError::permanent("no such customer")) }))
        .register(does("panics", |_, context| async move {
            assert!(context.attempt > 1, "something unforeseen");
            Ok(JobOutcome::Done)
        }));
    let _worker = Running::start(worker);
    let (refused, panics) = (world.enqueue(simple("refused")).await, world.enqueue(simple("panics")).await);
    let row = world.wait_until(refused, JobStatus::Dead).await;
    assert_eq!((row.attempts, row.last_error.as_deref()), (1, Some("no such customer")));
    let row = world.wait_until(panics, JobStatus::Succeeded).await;
    assert_eq!((row.attempts, row.crashes), (2, 0));
    assert_eq!(row.last_error.as_deref(), Some("the job panicked: something unforeseen"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_comes_back_later_uses_up_no_tries() {
    let world = World::new().await;
    let looks = Arc::new(AtomicI32::new(0));
    let counted = Arc::clone(&looks);
    let _worker = Running::start(world.worker().register(does("waits", move |_, context| {
        let total = counted.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            assert_eq!(context.attempt, 1);
            Ok(if total < 4 { JobOutcome::Later(Duration::from_millis(10)) } else { JobOutcome::Done })
        }
    })));
    let id = world.enqueue(NewJob { max_attempts: 1, ..simple("waits") }).await;
    assert_eq!(world.wait_until(id, JobStatus::Succeeded).await.attempts, 1);
    assert_eq!(looks.load(Ordering::SeqCst), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_asked_to_stop_finishes_what_it_runs_and_takes_nothing_more() {
    let world = World::new().await;
    let (begun, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gates = (Arc::clone(&begun), Arc::clone(&go_on));
    let worker = Running::start(world.worker().register(does("slow", move |_, _| {
        let (begun, go_on) = gates.clone();
        async move {
            begun.add_permits(1);
            drop(go_on.acquire().await);
            Ok(JobOutcome::Done)
        }
    })));
    let first = world.enqueue(simple("slow")).await;
    drop(tokio::time::timeout(SOON, begun.acquire()).await.expect("the job has begun"));
    worker.ask_to_stop();
    let second = world.enqueue(simple("slow")).await;
    go_on.add_permits(10);
    worker.stop().await;
    assert_eq!(world.row(first).await.status, JobStatus::Succeeded);
    assert_eq!(world.row(second).await.status, JobStatus::Queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_outlasts_the_grace_period_is_queued_again_without_counting() {
    let world = World::new().await;
    let begun = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&begun);
    let endless = does("endless", move |_, _| {
        gate.add_permits(1);
        std::future::pending()
    });
    let polite = does("polite", |_, context| async move {
        context.stopping.cancelled().await;
        Err(JobError::Interrupted)
    });
    let worker = world.worker().grace(Duration::from_millis(200)).register(endless).register(polite);
    let worker = Running::start(worker);
    let ids = [world.enqueue(simple("endless")).await, world.enqueue(simple("polite")).await];
    drop(tokio::time::timeout(SOON, begun.acquire()).await.expect("the job has begun"));
    world.wait_until(ids[1], JobStatus::Running).await;
    worker.stop().await;
    for id in ids {
        let row = world.row(id).await;
        assert_eq!((row.status, row.attempts, row.crashes), (JobStatus::Queued, 0, 0), "{}", row.kind);
    }
}
