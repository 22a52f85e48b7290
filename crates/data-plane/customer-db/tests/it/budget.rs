//! Many customers, few connections: the cap, the budget, the queue, and who is next.

use std::time::Duration;

use customer_db::{Busy, CustomerDatabases, Error, RouterConfig, Session, Snapshot};
use domain::CustomerId;
use testkit::wait_for;
use tokio::task::JoinSet;

use crate::support::{TestCustomer, TestDirectory, config, customer};

const COUNT: &str = "select count(*) from contacts";

/// Several customers on one router.
struct World {
    customers: Vec<TestCustomer>,
    databases: CustomerDatabases,
}

impl World {
    async fn new(customers: usize, config: RouterConfig) -> Self {
        let directory = TestDirectory::new();
        let mut all = Vec::new();
        for _ in 0..customers {
            let customer = customer().await;
            directory.place(customer.id, &customer.database);
            all.push(customer);
        }
        let databases = CustomerDatabases::new(config, directory.clone(), directory.master_key());
        Self { customers: all, databases }
    }

    fn id(&self, customer: usize) -> CustomerId {
        self.customers[customer].id
    }

    async fn begin(&self, customer: usize) -> Result<Session, Error> {
        self.databases.begin(self.id(customer), None).await
    }

    async fn hold(&self, customer: usize, count: usize) -> Vec<Session> {
        let mut held = Vec::new();
        for _ in 0..count {
            held.push(self.begin(customer).await.unwrap());
        }
        held
    }

    async fn read(&self, customer: usize) -> Result<(), Error> {
        self.begin(customer).await?.query_and_commit(COUNT, &[]).await.map(drop)
    }

    /// Requests that wait until they are served, and then say whose they were.
    async fn queue(&self, customer: usize, count: usize, waiting: &mut JoinSet<Result<usize, Error>>) {
        let before = self.snapshot().waiting;
        for _ in 0..count {
            let (databases, id) = (self.databases.clone(), self.id(customer));
            waiting.spawn(async move {
                databases.begin(id, None).await?.query_and_commit(COUNT, &[]).await.map(|_| customer)
            });
        }
        wait_for("the requests to wait", Duration::from_secs(10), || async {
            self.snapshot().waiting == before + count
        })
        .await;
    }

    fn snapshot(&self) -> Snapshot {
        self.databases.snapshot()
    }
}

fn tight() -> RouterConfig {
    RouterConfig {
        max_connections: 6,
        max_connections_per_customer: 3,
        max_waiting: 12,
        max_waiting_per_customer: 4,
        wait_timeout: Duration::from_secs(30),
        ..config()
    }
}

#[tokio::test]
async fn who_holds_and_waits_for_all_it_may_starves_nobody() {
    let world = World::new(2, tight()).await;
    let held = world.hold(0, 3).await;
    let mut waiting = JoinSet::new();
    world.queue(0, 4, &mut waiting).await;
    let error = world.begin(0).await.unwrap_err();
    assert!(matches!(error, Error::Busy(Busy::Queue)), "{error:?}");
    for _ in 0..20 {
        world.read(1).await.unwrap();
    }
    assert_eq!(world.snapshot().waiting, 4, "the other customer's requests were held up by nothing");
    drop(held);
    for outcome in waiting.join_all().await {
        outcome.unwrap();
    }
    assert_eq!(world.snapshot().refusals.queue, 1);
}

#[tokio::test]
async fn the_budget_is_kept_over_all_customers_and_idle_connections_give_way() {
    let world = World::new(3, tight()).await;
    for customer in [0, 1] {
        drop(world.hold(customer, 3).await);
    }
    assert_eq!((world.snapshot().connections, world.snapshot().idle), (6, 6));
    // The third customer finds the budget spent on connections that nobody uses.
    let held = world.hold(2, 3).await;
    let snapshot = world.snapshot();
    assert_eq!((snapshot.connections, snapshot.idle, snapshot.evicted), (6, 3, 3));
    let superuser = testkit::connect(&world.customers[0].database.superuser_url()).await;
    wait_for("PostgreSQL to see them go", Duration::from_secs(10), || async {
        // Other tests have databases on the same server.
        let sql = "select count(*) from pg_stat_activity where usename = $1 and datname = any($2)";
        let own: Vec<_> = world.customers.iter().map(|customer| customer.database.name()).collect();
        superuser.query_one(sql, &[&testkit::CUSTOMER_APP, &own]).await.unwrap().get::<_, i64>(0) <= 6
    })
    .await;
    // The second customer has what it used last; the first one has nothing left, and gets it when it asks.
    world.read(1).await.unwrap();
    assert_eq!(world.snapshot().evicted, 3);
    world.read(0).await.unwrap();
    assert_eq!(world.snapshot().evicted, 4);
    drop(held);
}

#[tokio::test]
async fn when_nothing_is_left_who_has_nothing_is_next() {
    let world = World::new(3, tight()).await;
    let mut held = world.hold(0, 3).await;
    held.extend(world.hold(1, 3).await);
    let mut waiting = JoinSet::new();
    world.queue(0, 4, &mut waiting).await;
    world.queue(1, 4, &mut waiting).await;
    world.queue(2, 1, &mut waiting).await;
    drop(held.remove(0));
    let first = waiting.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(first, 2, "the customer without a connection waited for those with three");
    drop(held);
    for outcome in waiting.join_all().await {
        outcome.unwrap();
    }
    assert!(world.snapshot().connections <= 6, "{:?}", world.snapshot());
}

#[tokio::test]
async fn a_refusal_names_its_cause() {
    let short = Duration::from_millis(50);
    let world = World::new(3, RouterConfig { wait_timeout: short, max_waiting: 2, ..tight() }).await;
    let mut held = world.hold(0, 3).await;
    let error = world.begin(0).await.unwrap_err();
    assert!(matches!(error, Error::Busy(Busy::Connections)), "{error:?}");
    held.extend(world.hold(1, 3).await);
    let error = world.begin(2).await.unwrap_err();
    assert!(matches!(error, Error::Busy(Busy::Budget)), "{error:?}");
    let (one, two, three) = tokio::join!(world.begin(0), world.begin(2), world.begin(1));
    assert!(matches!(one, Err(Error::Busy(Busy::Connections))), "{one:?}");
    assert!(matches!(two, Err(Error::Busy(Busy::Budget))), "{two:?}");
    assert!(matches!(three, Err(Error::Busy(Busy::Queue))), "over all customers: {three:?}");
    let refusals = world.snapshot().refusals;
    assert_eq!((refusals.connections, refusals.budget, refusals.queue), (2, 2, 1));
    drop(held);
    for customer in 0..3 {
        world.read(customer).await.unwrap();
    }
}

#[tokio::test]
async fn requests_that_go_away_leave_the_queue_and_the_accounts_in_order() {
    let world = World::new(2, tight()).await;
    let held = world.hold(0, 3).await;
    for _ in 0..10 {
        let mut waiting = JoinSet::new();
        world.queue(0, 4, &mut waiting).await;
        waiting.shutdown().await;
        assert_eq!(world.snapshot().waiting, 0);
    }
    // Some go away just as they are served.
    let mut waiting = JoinSet::new();
    world.queue(0, 4, &mut waiting).await;
    drop(held);
    waiting.shutdown().await;
    wait_for("what was left behind to be cleared up", Duration::from_secs(10), || async {
        let snapshot = world.snapshot();
        (snapshot.in_use, snapshot.connecting, snapshot.waiting) == (0, 0, 0)
    })
    .await;
    drop(world.hold(0, 3).await);
    assert!(world.snapshot().connections <= 3);
}

#[tokio::test]
async fn an_abandoned_statement_is_ended_and_counts_until_then() {
    let world = World::new(1, RouterConfig { max_connections_per_customer: 1, ..tight() }).await;
    let mut session = world.begin(0).await.unwrap();
    let abandoned = tokio::spawn(async move { session.query("select pg_sleep(14)", &[]).await.map(drop) });
    let superuser = testkit::connect(&world.customers[0].database.superuser_url()).await;
    let running = async || -> i64 {
        let sql = "select count(*) from pg_stat_activity \
             where datname = current_database() and usename = $1 and state = 'active'";
        superuser.query_one(sql, &[&testkit::CUSTOMER_APP]).await.unwrap().get(0)
    };
    wait_for("the statement to run", Duration::from_secs(10), || async { running().await == 1 }).await;
    abandoned.abort();
    world.read(0).await.unwrap();
    assert_eq!(running().await, 0, "the abandoned statement runs on");
    assert_eq!(world.snapshot().connections, 1);
}

#[tokio::test]
async fn a_database_that_takes_fewer_connections_than_the_cap_serves_all_the_same() {
    let world = World::new(1, tight()).await;
    let name = world.customers[0].database.name();
    let superuser = testkit::connect(&world.customers[0].database.superuser_url()).await;
    // One of the two is this connection itself.
    superuser.batch_execute(&format!("alter database {name} connection limit 2")).await.unwrap();
    let mut held = world.hold(0, 1).await;
    let mut waiting = JoinSet::new();
    world.queue(0, 4, &mut waiting).await;
    held.clear();
    for outcome in waiting.join_all().await {
        outcome.unwrap();
    }
    assert_eq!(world.snapshot().connections, 1);
}
