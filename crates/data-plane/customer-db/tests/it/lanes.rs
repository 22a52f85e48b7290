//! Short reads that share connections: each sees its own, and nobody else is kept waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use customer_db::{CustomerDatabases, Error, RouterConfig};
use domain::OrganizationId;
use tokio::task::JoinSet;

use crate::support::{TestCustomer, TestDirectory, config, customer, customer_with};

const INSERT: &str = "insert into contacts (first_name) values ($1) returning org_id";
/// Who one is: the organization, the database, and what is seen of the contacts.
const WHO: &str = "select current_setting('app.org_id'), current_database()::text, \
                   (select coalesce(string_agg(distinct first_name, ','), '') from contacts), $1::text";

/// A contact in each organization, by the name of its organization.
async fn fill(customer: &TestCustomer) {
    for organization in [customer.first, customer.second] {
        let mut session = customer.databases.begin(customer.id, Some(organization)).await.unwrap();
        session.query(INSERT, &[&organization.to_string()]).await.unwrap();
        session.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn short_reads_of_many_organizations_and_customers_each_see_their_own() {
    let customers = [customer().await, customer().await];
    let directory = TestDirectory::new();
    for customer in &customers {
        fill(customer).await;
        directory.place(customer.id, &customer.database);
    }
    let databases = CustomerDatabases::new(config(), directory.clone(), directory.master_key());
    let mut requests = JoinSet::new();
    for number in 0..400 {
        let customer = &customers[number % 2];
        let (id, database) = (customer.id, customer.database.name().to_owned());
        let (asked, expected) = [
            (None, Some(customer.first)),
            (Some(customer.first), Some(customer.first)),
            (Some(customer.second), Some(customer.second)),
            // Another customer's, and nobody's.
            (Some(customers[(number + 1) % 2].first), None),
            (Some(OrganizationId::generate()), None),
        ][number / 2 % 5];
        let databases = databases.clone();
        requests.spawn(async move {
            for round in 0..20 {
                let mark = format!("{number}-{round}");
                let outcome = databases.read_briefly(id, asked, WHO, &[&mark]).await;
                let Some(expected) = expected else {
                    assert!(matches!(outcome, Err(Error::UnknownOrganization)), "{outcome:?}");
                    continue;
                };
                let rows = outcome.unwrap();
                let seen: [String; 4] = std::array::from_fn(|column| rows[0].get(column));
                let organization = expected.to_string();
                assert_eq!(seen, [organization.clone(), database.clone(), organization, mark]);
            }
        });
    }
    requests.join_all().await;
    assert!(databases.connections() <= 2 * config().max_connections_per_customer);
    let snapshot = databases.snapshot();
    assert_eq!((snapshot.in_use, snapshot.waiting), (0, 0), "everything was given back");
}

#[tokio::test]
async fn a_short_read_that_is_dropped_at_any_point_harms_nobody() {
    let customer = customer_with(RouterConfig { max_connections_per_customer: 1, ..config() }).await;
    fill(&customer).await;
    let read = |organization| {
        let databases = customer.databases.clone();
        let id = customer.id;
        Box::pin(async move { databases.read_briefly(id, Some(organization), WHO, &[&"x"]).await })
    };
    for polls in 0..30 {
        let (mut dropped, mut kept) = (read(customer.second), read(customer.first));
        for _ in 0..polls {
            if futures_util::poll!(&mut dropped).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let first_poll = futures_util::poll!(&mut kept);
        drop(dropped);
        let rows = match first_poll {
            std::task::Poll::Ready(rows) => rows,
            std::task::Poll::Pending => kept.await,
        };
        assert_eq!(rows.unwrap()[0].get::<_, String>(0), customer.first.to_string(), "after {polls} polls");
    }
    let mut session = customer.databases.begin(customer.id, None).await.unwrap();
    session.query(INSERT, &[&"Ann"]).await.unwrap();
    session.commit().await.unwrap();
    assert_eq!(customer.databases.connections(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_gets_its_turn_while_short_reads_come_without_end() {
    for connections in [1, 2] {
        let config = RouterConfig { max_connections_per_customer: connections, ..config() };
        let customer = customer_with(config).await;
        let stop = Arc::new(AtomicBool::new(false));
        let mut readers = JoinSet::new();
        for _ in 0..12 {
            let (databases, id, stop) = (customer.databases.clone(), customer.id, Arc::clone(&stop));
            readers.spawn(async move {
                let mut reads = 0_usize;
                while !stop.load(Ordering::SeqCst) {
                    databases.read_briefly(id, None, WHO, &[&"x"]).await.unwrap();
                    reads += 1;
                }
                reads
            });
        }
        for _ in 0..10 {
            let mut session = customer.databases.begin(customer.id, None).await.unwrap();
            session.query(INSERT, &[&"Ann"]).await.unwrap();
            session.commit().await.unwrap();
        }
        stop.store(true, Ordering::SeqCst);
        let reads: usize = readers.join_all().await.into_iter().sum();
        assert!(reads >= 12, "{reads} reads beside ten writes");
        assert!(customer.databases.connections() <= connections);
    }
}
