//! Jobs that take their worker down with them: real processes, really killed.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use domain::{JobId, JobStatus};
use jobs::{JobOutcome, NewJob};
use serde::{Deserialize, Serialize};
use testkit::wait_for;

use crate::world::{Running, SOON, World, catalog_at, does, quick_worker, simple};

/// What a worker in a process of its own has to know.
#[derive(Serialize, Deserialize)]
struct Orders {
    database_url: String,
    redis_url: String,
}

/// Not a test: the worker that the tests below start as a process, with its orders on standard input.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by other tests"]
async fn worker_process() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).expect("orders");
    let orders: Orders = serde_json::from_str(&text).expect("orders");
    let catalog = catalog_at(&orders.database_url);
    let of_bystander = catalog.clone();
    let of_killer = catalog.clone();
    let worker = quick_worker(&catalog, &orders.redis_url)
        .register(does("killer", move |payload, _| {
            let catalog = of_killer.clone();
            async move {
                // Only when the bystander runs, or has ended: so that both are in the same worker.
                let id: JobId = payload["after"].as_str().expect("an id").parse().expect("an id");
                wait_for("the bystander", SOON, || async {
                    let client = catalog.client().await.expect("a connection");
                    let row = catalog::jobs::get(&client, id).await.expect("read").expect("there");
                    row.crashes > 0 || row.status != JobStatus::Queued
                })
                .await;
                rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL)
                    .expect("killed");
                std::future::pending().await
            }
        }))
        .register(does("bystander", move |_, context| {
            let catalog = of_bystander.clone();
            async move {
                let client = catalog.client().await.expect("a connection");
                let row = catalog::jobs::get(&client, context.id).await.expect("read").expect("there");
                if row.crashes == 0 {
                    // Still running when the worker is killed.
                    std::future::pending::<()>().await;
                }
                Ok(JobOutcome::Done)
            }
        }));
    worker.run(tokio_util::sync::CancellationToken::new()).await;
}

fn start_worker(world: &World) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("our own path"))
        .args(["--exact", "crashes::worker_process", "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    let orders = Orders { database_url: world.database.url(), redis_url: world.redis.url() };
    let mut input = child.stdin.take().expect("piped");
    input.write_all(serde_json::to_string(&orders).expect("text").as_bytes()).expect("told");
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_its_worker_is_parked_and_takes_no_bystander_with_it() {
    let world = World::new().await;
    let bystander = world.enqueue(simple("bystander")).await;
    let killer = world.enqueue(NewJob::new("killer", serde_json::json!({ "after": bystander }))).await;
    let mut deaths = 0;
    while world.row(killer).await.status != JobStatus::Dead {
        assert!(deaths < 4, "parked after three deaths");
        let mut child = start_worker(&world);
        wait_for("the worker to die or to park the job", SOON * 2, || {
            let is_dead = child.try_wait().expect("asked").is_some();
            let world = &world;
            async move { is_dead || world.row(killer).await.status == JobStatus::Dead }
        })
        .await;
        if child.try_wait().expect("asked").is_some() {
            deaths += 1;
        } else {
            // The fourth worker has parked it instead of running it; it goes on with the bystander.
            world.wait_until(bystander, JobStatus::Succeeded).await;
            child.kill().expect("killed");
            child.wait().expect("waited");
        }
    }
    assert_eq!(deaths, 3);
    let row = world.row(killer).await;
    assert_eq!((row.crashes, row.attempts), (3, 0));
    assert_eq!(row.last_error.as_deref(), Some("its worker died while it ran (3 of 3 times)"));
    let row = world.row(bystander).await;
    assert_eq!((row.status, row.crashes, row.attempts), (JobStatus::Succeeded, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_ran_out_is_taken_over_by_the_next_worker() {
    let world = World::new().await;
    let id = world.enqueue(simple("quick")).await;
    let client = world.database.connect().await;
    let sql = "update admin_jobs set status = 'running', attempts = 1, lease_owner = 'gone',
               lease_expires_at = now() + interval '1 second'";
    client.execute(sql, &[]).await.expect("updated");
    let _worker =
        Running::start(world.worker().register(does("quick", |_, _| async { Ok(JobOutcome::Done) })));
    let row = world.wait_until(id, JobStatus::Succeeded).await;
    assert_eq!((row.attempts, row.crashes), (1, 1));
}
