//! An admin database with customers, whose databases are on the tests' server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use backups::{BackupConfig, Backups};
use catalog::backups::{Backup, BackupFilter};
use catalog::{Catalog, CatalogConfig};
use chrono::NaiveDate;
use domain::CustomerId;
use provisioning::{
    AdminAccess, BackendError, DatabaseRoles, InstanceFacts, InstanceSpec, Observed, Provisioner,
};
use secrets::{KeyRing, MasterKey};
use testkit::{AdminDatabase, CustomerDatabase, Home};

use crate::world::access;

/// Customers whose databases are on the tests' server: knows where they are, and that is all that is asked of it.
#[derive(Default)]
pub(crate) struct TestServer {
    at: Mutex<HashMap<CustomerId, AdminAccess>>,
}

fn not_here<T>() -> Result<T, BackendError> {
    Err(BackendError::Permanent("the tests' server makes no instances".to_owned()))
}

#[async_trait]
impl Provisioner for TestServer {
    fn backend(&self) -> &'static str {
        "tests"
    }

    async fn observe(&self, _: &InstanceSpec) -> Observed {
        Observed::Unknown
    }

    async fn is_port_free(&self, _: u16) -> bool {
        false
    }

    async fn create(&self, _: &InstanceSpec) -> Result<(), BackendError> {
        not_here()
    }

    async fn start(&self, _: &InstanceSpec) -> Result<(), BackendError> {
        not_here()
    }

    async fn configure(&self, _: &InstanceSpec, _: &DatabaseRoles) -> Result<InstanceFacts, BackendError> {
        not_here()
    }

    async fn stop(&self, _: &InstanceSpec) -> Result<(), BackendError> {
        not_here()
    }

    async fn destroy(&self, _: &InstanceSpec) -> Result<(), BackendError> {
        not_here()
    }

    async fn admin_access(&self, spec: &InstanceSpec) -> Result<AdminAccess, BackendError> {
        let at = self.at.lock().expect("unpoisoned").get(&spec.customer).cloned();
        at.ok_or_else(|| BackendError::Temporary("the instance doesn't answer".to_owned()))
    }
}

pub(crate) struct World {
    pub(crate) admin: AdminDatabase,
    pub(crate) catalog: Catalog,
    pub(crate) master: MasterKey,
    pub(crate) keys: KeyRing,
    server: Arc<TestServer>,
    pub(crate) home: Home,
    pub(crate) backups: Backups,
}

pub(crate) fn night() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 23).expect("a day")
}

/// The superuser over the socket, as backends give it.
pub(crate) async fn over_the_socket(database: &CustomerDatabase) -> AdminAccess {
    let client = testkit::connect(&database.superuser_url()).await;
    let row = client.query_one("show unix_socket_directories", &[]).await.expect("asked");
    AdminAccess {
        host: row.get(0),
        port: database.port(),
        user: "postgres".to_owned(),
        database: database.name().to_owned(),
        client_tools: crate::world::client_tools(),
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let (admin, home) = (testkit::admin_database().await, testkit::home());
        let catalog = Catalog::connect(&CatalogConfig::new(admin.url().into())).expect("a URL");
        let server = Arc::new(TestServer::default());
        let master = MasterKey::generate();
        let keys = KeyRing::from(master.clone());
        let backups = Backups::new(
            catalog.clone(),
            Arc::clone(&server) as Arc<dyn Provisioner>,
            access(admin.port(), admin.name()),
            keys.clone(),
            BackupConfig::new(home.path().join("backups")),
        );
        Self { admin, catalog, master, keys, server, home, backups }
    }

    /// The same backups, looked after by a worker with these keys, which has nothing in its memory yet.
    pub(crate) fn with_keys(&self, keys: &KeyRing) -> Backups {
        Backups::new(
            self.catalog.clone(),
            Arc::clone(&self.server) as Arc<dyn Provisioner>,
            access(self.admin.port(), self.admin.name()),
            keys.clone(),
            BackupConfig::new(self.home.path().join("backups")),
        )
    }

    pub(crate) async fn customer(&self, database: &CustomerDatabase, is_up: bool) -> CustomerId {
        let id = CustomerId::generate();
        let client = self.admin.connect().await;
        let sql = "insert into admin_customers (id, company_name, company_domain) values ($1, $2, $2)";
        client.execute(sql, &[&id.uuid(), &database.name()]).await.expect("a customer");
        let sql = "insert into admin_instances (customer_id, backend, host, port, database_name, ready_at)
                   values ($1, 'tests', $2, $3, $2, now())";
        client
            .execute(sql, &[&id.uuid(), &database.name(), &i32::from(database.port())])
            .await
            .expect("an instance");
        let client = self.catalog.client().await.expect("a connection");
        let wrapped = data_keys::new_customer_key(&client, &self.keys, id).await.expect("wrapped");
        catalog::data_keys::insert(&client, id, &wrapped.0).await.expect("a data key");
        if is_up {
            self.up(id, database).await;
        }
        id
    }

    pub(crate) async fn up(&self, customer: CustomerId, database: &CustomerDatabase) {
        let at = over_the_socket(database).await;
        self.server.at.lock().expect("unpoisoned").insert(customer, at);
    }

    pub(crate) async fn list(&self, filter: BackupFilter) -> Vec<Backup> {
        let client = self.catalog.client().await.expect("a connection");
        catalog::backups::list(&client, &filter, 100).await.expect("listed")
    }

    pub(crate) async fn audit_rows(&self) -> i64 {
        let sql = "select count(*) from admin_audit_logs where action = 'backup_created'";
        self.admin.connect().await.query_one(sql, &[]).await.expect("counted").get(0)
    }
}
