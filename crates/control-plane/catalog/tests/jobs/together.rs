//! Several workers at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::JobStatus;
use jobs::{Job, JobContext, JobError, JobOutcome, JobStore, NewJob, Schedule};
use serde_json::{Value, json};
use testkit::wait_for;
use tokio::sync::Semaphore;

use crate::world::{Running, SOON, World, catalog_at, does, quick_worker, simple};

#[tokio::test(flavor = "multi_thread")]
async fn several_workers_never_run_one_job_at_once_and_none_is_left() {
    const JOBS: i64 = 200;
    let world = World::new().await;
    let runs: Arc<Mutex<HashMap<i64, i32>>> = Arc::default();
    let count = |runs: &Arc<Mutex<HashMap<i64, i32>>>| {
        let runs = Arc::clone(runs);
        does("counted", move |payload, _| {
            let runs = Arc::clone(&runs);
            async move {
                let number = payload["number"].as_i64().expect("a number");
                *runs.lock().expect("unpoisoned").entry(number).or_default() += 1;
                tokio::task::yield_now().await;
                Ok(JobOutcome::Done)
            }
        })
    };
    let workers: Vec<_> = (0..3).map(|_| Running::start(world.worker().register(count(&runs)))).collect();
    for number in 0..JOBS {
        world.enqueue(NewJob::new("counted", json!({ "number": number }))).await;
    }
    let client = world.database.connect().await;
    wait_for("every job to be done", SOON, || async {
        let sql = "select count(*) from admin_jobs where status = 'succeeded' and attempts = 1";
        client.query_one(sql, &[]).await.expect("counted").get::<_, i64>(0) == JOBS
    })
    .await;
    for worker in workers {
        worker.stop().await;
    }
    let runs = runs.lock().expect("unpoisoned");
    assert_eq!(runs.len() as i64, JOBS);
    assert!(runs.values().all(|&times| times == 1), "{runs:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_apart_waits_for_no_other_job() {
    let world = World::new().await;
    let (held, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let hangs = {
        let (held, release) = (Arc::clone(&held), Arc::clone(&release));
        does("hangs", move |_, _| {
            let (held, release) = (Arc::clone(&held), Arc::clone(&release));
            async move {
                held.add_permits(1);
                release.acquire().await.expect("open").forget();
                Ok(JobOutcome::Done)
            }
        })
    };
    let done = |kind| does(kind, |_, _| async { Ok(JobOutcome::Done) });
    let worker = world.worker().register(hangs).register(done("ordinary")).register(done("urgent").apart());
    let worker = Running::start(worker);
    for _ in 0..4 {
        world.enqueue(simple("hangs")).await;
    }
    held.acquire_many(4).await.expect("all slots are taken").forget();
    let ordinary = world.enqueue(simple("ordinary")).await;
    for _ in 0..20 {
        let urgent = world.enqueue(simple("urgent")).await;
        world.wait_until(urgent, JobStatus::Succeeded).await;
    }
    assert_eq!(world.row(ordinary).await.status, JobStatus::Queued, "it waits its turn");
    release.add_permits(4);
    world.wait_until(ordinary, JobStatus::Succeeded).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unique_key_is_free_again_when_its_job_has_ended() {
    let world = World::new().await;
    let nudge = || simple("nudge").unique("nudge:acme");
    let id = world.enqueue(nudge()).await;
    assert_eq!(world.enqueue_maybe(nudge()).await, None, "it waits");
    let _worker =
        Running::start(world.worker().register(does("nudge", |_, _| async { Ok(JobOutcome::Done) })));
    world.wait_until(id, JobStatus::Succeeded).await;
    assert!(world.enqueue_maybe(nudge()).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_period_has_its_job_once_whoever_asks() {
    let world = World::new().await;
    let night = "2026-11-23T02:00:00Z".parse().expect("a time");
    let job = NewJob::new("nightly", json!({ "period_start": night })).unique("periodic:nightly");
    let asked = (0..20).map(|_| world.catalog.queue_period(&job, night));
    for answer in futures_util::future::join_all(asked).await {
        assert!(answer.expect("asked"));
    }
    let client = world.database.connect().await;
    let count = async || {
        let sql = "select count(*) from admin_jobs where kind = 'nightly'";
        client.query_one(sql, &[]).await.expect("counted").get::<_, i64>(0)
    };
    assert_eq!(count().await, 1);

    let next = night + chrono::TimeDelta::days(1);
    assert!(!world.catalog.queue_period(&job, next).await.expect("asked"), "the last one still waits");
    client
        .execute("update admin_jobs set status = 'succeeded', finished_at = now()", &[])
        .await
        .expect("updated");
    assert!(world.catalog.queue_period(&job, night).await.expect("asked"), "the night has had its job");
    assert_eq!(count().await, 1);
    assert!(world.catalog.queue_period(&job, next).await.expect("asked"));
    assert_eq!(count().await, 2);
}

struct Ticks;

#[async_trait]
impl Job for Ticks {
    fn kind(&self) -> &'static str {
        "ticks"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(std::time::Duration::from_secs(1)))
    }

    async fn run(&self, _: Value, _: &JobContext) -> Result<JobOutcome, JobError> {
        Ok(JobOutcome::Done)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_queue_periodic_jobs_by_themselves_and_never_twice() {
    let world = World::new().await;
    let other = catalog_at(&world.database.url());
    let workers = [
        Running::start(world.worker().register(Ticks)),
        Running::start(quick_worker(&other, &world.redis.url()).register(Ticks)),
    ];
    let client = world.database.connect().await;
    wait_for("three periods", SOON, || async {
        let sql = "select count(*) from admin_jobs where kind = 'ticks' and status = 'succeeded'";
        client.query_one(sql, &[]).await.expect("counted").get::<_, i64>(0) >= 3
    })
    .await;
    for worker in workers {
        worker.stop().await;
    }
    let sql =
        "select count(*) - count(distinct payload->>'period_start') from admin_jobs where kind = 'ticks'";
    assert_eq!(client.query_one(sql, &[]).await.expect("counted").get::<_, i64>(0), 0);
}
