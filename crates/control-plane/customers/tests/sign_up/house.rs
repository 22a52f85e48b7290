//! An admin database, a scripted backend, and questions about what became of a sign-up.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalog::operations::{self, Operation};
use catalog::{Catalog, CatalogConfig};
use customers::sign_up::{SignUpRequest, SignedUp, sign_up};
use customers::{Actor, ControlPlane, UseCaseError};
use domain::{BackupId, OperationId};
use provisioning::{
    AdminAccess, BackendError, DatabaseRoles, Engine, EngineConfig, OperationWatcher, Restorer,
};
use secrets::MasterKey;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::backend::ScriptedBackend;

const PATIENCE: Duration = Duration::from_secs(30);
const LEASE: Duration = Duration::from_millis(600);

pub(crate) struct House {
    database: testkit::AdminDatabase,
    pub(crate) control_plane: ControlPlane,
    pub(crate) backend: Arc<ScriptedBackend>,
    pub(crate) catalog: Catalog,
    master_key: MasterKey,
    watcher: OperationWatcher,
}

/// No test here restores.
struct NoRestorer;

#[async_trait]
impl Restorer for NoRestorer {
    async fn restore(&self, _: BackupId, _: &AdminAccess, _: &DatabaseRoles) -> Result<(), BackendError> {
        Err(BackendError::Permanent("no backups here".to_owned()))
    }
}

/// Killed when it is dropped: all its tasks end where they are, as in a killed process.
pub(crate) struct Worker(Option<Runtime>);

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        let database = testkit::admin_database().await;
        let catalog = Catalog::connect(&CatalogConfig::new(database.server_url().into())).unwrap();
        let master_key = MasterKey::generate();
        Self {
            control_plane: ControlPlane::new(catalog.clone(), master_key.clone()),
            backend: Arc::default(),
            watcher: OperationWatcher::start(catalog.clone(), CancellationToken::new()),
            database,
            catalog,
            master_key,
        }
    }

    /// A worker with a runtime and connections of its own, so that it can be killed like a process.
    pub(crate) fn start_worker(&self, name: &str) -> Worker {
        let config = EngineConfig {
            lease: LEASE,
            scan_every: Duration::from_millis(50),
            ..EngineConfig::new(name.to_owned(), 40_000..=40_999)
        };
        let (url, backend, master_key) =
            (self.database.worker_url(), self.backend.clone(), self.master_key.clone());
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(async move {
            let catalog = Catalog::connect(&CatalogConfig::new(url.into())).unwrap();
            let engine = Engine::new(catalog, backend, Arc::new(NoRestorer), master_key, config);
            engine.run(CancellationToken::new()).await;
        });
        Worker(Some(runtime))
    }

    pub(crate) async fn sign_up(&self, slug: &str) -> Result<SignedUp, UseCaseError> {
        let request = SignUpRequest {
            customer_id: slug.to_owned(),
            name: slug.to_owned(),
            email: "ada@example.com".to_owned(),
            plan: "pro".to_owned(),
            ..SignUpRequest::default()
        };
        sign_up(&self.control_plane, &Actor::system(), &request).await
    }

    pub(crate) async fn settled(&self, id: OperationId) -> Operation {
        self.watcher.wait_until_finished(id, Instant::now() + PATIENCE).await.expect("the operation ends")
    }

    async fn count(&self, sql: &str, begun: &SignedUp) -> i64 {
        let client = self.catalog.client().await.unwrap();
        client.query_one(sql, &[&begun.customer_id.uuid()]).await.unwrap().get(0)
    }

    pub(crate) async fn lifecycle(&self, begun: &SignedUp) -> Option<String> {
        let client = self.catalog.client().await.unwrap();
        let sql = "select lifecycle::text from admin_customers where id = $1";
        client.query_opt(sql, &[&begun.customer_id.uuid()]).await.unwrap().map(|row| row.get(0))
    }

    pub(crate) async fn old_values(&self, begun: &SignedUp, action: &str) -> serde_json::Value {
        let client = self.catalog.client().await.unwrap();
        let sql =
            "select old_values from admin_audit_logs where customer_id = $1 and action::text = $2::text";
        client.query_one(sql, &[&begun.customer_id.uuid(), &action]).await.unwrap().get(0)
    }

    pub(crate) async fn secrets_of(&self, begun: &SignedUp) -> i64 {
        let sql = "select (select count(*) from admin_database_credentials where customer_id = $1)
                        + (select count(*) from admin_data_keys where customer_id = $1)";
        self.count(sql, begun).await
    }

    pub(crate) async fn assert_whole(&self, begun: &SignedUp) {
        assert!(self.backend.is_there(&begun.slug));
        let sql = "select count(*) from admin_customers c join admin_instances i on i.customer_id = c.id
                   join admin_data_keys k on k.customer_id = c.id
                   where c.id = $1 and c.lifecycle = 'ready' and c.database_port = i.port
                     and c.database_password_encrypted like 'v1.%'
                     and (select count(*) from admin_database_credentials where customer_id = c.id) = 3
                     and (select count(*) from admin_api_keys where customer_id = c.id and status = 'active') = 1
                     and (select count(*) from admin_customer_modules where customer_id = c.id and enabled) = 4
                     and (select count(*) from admin_audit_logs
                          where customer_id = c.id and action = 'customer_created') = 1";
        assert_eq!(self.count(sql, begun).await, 1, "{} is wholly there", begun.slug);
    }

    pub(crate) async fn assert_absent(&self, begun: &SignedUp) {
        assert!(!self.backend.is_there(&begun.slug));
        let sql = "select (select count(*) from admin_customers where id = $1)
                        + (select count(*) from admin_instances where customer_id = $1)
                        + (select count(*) from admin_api_keys where customer_id = $1)
                        + (select count(*) from admin_customer_modules where customer_id = $1)
                        + (select count(*) from admin_database_credentials where customer_id = $1)
                        + (select count(*) from admin_data_keys where customer_id = $1)";
        assert_eq!(self.count(sql, begun).await, 0, "{} is wholly absent", begun.slug);
    }

    pub(crate) async fn wait_until_lease_is_over(&self, id: OperationId) {
        testkit::wait_for("the lease to run out", PATIENCE, async || {
            let client = self.catalog.client().await.unwrap();
            let sql = "select lease_expires_at < now() from admin_operations where id = $1";
            client.query_one(sql, &[&id.uuid()]).await.unwrap().get(0)
        })
        .await;
    }

    pub(crate) async fn wait_for_error(&self, id: OperationId, part: &str) {
        testkit::wait_for("the operation to tell an error", PATIENCE, async || {
            let client = self.catalog.client().await.unwrap();
            let operation = operations::get(&client, id).await.unwrap().unwrap();
            operation.error.is_some_and(|error| error.contains(part))
        })
        .await;
    }

    /// Waits until workers have looked at the operation so often, in vain. Each look is made due at once.
    pub(crate) async fn wait_until_looked_at(&self, id: OperationId, times: usize) {
        let client = self.catalog.client().await.unwrap();
        for _ in 0..times {
            testkit::wait_for("the operation to be given back", PATIENCE, async || {
                let sql = "update admin_operations set run_after = now() where id = $1 and status = 'queued'
                           and run_after > now()";
                client.execute(sql, &[&id.uuid()]).await.unwrap() == 1
            })
            .await;
        }
    }

    pub(crate) async fn give_lease_to(&self, id: OperationId, worker: &str) {
        let client = self.catalog.client().await.unwrap();
        let sql = "update admin_operations set lease_owner = $2, lease_expires_at = now() + interval '1 hour'
                   where id = $1";
        client.execute(sql, &[&id.uuid(), &worker]).await.unwrap();
    }
}
