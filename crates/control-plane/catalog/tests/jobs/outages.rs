//! Redis and PostgreSQL go away and come back; the worker stays.

use std::sync::Arc;

use domain::{JobId, JobStatus};
use jobs::JobOutcome;
use testkit::{fault_proxy, wait_for};
use tokio::sync::Semaphore;

use crate::world::{Does, Running, SOON, World, catalog_at, does, quick_worker, simple};

fn quick() -> Does {
    does("quick", |_, _| async { Ok(JobOutcome::Done) })
}

impl World {
    /// Put into Redis and taken from there: the scan would have let it lie for five seconds.
    async fn went_through_redis(&self, id: JobId) -> bool {
        let sql = "select coalesce(started_at < offered_at + interval '3 seconds', false) from admin_jobs where id = $1";
        self.database.connect().await.query_one(sql, &[&id.uuid()]).await.expect("read").get(0)
    }

    /// Runs jobs until one of them has gone through Redis.
    async fn wait_for_redis(&self) {
        wait_for("a job to go through Redis", SOON, || async {
            let id = self.enqueue(simple("quick")).await;
            self.wait_until(id, JobStatus::Succeeded).await;
            self.went_through_redis(id).await
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_killed_and_started_again_is_used_again_without_a_restart() {
    let mut world = World::new().await;
    let worker = Running::start(world.worker().register(quick()));
    world.wait_for_redis().await;
    for _ in 0..2 {
        world.redis.kill();
        for _ in 0..5 {
            let id = world.enqueue(simple("quick")).await;
            world.wait_until(id, JobStatus::Succeeded).await;
        }
        let id = world.enqueue(simple("quick")).await;
        world.wait_until(id, JobStatus::Succeeded).await;
        assert!(!world.went_through_redis(id).await, "PostgreSQL alone has served");
        world.redis.start().await;
        world.wait_for_redis().await;
    }
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_starts_without_redis() {
    let mut world = World::new().await;
    world.redis.kill();
    let _worker = Running::start(world.worker().register(quick()));
    let id = world.enqueue(simple("quick")).await;
    world.wait_until(id, JobStatus::Succeeded).await;
    world.redis.start().await;
    world.wait_for_redis().await;
}

/// A time-out of a connection once stopped apalis's workers for good (apalis-redis issue 76).
#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_and_goes_on_stops_nothing() {
    let world = World::new().await;
    let proxy = fault_proxy(world.redis.port()).await;
    let url = world.redis.url_through(proxy.port());
    let _worker = Running::start(quick_worker(&world.catalog, &url).register(quick()));
    world.wait_for_redis().await;
    proxy.pause();
    for _ in 0..3 {
        let id = world.enqueue(simple("quick")).await;
        world.wait_until(id, JobStatus::Succeeded).await;
    }
    proxy.resume();
    world.wait_for_redis().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_forgets_is_found_by_the_scan() {
    let world = World::new().await;
    let id = world.enqueue(simple("quick")).await;
    let client = world.database.connect().await;
    client
        .execute("update admin_jobs set offered_at = now() - interval '1 minute'", &[])
        .await
        .expect("updated");
    let _worker = Running::start(world.worker().register(quick()));
    world.wait_until(id, JobStatus::Succeeded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finished_tasks_do_not_pile_up_in_redis() {
    let world = World::new().await;
    let _worker = Running::start(world.worker().register(quick()));
    for _ in 0..5 {
        world.wait_for_redis().await;
    }
    let client = redis::Client::open(world.redis.url()).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let mut left: Vec<String> = Vec::new();
    for _ in 0..200 {
        left = redis::cmd("KEYS").arg("sixty:jobs:*").query_async(&mut connection).await.expect("asked");
        left.retain(|key| !key.contains(":workers"));
        if left.is_empty() {
            return;
        }
        let _ =
            tokio::time::timeout(std::time::Duration::from_millis(100), std::future::pending::<()>()).await;
    }
    panic!("left in Redis: {left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_under_a_running_job_counts_no_crash() {
    let world = World::new().await;
    let proxy = fault_proxy(world.database.port()).await;
    let catalog = catalog_at(&world.database.url_through(proxy.port()));
    let (begun, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gates = (Arc::clone(&begun), Arc::clone(&go_on));
    let held = does("held", move |_, _| {
        let (begun, go_on) = gates.clone();
        async move {
            begun.add_permits(1);
            drop(go_on.acquire().await);
            Ok(JobOutcome::Done)
        }
    });
    let worker = quick_worker(&catalog, &world.redis.url()).lease(std::time::Duration::from_secs(10));
    let _worker = Running::start(worker.register(held).register(quick()));
    let id = world.enqueue(simple("held")).await;
    drop(tokio::time::timeout(SOON, begun.acquire()).await.expect("the job has begun"));
    proxy.refuse();
    // The job ends while nobody can write it down.
    go_on.add_permits(10);
    assert_eq!(world.row(id).await.status, JobStatus::Running);
    proxy.resume();
    let row = world.wait_until(id, JobStatus::Succeeded).await;
    assert_eq!((row.attempts, row.crashes), (1, 0));
    let next = world.enqueue(simple("quick")).await;
    world.wait_until(next, JobStatus::Succeeded).await;
}
