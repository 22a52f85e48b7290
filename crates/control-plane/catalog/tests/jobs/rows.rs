//! Listing and finding jobs, as the operator API does.

use catalog::jobs::{JobFilter, list};
use domain::{JobId, JobStatus};

use crate::world::{World, simple};

#[tokio::test]
async fn jobs_are_listed_newest_first_page_by_page() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(world.enqueue(simple(if number == 2 { "other" } else { "quick" })).await);
    }
    ids.reverse();
    let client = world.catalog.client().await.expect("a connection");
    let read = async |filter: JobFilter, limit| -> Vec<JobId> {
        list(&client, &filter, limit).await.expect("listed").into_iter().map(|row| row.id).collect()
    };
    assert_eq!(read(JobFilter::default(), 10).await, ids);
    assert_eq!(read(JobFilter::default(), 2).await, ids[..2]);
    assert_eq!(read(JobFilter { before: Some(ids[1]), ..JobFilter::default() }, 2).await, ids[2..4]);
    assert_eq!(
        read(JobFilter { kind: Some("other".to_owned()), ..JobFilter::default() }, 10).await,
        [ids[2]]
    );
    assert_eq!(read(JobFilter { statuses: vec![JobStatus::Dead], ..JobFilter::default() }, 10).await, []);
    assert_eq!(
        read(JobFilter { statuses: vec![JobStatus::Dead, JobStatus::Queued], ..JobFilter::default() }, 10)
            .await,
        ids
    );
}

#[tokio::test]
async fn a_job_is_there_when_and_only_when_its_transaction_is() {
    let world = World::new().await;
    let mut client = world.catalog.client().await.expect("a connection");
    let transaction = client.transaction().await.expect("begun");
    let id = catalog::jobs::enqueue(&transaction, &simple("quick")).await.expect("enqueued").expect("unique");
    transaction.rollback().await.expect("rolled back");
    assert!(catalog::jobs::get(&client, id).await.expect("read").is_none());
}
