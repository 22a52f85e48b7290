//! Rotating the master key.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ::jobs::{Job as _, JobContext, JobOutcome};
use catalog::{data_keys as rows, jobs, key_rotations};
use customers::{Actor, ControlPlane, UseCaseError, secret_keys};
use data_keys::RotateMasterKey;
use domain::JobId;
use secrets::{MasterKey, SecretString};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::house::{House, ring};

fn context(stopping: CancellationToken) -> JobContext {
    JobContext { id: JobId::generate(), attempt: 1, max_attempts: 10, stopping }
}

/// The bar: a thousand customers, and secrets opened all the while by processes that have nothing in memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_customers_are_rotated_while_secrets_are_opened_and_none_fails() {
    let house = Arc::new(House::new().await);
    let mut customers = Vec::new();
    for number in 0..1000 {
        customers.push(house.customer(&format!("c{number}")).await);
    }
    let control_plane = ControlPlane::new(house.catalog.clone(), house.ring.clone());
    let (stop, opened) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut requests = Vec::new();
    for number in 0..4 {
        let (house, stop, opened) = (Arc::clone(&house), Arc::clone(&stop), Arc::clone(&opened));
        let customers = customers.clone();
        requests.push(tokio::spawn(async move {
            let mut failures = Vec::new();
            let mut position = number * 250;
            while !stop.load(Ordering::SeqCst) {
                // A ring of its own each time: nothing is remembered, so that what is stored has to open.
                let cold = ring(&[&house.old, &house.new]);
                position = (position + 1) % customers.len();
                match house.open_password(&cold, customers[position]).await {
                    Ok(password) => assert_eq!(password, format!("password of c{position}")),
                    Err(error) => failures.push(error),
                }
                opened.fetch_add(1, Ordering::SeqCst);
            }
            failures
        }));
    }
    let before = opened.load(Ordering::SeqCst);
    let rotation = secret_keys::rotate_master_key(&control_plane, &Actor::system(), None).await.unwrap();
    assert_eq!(rotation.total, 1000);
    let job = RotateMasterKey::new(house.catalog.clone(), house.ring.clone());
    let payload = json!({ "rotation_id": rotation.id });
    assert_eq!(job.run(payload, &context(CancellationToken::new())).await, Ok(JobOutcome::Done));
    let during = opened.load(Ordering::SeqCst) - before;
    stop.store(true, Ordering::SeqCst);
    let mut failures = Vec::new();
    for request in requests {
        failures.append(&mut request.await.unwrap());
    }
    assert_eq!(failures, Vec::<String>::new());
    assert!(during > 0, "nothing was opened while the key was rotated");

    let client = house.catalog.client().await.unwrap();
    assert_eq!(rows::count_not_wrapped_by(&client, house.new.id()).await.unwrap(), 0);
    let ended = secret_keys::rotation(&control_plane, &Actor::system(), rotation.id).await.unwrap();
    assert_eq!((ended.status.as_str(), ended.done, ended.failed), ("succeeded", 1000, 0));
    // The old key isn't needed any more: a process that has only the new one opens everything.
    secret_keys::retire(&control_plane, &Actor::system(), house.old.id()).await.unwrap();
    let only_new = ring(&[&house.new]);
    for customer in customers {
        house.open_password(&only_new, customer).await.unwrap();
    }
}

#[tokio::test]
async fn a_rotation_that_was_interrupted_goes_on_where_it_was() {
    let house = House::new().await;
    for number in 0..150 {
        house.customer(&format!("c{number}")).await;
    }
    let control_plane = ControlPlane::new(house.catalog.clone(), house.ring.clone());
    let rotation = secret_keys::rotate_master_key(&control_plane, &Actor::system(), None).await.unwrap();
    let job = RotateMasterKey::new(house.catalog.clone(), house.ring.clone());
    let payload = json!({ "rotation_id": rotation.id });
    let stopping = CancellationToken::new();
    stopping.cancel();
    // It ends after its first batch, and says how far it is.
    let outcome = job.run(payload.clone(), &context(stopping)).await.unwrap();
    assert!(matches!(outcome, JobOutcome::Later(_)));
    let half = secret_keys::rotation(&control_plane, &Actor::system(), rotation.id).await.unwrap();
    assert_eq!((half.status.as_str(), half.total, half.done), ("running", 150, 100));
    let refused = secret_keys::retire(&control_plane, &Actor::system(), house.old.id()).await.unwrap_err();
    assert!(refused.to_string().contains("still wraps 50 data keys"), "{refused}");
    let second = secret_keys::rotate_master_key(&control_plane, &Actor::system(), Some(house.old.id())).await;
    assert!(matches!(second, Err(UseCaseError::Conflict(_))), "{second:?}");
    // What is done twice changes nothing.
    for _ in 0..2 {
        assert_eq!(job.run(payload.clone(), &context(CancellationToken::new())).await, Ok(JobOutcome::Done));
    }
    let ended = secret_keys::rotation(&control_plane, &Actor::system(), rotation.id).await.unwrap();
    assert_eq!((ended.status.as_str(), ended.done), ("succeeded", 150));
    // It was asked for in the same transaction as the job that does it.
    let client = house.catalog.client().await.unwrap();
    let queued = jobs::list(&client, &jobs::JobFilter::default(), 10).await.unwrap();
    assert_eq!(queued.iter().filter(|job| job.kind == RotateMasterKey::KIND).count(), 1);
}

#[tokio::test]
async fn a_key_is_retired_when_nothing_uses_it_and_never_before() {
    let house = House::new().await;
    house.customer("acme").await;
    let control_plane = ControlPlane::new(house.catalog.clone(), house.ring.clone());
    let actor = Actor::system();
    let active = secret_keys::retire(&control_plane, &actor, house.old.id()).await.unwrap_err();
    assert!(active.to_string().contains("is the active one"), "{active}");
    let unknown = secret_keys::retire(&control_plane, &actor, "feedbeef").await;
    assert!(matches!(unknown, Err(UseCaseError::NotFound(_))));
    let stranger = MasterKey::generate();
    let refused = secret_keys::rotate_master_key(&control_plane, &actor, Some(stranger.id())).await;
    assert!(matches!(refused, Err(UseCaseError::Invalid(_))), "{refused:?}");

    let rotation = secret_keys::rotate_master_key(&control_plane, &actor, None).await.unwrap();
    let job = RotateMasterKey::new(house.catalog.clone(), house.ring.clone());
    job.run(json!({ "rotation_id": rotation.id }), &context(CancellationToken::new())).await.unwrap();
    let retired = secret_keys::retire(&control_plane, &actor, house.old.id()).await.unwrap();
    assert_eq!(retired.state, "retired");
    let back = secret_keys::rotate_master_key(&control_plane, &actor, Some(house.old.id())).await;
    assert!(matches!(back, Err(UseCaseError::Invalid(_))), "{back:?}");
    // Not even past the use cases does anything come under it again.
    let past = house
        .database
        .connect()
        .await
        .execute("update admin_data_keys set wrapped_key = 'v1.' || $1 || '.AAAA'", &[&house.old.id()])
        .await
        .unwrap_err();
    assert_eq!(past.as_db_error().unwrap().constraint(), Some("admin_data_keys_master_key_retired"));
    let audited =
        "select count(*) from admin_audit_logs where action in ('master_key_rotated', 'master_key_retired')";
    assert_eq!(house.count(audited).await, 2);
}

#[tokio::test]
async fn a_data_key_that_does_not_open_is_told_and_holds_nobody_up() {
    let house = House::new().await;
    let customer = house.customer("acme").await;
    house.customer("beta").await;
    let control_plane = ControlPlane::new(house.catalog.clone(), house.ring.clone());
    let spoil = format!(
        "update admin_data_keys set wrapped_key = (select wrapped_key from admin_data_keys where customer_id <> '{customer}')
         where customer_id = '{customer}'"
    );
    house.database.connect().await.batch_execute(&spoil).await.unwrap();
    let rotation = secret_keys::rotate_master_key(&control_plane, &Actor::system(), None).await.unwrap();
    let job = RotateMasterKey::new(house.catalog.clone(), house.ring.clone());
    job.run(json!({ "rotation_id": rotation.id }), &context(CancellationToken::new())).await.unwrap();
    let ended = secret_keys::rotation(&control_plane, &Actor::system(), rotation.id).await.unwrap();
    assert_eq!((ended.status.as_str(), ended.done, ended.failed), ("failed", 1, 1));
    assert!(ended.error.unwrap().contains(&customer.to_string()));
    assert!(secret_keys::retire(&control_plane, &Actor::system(), house.old.id()).await.is_err());
}

#[tokio::test]
async fn a_rotation_waits_for_a_worker_that_has_the_key() {
    let house = House::new().await;
    house.customer("acme").await;
    let control_plane = ControlPlane::new(house.catalog.clone(), house.ring.clone());
    let rotation = secret_keys::rotate_master_key(&control_plane, &Actor::system(), None).await.unwrap();
    let behind = RotateMasterKey::new(house.catalog.clone(), ring(&[&house.old]));
    let payload: Value = json!({ "rotation_id": rotation.id });
    let outcome = behind.run(payload.clone(), &context(CancellationToken::new())).await.unwrap();
    assert!(matches!(outcome, JobOutcome::Later(_)));
    let client = house.catalog.client().await.unwrap();
    let waiting = key_rotations::get(&client, rotation.id).await.unwrap().unwrap();
    assert!(waiting.error.unwrap().contains(house.new.id()));
    let job = RotateMasterKey::new(house.catalog.clone(), house.ring.clone());
    assert_eq!(job.run(payload, &context(CancellationToken::new())).await, Ok(JobOutcome::Done));
    let ended = key_rotations::get(&client, rotation.id).await.unwrap().unwrap();
    assert_eq!((ended.status.as_str(), ended.error), ("succeeded", None));
}

#[tokio::test]
async fn the_platform_has_a_data_key_that_is_rotated_with_the_others() {
    let house = House::new().await;
    let client = house.catalog.client().await.unwrap();
    const PLACE: &str = "admin_idempotency_keys.response_body_sealed";
    let row = uuid::Uuid::now_v7();
    // Two servers that need it at the same time make one.
    let (one, other) = tokio::join!(
        data_keys::platform_seal(&client, &house.ring, PLACE),
        data_keys::platform_seal(&client, &house.ring, PLACE)
    );
    let sealed = one.unwrap().seal(row, &SecretString::from("sk_x")).unwrap();
    assert!(other.unwrap().open(row, &sealed).is_ok());
    let control_plane = ControlPlane::new(house.catalog.clone(), house.ring.clone());
    let rotation = secret_keys::rotate_master_key(&control_plane, &Actor::system(), None).await.unwrap();
    let job = RotateMasterKey::new(house.catalog.clone(), house.ring.clone());
    job.run(json!({ "rotation_id": rotation.id }), &context(CancellationToken::new())).await.unwrap();
    let seal = data_keys::platform_seal_for(&client, &ring(&[&house.new]), PLACE, &sealed).await.unwrap();
    assert!(seal.open(row, &sealed).is_ok());
}
