//! Sign-ups and removals through the engine, on a real admin database, with a backend whose every step can be made to
//! fail, to take effect and fail all the same, and to be killed in the middle.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that has no ground to stand on fails at once"
)]

mod backend;
mod house;

use std::time::Duration;

use backend::{Fault, Step};
use catalog::operations::OperationFilter;
use customers::{Actor, UseCaseError, operations, removal};
use domain::OperationStatus;
use house::House;
use serde_json::json;

const STEPS: [Step; 3] = [Step::Create, Step::Start, Step::Configure];

#[tokio::test]
async fn a_step_that_fails_once_is_repeated_whether_or_not_it_took_effect() {
    let house = House::new().await;
    let _worker = house.start_worker("worker");
    for (number, step) in STEPS.into_iter().enumerate() {
        for (name, fault) in [("before", Fault::FailBefore), ("after", Fault::FailAfter)] {
            let slug = format!("{name}-{number}");
            house.backend.plant(step, fault);
            let begun = house.sign_up(&slug).await.unwrap();
            assert_eq!(house.settled(begun.operation.id).await.status, OperationStatus::Succeeded, "{slug}");
            house.assert_whole(&begun).await;
        }
    }
}

#[tokio::test]
async fn a_sign_up_that_cannot_be_done_leaves_nothing_and_the_name_is_free_again() {
    let house = House::new().await;
    let _worker = house.start_worker("worker");
    for step in STEPS {
        house.backend.plant(step, Fault::Permanent);
        let begun = house.sign_up("acme").await.unwrap();
        let operation = house.settled(begun.operation.id).await;
        assert_eq!(operation.status, OperationStatus::Failed);
        assert!(operation.error.unwrap().contains("planted"), "the reason is kept");
        house.assert_absent(&begun).await;
    }
    let begun = house.sign_up("acme").await.unwrap();
    assert_eq!(house.settled(begun.operation.id).await.status, OperationStatus::Succeeded);
    let filter = OperationFilter { customer_slug: Some("acme".to_owned()), ..OperationFilter::default() };
    let client = house.catalog.client().await.unwrap();
    let tried = catalog::operations::list(&client, &filter, 10).await.unwrap();
    assert_eq!(tried.len(), STEPS.len() + 1, "those that failed are found by their name, too");
    house.assert_whole(&begun).await;
}

#[tokio::test]
async fn a_worker_that_dies_in_any_step_is_succeeded_by_another() {
    let house = House::new().await;
    for (number, step) in STEPS.into_iter().enumerate() {
        let slug = format!("crash-{number}");
        let hung = house.backend.plant_hang(step);
        let first = house.start_worker("first");
        let begun = house.sign_up(&slug).await.unwrap();
        hung.await.unwrap();
        drop(first);
        let _second = house.start_worker("second");
        assert_eq!(house.settled(begun.operation.id).await.status, OperationStatus::Succeeded, "{slug}");
        house.assert_whole(&begun).await;
    }
}

#[tokio::test]
async fn an_operation_that_kills_every_worker_is_taken_back() {
    let house = House::new().await;
    let begun = house.sign_up("killer").await.unwrap();
    for attempt in 0..5 {
        let hung = house.backend.plant_hang(Step::Start);
        let worker = house.start_worker(&format!("victim-{attempt}"));
        hung.await.unwrap();
        drop(worker);
        house.wait_until_lease_is_over(begun.operation.id).await;
    }
    let _last = house.start_worker("survivor");
    let operation = house.settled(begun.operation.id).await;
    assert_eq!(operation.status, OperationStatus::Failed);
    assert!(operation.error.unwrap().contains("its worker died"), "the reason is told");
    house.assert_absent(&begun).await;
}

#[tokio::test]
async fn what_cannot_be_taken_back_is_dead_until_an_operator_retries_it() {
    let house = House::new().await;
    let _worker = house.start_worker("worker");
    house.backend.plant(Step::Configure, Fault::Permanent);
    for _ in 0..5 {
        house.backend.plant(Step::Destroy, Fault::FailBefore);
    }
    let begun = house.sign_up("stuck").await.unwrap();
    assert_eq!(house.settled(begun.operation.id).await.status, OperationStatus::Dead);
    assert!(house.backend.is_there(&begun.slug), "nothing is forgotten while something is there");
    assert!(
        matches!(house.sign_up("stuck").await, Err(UseCaseError::Taken { .. })),
        "the name stays taken while something of it is there"
    );

    operations::retry(&house.control_plane, &Actor::system(), begun.operation.id).await.unwrap();
    assert_eq!(house.settled(begun.operation.id).await.status, OperationStatus::Failed);
    house.assert_absent(&begun).await;
}

#[tokio::test]
async fn a_cancelled_sign_up_leaves_nothing() {
    let house = House::new().await;
    let hung = house.backend.plant_hang(Step::Start);
    let _worker = house.start_worker("worker");
    let begun = house.sign_up("regretted").await.unwrap();
    hung.await.unwrap();
    operations::cancel(&house.control_plane, &Actor::system(), begun.operation.id).await.unwrap();
    house.backend.let_go();
    assert_eq!(house.settled(begun.operation.id).await.status, OperationStatus::Canceled);
    house.assert_absent(&begun).await;
    let again = operations::cancel(&house.control_plane, &Actor::system(), begun.operation.id).await;
    assert!(matches!(again, Err(UseCaseError::Conflict(_))));
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_changes_nothing_any_more() {
    let house = House::new().await;
    let hung = house.backend.plant_hang(Step::Configure);
    let _slow = house.start_worker("slow");
    let begun = house.sign_up("contested").await.unwrap();
    hung.await.unwrap();
    // As if the slow worker had slept through its lease and another had taken over.
    house.give_lease_to(begun.operation.id, "other").await;
    house.backend.let_go();
    tokio::time::timeout(Duration::from_millis(600), house.settled(begun.operation.id))
        .await
        .expect_err("the slow worker must not end the other one's operation");
    assert_eq!(house.lifecycle(&begun).await.as_deref(), Some("provisioning"));
}

#[tokio::test]
async fn an_instance_that_cannot_be_seen_is_not_touched() {
    let house = House::new().await;
    let hung = house.backend.plant_hang(Step::Start);
    let first = house.start_worker("first");
    let begun = house.sign_up("foggy").await.unwrap();
    hung.await.unwrap();
    drop(first);
    house.backend.set_fog(true);
    let calls = house.backend.calls();
    let _second = house.start_worker("second");
    house.wait_for_error(begun.operation.id, "can't tell what is there").await;
    house.wait_until_looked_at(begun.operation.id, 7).await;
    assert_eq!(house.backend.calls(), calls, "no step was run, however often it was looked at");
    house.backend.set_fog(false);
    assert_eq!(house.settled(begun.operation.id).await.status, OperationStatus::Succeeded);
    house.assert_whole(&begun).await;
}

#[tokio::test]
async fn two_workers_share_many_sign_ups_and_each_is_done_once() {
    let house = House::new().await;
    let _workers = [house.start_worker("one"), house.start_worker("two")];
    let mut begun = Vec::new();
    for number in 0..20 {
        begun.push(house.sign_up(&format!("many-{number}")).await.unwrap());
    }
    for begun in &begun {
        assert_eq!(house.settled(begun.operation.id).await.status, OperationStatus::Succeeded);
        house.assert_whole(begun).await;
    }
    assert_eq!(house.backend.created(), 20, "no instance was made twice");
}

#[tokio::test]
async fn a_removed_customer_leaves_a_tombstone_and_no_secret() {
    let house = House::new().await;
    let _worker = house.start_worker("worker");
    let begun = house.sign_up("leaving").await.unwrap();
    house.settled(begun.operation.id).await;
    let remove =
        async |if_match| removal::remove(&house.control_plane, &Actor::system(), "leaving", if_match).await;
    assert!(matches!(remove(Some("\"another version\"")).await, Err(UseCaseError::Stale(_))));
    assert_eq!(house.lifecycle(&begun).await.as_deref(), Some("ready"));
    let removal = remove(None).await.unwrap();
    assert_eq!(house.settled(removal.id).await.status, OperationStatus::Succeeded);
    assert_eq!(house.lifecycle(&begun).await.as_deref(), Some("deleted"));
    assert!(!house.backend.is_there(&begun.slug));
    assert_eq!(house.secrets_of(&begun).await, 0);
    assert!(matches!(house.sign_up("leaving").await, Err(UseCaseError::Taken { .. })));
    let values = house.old_values(&begun, "customer_deleted").await;
    assert_eq!((&values["company_name"], &values["subscription_plan"]), (&json!("leaving"), &json!("pro")));
    assert_eq!(values["modules"].as_array().unwrap().len(), 4);
}
