//! How often the network is crossed: the organization is entered in the same round trip as the query.
//!
//! All answers of the database are held back. What has left for it then was sent without waiting for any of them.

use std::time::Duration;

use customer_db::RouterConfig;
use testkit::{PostgresTap, postgres_tap, wait_for};
use uuid::Uuid;

use crate::support::{TestCustomer, config, customer_with};

const LIMIT: Duration = Duration::from_secs(20);
const INSERT: &str = "insert into contacts (first_name) values ($1) returning org_id";
const READ: &str = "select first_name, org_id from contacts where first_name = $1";

/// A customer who is reached over one connection, which is listened to.
async fn tapped() -> (TestCustomer, PostgresTap) {
    let customer = customer_with(RouterConfig { max_connections_per_customer: 1, ..config() }).await;
    let tap = postgres_tap(customer.database.port()).await;
    customer.directory.adjust(customer.id, |endpoint| {
        endpoint.port = tap.port();
        endpoint.ca_certificate = None;
    });
    customer.databases.forget(customer.id);
    (customer, tap)
}

async fn insert(customer: &TestCustomer, name: &str) {
    let mut session = customer.databases.begin(customer.id, Some(customer.second)).await.unwrap();
    session.query(INSERT, &[&name]).await.unwrap();
    session.commit().await.unwrap();
}

async fn asked(tap: &PostgresTap, kinds: &str) {
    wait_for(&format!("{kinds} to be asked"), LIMIT, async || tap.kinds().len() >= kinds.len()).await;
    assert_eq!(tap.kinds(), kinds);
}

#[tokio::test]
async fn a_read_enters_the_organization_and_reads_in_one_round_trip() {
    let (customer, tap) = tapped().await;
    insert(&customer, "Ann").await;
    for is_brief in [false, true] {
        let (databases, id, organization) = (customer.databases.clone(), customer.id, customer.second);
        let read = move || {
            let databases = databases.clone();
            async move {
                if is_brief {
                    return databases.read_briefly(id, Some(organization), READ, &[&"Ann"]).await;
                }
                let session = databases.begin(id, Some(organization)).await?;
                session.query_and_commit(READ, &[&"Ann"]).await
            }
        };
        // A statement is prepared once for each connection.
        assert_eq!(read().await.unwrap().len(), 1);
        tap.hold();
        let reading = tokio::spawn(read());
        asked(&tap, "BES").await;
        assert!(tap.asked()[0].holds(organization.uuid().as_bytes()), "it says which organization");
        assert!(!reading.is_finished());
        tap.release();
        let rows = reading.await.unwrap().unwrap();
        assert_eq!((rows.len(), rows[0].get::<_, Uuid>(1)), (1, organization.uuid()));
        assert_eq!(tap.kinds(), "BES", "and nothing else was asked");
    }
}

#[tokio::test]
async fn a_write_enters_the_organization_and_writes_in_one_round_trip() {
    let (customer, tap) = tapped().await;
    insert(&customer, "Ann").await;
    let organization = customer.second;
    let mut session = customer.databases.begin(customer.id, Some(organization)).await.unwrap();
    tap.hold();
    let writing = tokio::spawn(async move {
        let rows = session.query(INSERT, &[&"Bea"]).await.unwrap();
        (session, rows[0].get::<_, Uuid>(0))
    });
    // The transaction's beginning, the organization, the statement.
    asked(&tap, "QBESBES").await;
    let sent = tap.asked();
    assert!(sent[0].holds(b"begin"), "{:?}", sent[0]);
    assert!(sent[1].holds(organization.uuid().as_bytes()) && sent[4].holds(b"Bea"), "{sent:?}");
    assert!(!writing.is_finished());
    tap.release();
    let (session, written_to) = writing.await.unwrap();
    assert_eq!(written_to, organization.uuid());
    // The last statement and the end of the transaction: another one.
    tap.hold();
    let ending = tokio::spawn(session.query_and_commit(INSERT, &[&"Cleo"]));
    asked(&tap, "BESQ").await;
    assert!(tap.asked()[3].holds(b"commit"));
    tap.release();
    assert_eq!(ending.await.unwrap().unwrap().len(), 1);
    for name in ["Bea", "Cleo"] {
        let read = customer.databases.read_briefly(customer.id, Some(organization), READ, &[&name]).await;
        assert_eq!(read.unwrap().len(), 1, "{name}");
    }
}
