//! The customers' own databases are told who their people are.

use jobs::{Job as _, JobOutcome};
use serde_json::{Value, json};

use crate::house::{House, context, member, organization, user};

async fn settled() -> House {
    let house = House::new().await;
    house.tell("msg_1", &organization("created", "org_1", "Acme", 0)).await;
    house.tell("msg_2", &user("created", "user_1", "Ada", 1)).await;
    house.tell("msg_3", &member("created", ("org_1", "user_1"), "org:admin", 2)).await;
    house
}

async fn unsynced(house: &House) -> i64 {
    house.value("select count(*) from admin_clerk_memberships where synced_version < version").await
}

#[tokio::test]
async fn people_are_told_of_when_the_database_is_there_and_after_it_was_away() {
    let house = settled().await;
    let payload = json!({ "clerk_org_id": "org_1" });
    assert!(matches!(house.sync.run(payload.clone(), &context()).await, Ok(JobOutcome::Later(_))));
    house.ready().await;
    *house.people.is_away.lock().unwrap() = true;
    assert!(house.sync.run(payload.clone(), &context()).await.is_err());
    assert_eq!(unsynced(&house).await, 1);
    *house.people.is_away.lock().unwrap() = false;
    assert_eq!(house.sync.run(payload.clone(), &context()).await, Ok(JobOutcome::Done));
    assert_eq!(unsynced(&house).await, 0);
    let known = house.people.known.lock().unwrap().values().next().cloned().unwrap();
    assert_eq!(
        (known.name.as_deref(), known.role.as_str(), known.is_member),
        (Some("Ada"), "org:admin", true)
    );
    // A change of the person, and the end of the membership.
    house.tell("msg_4", &user("updated", "user_1", "Adele", 3)).await;
    assert_eq!(unsynced(&house).await, 1);
    house.tell("msg_5", &member("deleted", ("org_1", "user_1"), "org:admin", 4)).await;
    house.work().await;
    let known = house.people.known.lock().unwrap().values().next().cloned().unwrap();
    assert_eq!((known.name.as_deref(), known.is_member), (Some("Adele"), false));
}

#[tokio::test]
async fn a_person_goes_to_the_customer_of_the_organization_and_to_no_other() {
    let house = settled().await;
    house.tell("msg_4", &organization("created", "org_2", "Globex", 0)).await;
    house.ready().await;
    house.scan.run(Value::Null, &context()).await.unwrap();
    house.work().await;
    let globex: uuid::Uuid = house.value("select id from admin_customers where clerk_org_id = 'org_2'").await;
    let known = house.people.known.lock().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(known.len(), 1);
    assert_ne!(known[0].0.uuid(), globex);
}

#[tokio::test]
async fn whom_a_database_does_not_take_is_noted_and_keeps_nobody_else_out() {
    let house = settled().await;
    house.ready().await;
    let nameless =
        json!({ "type": "user.created", "timestamp": 1_700_000_003_000_i64, "data": { "id": "user_0" } });
    house.tell("msg_4", &nameless).await;
    house.tell("msg_5", &member("created", ("org_1", "user_0"), "org:member", 4)).await;
    house.work().await;
    assert_eq!(unsynced(&house).await, 0);
    assert_eq!(house.people.known.lock().unwrap().len(), 1);
    let error: String =
        house.value("select sync_error from admin_clerk_memberships where clerk_user_id = 'user_0'").await;
    assert_eq!(error, "no address");
}
