//! Rotating a customer's data key.

use std::time::Duration;

use ::jobs::{Job as _, JobContext, JobOutcome};
use customers::secret_keys::{self, Whose};
use customers::{Actor, ControlPlane, UseCaseError};
use data_keys::{RotateDataKey, remove_superseded};
use domain::JobId;
use secrets::SecretString;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::house::{House, place, ring};

async fn rotate(house: &House, whose: Whose<'_>) {
    let control_plane = ControlPlane::new(house.catalog.clone(), house.ring.clone());
    let rotation = secret_keys::rotate_data_key(&control_plane, &Actor::system(), whose).await.unwrap();
    let again = secret_keys::rotate_data_key(&control_plane, &Actor::system(), whose).await;
    assert!(matches!(again, Err(UseCaseError::Conflict(_))), "{again:?}");
    let job = RotateDataKey::new(house.catalog.clone(), house.ring.clone());
    let context = JobContext {
        id: JobId::generate(),
        attempt: 1,
        max_attempts: 10,
        stopping: CancellationToken::new(),
    };
    // Twice, as after a crash.
    for _ in 0..2 {
        let outcome = job.run(json!({ "rotation_id": rotation.id }), &context).await;
        assert_eq!(outcome, Ok(JobOutcome::Done));
    }
    let ended = secret_keys::rotation(&control_plane, &Actor::system(), rotation.id).await.unwrap();
    assert_eq!((ended.status.as_str(), ended.failed, ended.done), ("succeeded", 0, ended.total));
}

#[tokio::test]
async fn all_of_a_customers_secrets_are_sealed_anew_and_nobody_elses() {
    let house = House::new().await;
    let (acme, beta) = (house.customer("acme").await, house.customer("beta").await);
    let sealed = async |customer: domain::CustomerId| -> Vec<String> {
        let client = house.database.connect().await;
        let sql = "select password_encrypted from admin_database_credentials where customer_id = $1 union all
                   select database_password_encrypted from admin_customers where id = $1";
        client.query(sql, &[&customer.uuid()]).await.unwrap().iter().map(|row| row.get(0)).collect()
    };
    let (acme_before, beta_before) = (sealed(acme).await, sealed(beta).await);
    rotate(&house, Whose::Customer("acme")).await;
    let after = sealed(acme).await;
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|text| text.starts_with("v1.data2.")), "{after:?}");
    assert_eq!(sealed(beta).await, beta_before);
    assert_eq!(house.open_password(&ring(&[&house.old]), acme).await.unwrap(), "password of acme");

    // A server that read before the rotation still opens what it has: the old version is there for a while.
    let client = house.catalog.client().await.unwrap();
    assert!(data_keys::for_sealed(&client, &house.ring, Some(acme), &acme_before[0]).await.is_ok());
    let stop = CancellationToken::new();
    assert_eq!(
        remove_superseded(&house.catalog, &house.ring, Duration::from_secs(3600), &stop).await.unwrap(),
        0
    );
    // One who took the old key before the rotation writes only now: that is sealed anew before the key goes.
    let old =
        data_keys::for_sealed(&client, &ring(&[&house.old]), Some(acme), &acme_before[0]).await.unwrap();
    let row: Uuid = client
        .query_one("select id from admin_database_credentials where customer_id = $1", &[&acme.uuid()])
        .await
        .unwrap()
        .get(0);
    let late = old.seal(place(row, acme), &SecretString::from("late")).unwrap();
    let update = "update admin_database_credentials set password_encrypted = $2 where id = $1";
    client.execute(update, &[&row, &late]).await.unwrap();
    assert_eq!(remove_superseded(&house.catalog, &house.ring, Duration::ZERO, &stop).await.unwrap(), 1);
    assert_eq!(house.open_password(&ring(&[&house.old]), acme).await.unwrap(), "late");
    assert!(data_keys::for_sealed(&client, &house.ring, Some(acme), &acme_before[0]).await.is_err());
    let versions = format!("select count(*) from admin_data_keys where customer_id = '{acme}'");
    assert_eq!(house.count(&versions).await, 1);
}

#[tokio::test]
async fn a_version_that_something_unopened_needs_is_not_destroyed() {
    let house = House::new().await;
    let (acme, beta) = (house.customer("acme").await, house.customer("beta").await);
    // Moved from another customer: it never opens.
    let moved = format!(
        "update admin_customers set database_password_encrypted =
             (select database_password_encrypted from admin_customers where id = '{beta}') where id = '{acme}'"
    );
    house.database.connect().await.batch_execute(&moved).await.unwrap();
    let control_plane = ControlPlane::new(house.catalog.clone(), house.ring.clone());
    let whose = Whose::Customer("acme");
    let rotation = secret_keys::rotate_data_key(&control_plane, &Actor::system(), whose).await.unwrap();
    let job = RotateDataKey::new(house.catalog.clone(), house.ring.clone());
    let stopping = CancellationToken::new();
    let context =
        JobContext { id: JobId::generate(), attempt: 1, max_attempts: 10, stopping: stopping.clone() };
    job.run(json!({ "rotation_id": rotation.id }), &context).await.unwrap();
    let ended = secret_keys::rotation(&control_plane, &Actor::system(), rotation.id).await.unwrap();
    assert_eq!((ended.status.as_str(), ended.failed, ended.done), ("failed", 1, 1));
    assert!(ended.error.unwrap().contains("admin_customers.database_password_encrypted"));
    assert_eq!(remove_superseded(&house.catalog, &house.ring, Duration::ZERO, &stopping).await.unwrap(), 0);
}

#[tokio::test]
async fn the_platforms_own_secrets_are_sealed_anew() {
    let house = House::new().await;
    let client = house.catalog.client().await.unwrap();
    const PLACE: &str = "admin_idempotency_keys.response_body_sealed";
    let row = Uuid::now_v7();
    let seal = data_keys::platform_seal(&client, &house.ring, PLACE).await.unwrap();
    let sealed = seal.seal(row, &SecretString::from("sk_x")).unwrap();
    let insert = "insert into admin_idempotency_keys
            (id, scope_hash, operator, method, path, idempotency_key, fingerprint, lease_expires_at, response_status,
             response_body_sealed)
        values ($1, repeat('a', 64), 'o', 'POST', '/', 'k', repeat('b', 64), now(), 200, $2)";
    client.execute(insert, &[&row, &sealed]).await.unwrap();
    rotate(&house, Whose::Platform).await;
    let select = "select response_body_sealed from admin_idempotency_keys";
    let after: String = client.query_one(select, &[]).await.unwrap().get(0);
    assert!(after.starts_with("v1.data2."), "{after}");
    let seal = data_keys::platform_seal_for(&client, &house.ring, PLACE, &after).await.unwrap();
    assert!(seal.open(row, &after).is_ok());
}

/// A column that is sealed and that no rotation visits would be lost with the old key.
#[tokio::test]
async fn every_sealed_column_is_visited() {
    let house = House::new().await;
    let sql = "select table_name || '.' || column_name from information_schema.columns
               where table_schema = 'public' and table_name like 'admin\\_%'
                 and (column_name like '%\\_encrypted' or column_name like '%\\_sealed')
                 and table_name not in (select table_name from information_schema.views)
               order by 1";
    let rows = house.database.connect().await.query(sql, &[]).await.unwrap();
    let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let mut visited: Vec<_> = catalog::sealed_places::ALL.iter().map(|place| place.name.to_owned()).collect();
    visited.sort();
    assert_eq!(found, visited);
    for place in catalog::sealed_places::ALL {
        assert_eq!(place.name, format!("{}.{}", place.table, place.column));
    }
}
