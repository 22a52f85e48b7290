//! What Clerk tells of acts at once, whatever else a worker has to do.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clerk::ProcessMessage;
use customers::ControlPlane;
use domain::Plan;
use jobs::{Job, JobContext, JobError, JobOutcome, NewJob, Worker};
use secrets::MasterKey;
use serde_json::{Value, json};
use testkit::wait_for;
use tokio::sync::Semaphore;

use crate::house::{House, context, member, organization};

const SOON: Duration = Duration::from_secs(20);

/// A job that ends with its worker.
struct Hangs(Arc<Semaphore>);

#[async_trait]
impl Job for Hangs {
    fn kind(&self) -> &'static str {
        "hangs"
    }

    async fn run(&self, _: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        self.0.add_permits(1);
        context.stopping.cancelled().await;
        Err(JobError::Interrupted)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_waits_for_no_other_job() {
    let (house, redis) = (House::new().await, testkit::redis().await);
    house.tell("msg_1", &organization("created", "org_1", "Acme", 0)).await;
    house.ready().await;
    house.tell("msg_2", &member("created", ("org_1", "user_1"), "org:member", 1)).await;
    house.sql("delete from admin_jobs").await;

    // The job as the worker is given it, beside more of others than a worker does at once.
    let control_plane = ControlPlane::new(house.catalog.clone(), MasterKey::generate());
    let messages = ProcessMessage::new(control_plane, house.catalog.clone(), Plan::Pro);
    let (held, stop) = (Arc::new(Semaphore::new(0)), context().stopping);
    let worker = Worker::builder(Arc::new(house.catalog.clone()), redis.url())
        .register(Hangs(Arc::clone(&held)))
        .register(messages);
    let worker = tokio::spawn(worker.run(stop.clone()));
    for number in 0..8 {
        let client = house.catalog.client().await.unwrap();
        let job = NewJob::new("hangs", json!({ "number": number }));
        catalog::jobs::enqueue(&client, &job).await.unwrap().unwrap();
    }
    held.acquire_many(4).await.unwrap().forget();

    house.send("msg_3", &member("deleted", ("org_1", "user_1"), "org:member", 2)).await.unwrap();
    wait_for("the removal to be done", SOON, || async { house.status("msg_3").await == "processed" }).await;
    let removed = "select removed_at is not null from admin_clerk_memberships where clerk_user_id = 'user_1'";
    assert!(house.value::<bool>(removed).await);
    assert_eq!(held.available_permits(), 0, "none of the others has given its place up");
    stop.cancel();
    worker.await.unwrap();
}
