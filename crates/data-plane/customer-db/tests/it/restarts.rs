//! Instances that are killed and started again, passwords that change, and a directory that is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use customer_db::{CustomerDatabases, Error, RouterConfig};
use domain::CustomerId;
use testkit::wait_for;
use tokio::task::JoinSet;

use crate::instance::Instance;
use crate::support::{TestDirectory, config, customer, customer_with};

const INSERT: &str = "insert into contacts (first_name) values ($1)";
const COUNT: &str = "select count(*) from contacts";

/// Requests that go on and on: reads, and writes of two statements.
struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    requests: JoinSet<Outcome>,
}

#[derive(Default)]
struct Outcome {
    committed: usize,
    /// When the failed requests began, and with what they ended.
    failed: Vec<(Instant, Error)>,
}

async fn read(databases: &CustomerDatabases, customer: CustomerId) -> Result<(), Error> {
    let session = databases.begin(customer, None).await?;
    session.query_and_commit(COUNT, &[]).await.map(drop)
}

async fn read_briefly(databases: &CustomerDatabases, customer: CustomerId) -> Result<(), Error> {
    databases.read_briefly(customer, None, COUNT, &[]).await.map(drop)
}

async fn write(databases: &CustomerDatabases, customer: CustomerId, name: &str) -> Result<(), Error> {
    let mut session = databases.begin(customer, None).await?;
    session.query(INSERT, &[&name]).await?;
    session.query_and_commit(INSERT, &[&name]).await.map(drop)
}

impl Load {
    fn start(databases: &CustomerDatabases, customer: CustomerId) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut requests = JoinSet::new();
        for number in 0..12 {
            let (databases, stop, done) = (databases.clone(), Arc::clone(&stop), Arc::clone(&done));
            requests.spawn(async move {
                let mut outcome = Outcome::default();
                for round in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    let begun = Instant::now();
                    let answer = match number % 4 {
                        0 => read(&databases, customer).await,
                        2 => read_briefly(&databases, customer).await,
                        _ => write(&databases, customer, &format!("{number}-{round}")).await,
                    };
                    match answer {
                        Ok(()) if number % 2 == 1 => outcome.committed += 1,
                        Ok(()) => {}
                        Err(error) => outcome.failed.push((begun, error)),
                    }
                    done.fetch_add(1, Ordering::SeqCst);
                }
                outcome
            });
        }
        Self { stop, done, requests }
    }

    /// Waits until as many more requests have been answered.
    async fn goes_on(&self, requests: usize) {
        let target = self.done.load(Ordering::SeqCst) + requests;
        wait_for("requests to be answered", Duration::from_secs(60), || async {
            self.done.load(Ordering::SeqCst) >= target
        })
        .await;
    }

    async fn end(self) -> Outcome {
        self.stop.store(true, Ordering::SeqCst);
        let mut all = Outcome::default();
        for outcome in self.requests.join_all().await {
            all.committed += outcome.committed;
            all.failed.extend(outcome.failed);
        }
        all
    }
}

/// A restart on a busy machine takes longer than the default wait.
fn patient() -> RouterConfig {
    RouterConfig { wait_timeout: Duration::from_secs(60), ..config() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_killed_or_restarted_fails_only_what_was_under_way() {
    let instance = Instance::start().await;
    let (directory, customer) = (TestDirectory::new(), CustomerId::generate());
    instance.place(&directory, customer, testkit::PASSWORD);
    let databases = CustomerDatabases::new(patient(), directory.clone(), directory.master_key());
    let load = Load::start(&databases, customer);
    load.goes_on(100).await;
    let mut outages = Vec::new();
    for killed in [true, false, true] {
        let begun = Instant::now();
        if killed {
            instance.kill().await;
        } else {
            instance.stop().await;
        }
        outages.push((begun, Instant::now()));
        instance.start_again().await;
        load.goes_on(100).await;
    }
    let outcome = load.end().await;
    for (begun, error) in &outcome.failed {
        // Writes whose first statement was answered before the end of the instance.
        let is_under_way = outages.iter().any(|(_, gone)| begun < gone);
        assert!(
            is_under_way && matches!(error, Error::Unavailable(_)),
            "{error:?} after {outages:?}: {begun:?}"
        );
    }
    assert!(outcome.failed.len() <= 6 * outages.len(), "{} failed", outcome.failed.len());
    // A write happens wholly or not at all, and never twice.
    let superuser = instance.superuser().await;
    let sql = "select count(*), count(distinct first_name), \
        count(*) filter (where (select count(*) from contacts c where c.first_name = contacts.first_name) <> 2) \
        from contacts";
    let row = superuser.query_one(sql, &[]).await.unwrap();
    let (rows, writes, wrong): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    assert_eq!((rows, wrong), (writes * 2, 0));
    let committed = i64::try_from(outcome.committed).unwrap();
    let failed = i64::try_from(outcome.failed.len()).unwrap();
    assert!((committed..=committed + failed).contains(&writes), "{writes} of {committed} and {failed}");
}

#[tokio::test]
async fn sessions_that_the_server_ends_are_not_noticed() {
    let customer = customer().await;
    let superuser = testkit::connect(&customer.database.superuser_url()).await;
    for _ in 0..20 {
        let (one, two) = (
            customer.databases.begin(customer.id, None).await.unwrap(),
            customer.databases.begin(customer.id, None).await.unwrap(),
        );
        // Both have a connection in hand, and it ends now.
        let sql = "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity \
             where datname = current_database() and usename = $1";
        superuser.query(sql, &[&testkit::CUSTOMER_APP]).await.unwrap();
        one.query_and_commit(COUNT, &[]).await.unwrap();
        let mut two = two;
        two.query(INSERT, &[&"once"]).await.unwrap();
        two.commit().await.unwrap();
    }
    let mut session = customer.databases.begin(customer.id, None).await.unwrap();
    let count: i64 = session.query_opt(COUNT, &[]).await.unwrap().unwrap().get(0);
    assert_eq!(count, 20);
    assert!(customer.databases.connections() <= 3, "{:?}", customer.databases.snapshot());
}

#[tokio::test]
async fn a_transaction_whose_connection_ends_in_the_middle_fails_and_leaves_nothing() {
    let customer = customer().await;
    let superuser = testkit::connect(&customer.database.superuser_url()).await;
    let mut session = customer.databases.begin(customer.id, None).await.unwrap();
    let row = session.query_opt("select pg_backend_pid()", &[]).await.unwrap().unwrap();
    session.query(INSERT, &[&"half"]).await.unwrap();
    superuser.query("select pg_terminate_backend($1, 5000)", &[&row.get::<_, i32>(0)]).await.unwrap();
    let error = session.query_and_commit(INSERT, &[&"done"]).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    let session = customer.databases.begin(customer.id, None).await.unwrap();
    assert_eq!(session.query_and_commit(COUNT, &[]).await.unwrap()[0].get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_changes_under_load_and_nobody_notices() {
    let instance = Instance::start().await;
    let (directory, customer) = (TestDirectory::new(), CustomerId::generate());
    instance.place(&directory, customer, testkit::PASSWORD);
    let databases = CustomerDatabases::new(patient(), directory.clone(), directory.master_key());
    let load = Load::start(&databases, customer);
    let superuser = instance.superuser().await;
    for round in 0..3 {
        load.goes_on(100).await;
        let password = format!("another_{round}");
        superuser
            .batch_execute(&format!("alter role {} password '{password}'", testkit::CUSTOMER_APP))
            .await
            .unwrap();
        // Everybody needs a new connection, while the directory knows the old password still.
        let before = directory.questions();
        databases.forget(customer);
        // It is asked once because the pool was forgotten, and again for every refused password.
        let asks = || async { directory.questions() > before + 3 };
        wait_for("connections to be refused", Duration::from_secs(30), asks).await;
        instance.place(&directory, customer, &password);
        databases.revalidate(customer);
    }
    load.goes_on(100).await;
    let outcome = load.end().await;
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
}

#[tokio::test]
async fn many_who_are_refused_share_their_questions() {
    let customer = customer_with(RouterConfig { max_connections_per_customer: 4, ..config() }).await;
    read(&customer.databases, customer.id).await.unwrap();
    let before = customer.directory.questions();
    // The database is at another port by now, and nobody has told.
    let proxy = testkit::fault_proxy(customer.database.port()).await;
    customer.directory.adjust(customer.id, |endpoint| endpoint.port = proxy.port());
    let old = testkit::fault_proxy(customer.database.port()).await;
    old.refuse();
    customer.databases.forget(customer.id);
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let (databases, id) = (customer.databases.clone(), customer.id);
        requests.spawn(async move { read(&databases, id).await });
    }
    for outcome in requests.join_all().await {
        outcome.unwrap();
    }
    let questions = customer.directory.questions() - before;
    assert!(questions <= 4, "{questions} questions for fifty requests");
}

#[tokio::test]
async fn a_known_customer_is_served_while_the_directory_is_away() {
    let config = RouterConfig { idle_timeout: Duration::from_millis(50), ..config() };
    let customer = customer_with(config).await;
    read(&customer.databases, customer.id).await.unwrap();
    customer.directory.set_away(true);
    for round in 0..3 {
        wait_for("the connection to be closed", Duration::from_secs(10), || async {
            customer.databases.connections() == 0
        })
        .await;
        read(&customer.databases, customer.id).await.unwrap_or_else(|error| panic!("round {round}: {error}"));
        customer.databases.revalidate(customer.id);
        customer.databases.revalidate_all();
        read(&customer.databases, customer.id).await.unwrap();
    }
    let error = customer.databases.begin(CustomerId::generate(), None).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn a_change_that_leaves_the_database_where_it_is_leaves_the_connections_alone() {
    let customer = customer().await;
    let pid = async || -> i32 {
        let session = customer.databases.begin(customer.id, None).await.unwrap();
        session.query_and_commit("select pg_backend_pid()", &[]).await.unwrap()[0].get(0)
    };
    let first = pid().await;
    let asked = customer.directory.questions();
    customer.databases.revalidate(customer.id);
    wait_for("the directory to be asked", Duration::from_secs(10), || async {
        customer.directory.questions() > asked
    })
    .await;
    customer.directory.place(customer.id, &customer.database);
    customer.databases.revalidate(customer.id);
    wait_for("the directory to be asked", Duration::from_secs(10), || async {
        customer.directory.questions() > asked + 1
    })
    .await;
    assert_eq!(pid().await, first, "the connection was given up");

    // Somewhere else: idle connections go at once, and those in use when their requests end.
    let mut session = customer.databases.begin(customer.id, None).await.unwrap();
    session.query(COUNT, &[]).await.unwrap();
    let proxy = testkit::fault_proxy(customer.database.port()).await;
    customer.directory.adjust(customer.id, |endpoint| endpoint.port = proxy.port());
    customer.databases.revalidate(customer.id);
    wait_for("the new place to be used", Duration::from_secs(10), || async { pid().await != first }).await;
    session.commit().await.unwrap();
    wait_for("the old connection to go", Duration::from_secs(10), || async {
        pid().await;
        customer.databases.connections() == 1
    })
    .await;
    // Nobody asks about a customer that this server doesn't serve.
    let asked = customer.directory.questions();
    customer.databases.revalidate(CustomerId::generate());
    tokio::task::yield_now().await;
    assert_eq!(customer.directory.questions(), asked);
}
