//! Passes that are killed at any point, and passes while the audit log takes nothing, with a real instance.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use catalog::CatalogConfig;
use domain::{CustomerId, InstanceId};
use postgres_server::certificate::{CertificatePolicy, Standing};
use postgres_server::connect::{RoleLogin, over_tls};
use provisioner_local::LocalConfig;
use provisioning::{DatabaseRoles, InstanceSpec, RoleCredential};
use secrets::SecretString;
use testkit::{AdminDatabase, Home, wait_for};

use super::*;

const HOST: &str = "localhost";
const LIMIT: Duration = Duration::from_secs(60);

/// As when the log's disk is full, or somebody took the right to write it.
const FULL: &str = "create function admin_no_audit() returns trigger language plpgsql as $$
        begin raise exception 'the audit log takes nothing'; end $$;
    create trigger admin_no_audit before insert on admin_audit_logs for each row execute function admin_no_audit()";
const MENDED: &str = "drop trigger admin_no_audit on admin_audit_logs; drop function admin_no_audit()";

struct House {
    database: AdminDatabase,
    catalog: Catalog,
    /// To whom no authority's time has come yet, and to whom every one's has.
    patient: LocalProvisioner,
    hasty: LocalProvisioner,
    spec: InstanceSpec,
    roles: DatabaseRoles,
    _home: Home,
}

async fn provisioner(home: &Home, overlap: Duration) -> LocalProvisioner {
    let certificates = CertificatePolicy { overlap, ..CertificatePolicy::default() };
    let pg_bin = Some(testkit::installation().bin_dir);
    let config = LocalConfig { certificates, pg_bin, ..LocalConfig::new(home.path().to_owned()) };
    LocalProvisioner::open(config).await.unwrap()
}

impl House {
    /// With one running instance, which every server knows.
    async fn new() -> Self {
        let (database, home) = (testkit::admin_database().await, testkit::home());
        let catalog = Catalog::connect(&CatalogConfig::new(database.url().into())).unwrap();
        let patient = provisioner(&home, CertificatePolicy::default().overlap).await;
        let hasty = provisioner(&home, Duration::ZERO).await;
        let spec = InstanceSpec {
            instance: InstanceId::generate(),
            customer: CustomerId::generate(),
            port: testkit::free_port(),
            database: "customer_acme".to_owned(),
            organization_name: "acme".to_owned(),
            timezone: "UTC".to_owned(),
        };
        let role = |name: &str| RoleCredential { name: name.to_owned(), password: SecretString::from("p") };
        let roles = DatabaseRoles { owner: role("acme_o"), app: role("acme_a"), readonly: role("acme_r") };
        patient.create(&spec).await.unwrap();
        patient.start(&spec).await.unwrap();
        let facts = patient.configure(&spec, &roles).await.unwrap();
        let client = database.connect().await;
        let customer = "insert into admin_customers (id, company_name) values ($1, 'Acme')";
        client.execute(customer, &[&spec.customer.uuid()]).await.unwrap();
        let instance = "insert into admin_instances (id, customer_id, backend, host, port, database_name, ca_certificate,
                 ready_at) values ($1, $2, $3, $4, $5, $6, $7, now())";
        let (id, customer, port) = (spec.instance.uuid(), spec.customer.uuid(), i32::from(spec.port));
        let backend = patient.backend();
        client
            .execute(
                instance,
                &[&id, &customer, &backend, &HOST, &port, &spec.database, &facts.ca_certificate],
            )
            .await
            .unwrap();
        Self { database, catalog, patient, hasty, spec, roles, _home: home }
    }

    async fn sql(&self, sql: &str) {
        self.database.connect().await.batch_execute(sql).await.unwrap();
    }

    /// What servers are told to trust.
    async fn published(&self) -> String {
        let sql = "select ca_certificate from admin_instances";
        self.database.connect().await.query_one(sql, &[]).await.unwrap().get(0)
    }

    async fn audited(&self) -> i64 {
        let sql = "select count(*) from admin_audit_logs where action = 'certificate_authorities_changed'";
        self.database.connect().await.query_one(sql, &[]).await.unwrap().get(0)
    }

    fn standings(&self) -> Vec<(String, Standing)> {
        let status = self.hasty.authority().status().unwrap();
        status.into_iter().map(|one| (one.name, one.standing)).collect()
    }

    /// A server that reads now what to trust comes in.
    async fn is_served(&self) {
        let published = self.published().await;
        let app = &self.roles.app;
        let login = RoleLogin {
            host: HOST,
            port: self.spec.port,
            database: &self.spec.database,
            role: &app.name,
            password: &app.password,
        };
        over_tls(&login, &published).await.unwrap().query_one("select 1", &[]).await.unwrap();
    }

    async fn pass(&self, provisioner: &LocalProvisioner) -> anyhow::Result<()> {
        super::pass(&self.catalog, provisioner, HOST).await
    }

    /// The pass of a worker that is killed where it waits for the so-manieth time: everything before has happened, nothing
    /// after. `None` when it was.
    async fn killed_pass(&self, provisioner: &LocalProvisioner, mut pauses: usize) -> Option<()> {
        let mut work = pin!(self.pass(provisioner));
        std::future::poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(outcome) => {
                outcome.unwrap();
                Poll::Ready(Some(()))
            }
            Poll::Pending if pauses == 0 => Poll::Ready(None),
            Poll::Pending => {
                pauses -= 1;
                Poll::Pending
            }
        })
        .await
    }

    /// Kills passes at every point until one comes through. How many were killed.
    async fn kill_at_every_point(&self, provisioner: &LocalProvisioner) -> usize {
        let mut kills = 0;
        while self.killed_pass(provisioner, kills).await.is_none() {
            kills += 1;
            self.is_served().await;
            let (published, standings) =
                (self.published().await.matches("BEGIN").count(), self.standings().len());
            assert!((1..=2).contains(&published) && (1..=2).contains(&standings));
            assert!(kills < 2_000, "it never comes through");
        }
        kills
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_is_killed_at_any_point_goes_on_and_nobody_is_turned_away() {
    let house = House::new().await;
    let first = house.published().await;
    let mut kills = house.kill_at_every_point(&house.patient).await;
    assert_eq!((house.published().await, house.audited().await), (first.clone(), 0));

    // It is announced: the list becomes longer, once, whatever is killed.
    assert!(house.patient.authority().introduce().unwrap());
    kills += house.kill_at_every_point(&house.patient).await;
    let both = house.published().await;
    assert_eq!((both.matches("BEGIN").count(), house.audited().await), (2, 1));
    kills += house.kill_at_every_point(&house.patient).await;
    assert_eq!((house.published().await, house.audited().await), (both, 1));

    // Its time has come: it signs, and the first one goes. Each pass is killed at every point before it comes through.
    let late = AtomicUsize::new(0);
    wait_for("the new authority is the only one", LIMIT, async || {
        late.fetch_add(house.kill_at_every_point(&house.hasty).await, Ordering::Relaxed);
        house.standings() == [("2".to_owned(), Standing::Signing)]
    })
    .await;
    // How often a pass waits depends on how quick the databases are, so that one pass alone says little.
    kills += late.into_inner();
    assert!(kills >= 12, "only {kills} passes were killed");
    // One that was killed between the removal and its commit is told of by the next.
    house.pass(&house.hasty).await.unwrap();
    house.is_served().await;
    let second = house.published().await;
    assert_eq!((second.matches("BEGIN").count(), second == first), (1, false));
    assert_eq!(house.audited().await, 2);
    // Done again, nothing happens any more.
    house.pass(&house.hasty).await.unwrap();
    assert_eq!((house.published().await, house.audited().await), (second, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_authority_changes_without_its_row_of_the_log() {
    let house = House::new().await;
    let first = house.published().await;
    assert!(house.patient.authority().introduce().unwrap());
    house.sql(FULL).await;
    for _ in 0..2 {
        house.pass(&house.patient).await.unwrap_err();
        assert_eq!((house.published().await, house.audited().await), (first.clone(), 0));
    }
    // Also when its time would have come: it signs nothing that servers weren't told of.
    house.pass(&house.hasty).await.unwrap_err();
    house.is_served().await;
    house.sql(MENDED).await;
    house.pass(&house.patient).await.unwrap();
    let both = house.published().await;
    assert_eq!((both.matches("BEGIN").count(), house.audited().await), (2, 1));

    // The first one doesn't go without a row either.
    house.sql(FULL).await;
    wait_for("it would go", LIMIT, async || house.pass(&house.hasty).await.is_err()).await;
    for _ in 0..2 {
        house.pass(&house.hasty).await.unwrap_err();
        let names: Vec<_> = house.standings().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["1", "2"]);
        assert_eq!((house.published().await, house.audited().await), (both.clone(), 1));
        house.is_served().await;
    }
    house.sql(MENDED).await;
    house.pass(&house.hasty).await.unwrap();
    assert_eq!(house.standings(), [("2".to_owned(), Standing::Signing)]);
    assert_eq!((house.published().await.matches("BEGIN").count(), house.audited().await), (1, 2));
    house.is_served().await;
}
