//! What most tests begin with.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use catalog::{Catalog, CatalogConfig};
use domain::CustomerId;
use domain::usage::UsageSink;
use metering::{Meter, MeteringConfig};
use tempfile::TempDir;
use testkit::{AdminDatabase, FaultProxy, wait_for};
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use usage_tests::request_of;
use uuid::Uuid;

/// For what takes moments on a quiet machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) database: AdminDatabase,
    /// Past the proxy.
    pub(crate) client: Client,
    pub(crate) proxy: FaultProxy,
    pub(crate) customer: CustomerId,
    folder: TempDir,
}

/// A meter that runs.
pub(crate) struct Running {
    pub(crate) meter: Meter,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = testkit::admin_database().await;
        let client = database.connect().await;
        let proxy = testkit::fault_proxy(database.port()).await;
        let row = client
            .query_one(
                "with customer as (insert into admin_customers (company_name) values ('Acme') returning id)
                 insert into admin_customer_modules (customer_id, module_id)
                 select customer.id, module.id from customer, admin_feature_modules module
                 where module_key = 'crm_core' returning customer_id",
                &[],
            )
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { database, client, proxy, customer: CustomerId(row.get(0)), folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> MeteringConfig {
        usage_tests::quick(self.folder().to_owned())
    }

    /// Through the proxy.
    pub(crate) fn catalog(&self) -> Catalog {
        let url = self.database.server_url_through(self.proxy.port());
        let config =
            CatalogConfig { connect_timeout: Duration::from_millis(500), ..CatalogConfig::new(url.into()) };
        Catalog::connect(&config).unwrap()
    }

    pub(crate) fn start(&self) -> Running {
        Running::start(Arc::new(self.catalog()), self.config())
    }

    /// Records so many requests; their ids.
    pub(crate) fn record(&self, meter: &Meter, count: usize) -> HashSet<Uuid> {
        (0..count)
            .map(|_| {
                let record = request_of(self.customer);
                let id = record.id;
                meter.record(record);
                id
            })
            .collect()
    }

    /// The ids in the database. The roll-ups and the module's counter must agree with them.
    pub(crate) async fn written(&self) -> HashSet<Uuid> {
        let rows = self.client.query("select id from admin_api_usage", &[]).await.unwrap();
        let ids: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
        let distinct: HashSet<_> = ids.iter().copied().collect();
        assert_eq!(ids.len(), distinct.len(), "some requests are there twice");
        distinct
    }

    /// Waits until so many requests are in the database, and checks all that is counted beside them.
    pub(crate) async fn wait_for_rows(&self, count: usize) {
        wait_for("the requests in the database", SOON, async || self.written().await.len() >= count).await;
        let row = self
            .client
            .query_one(
                "select (select count(*) from admin_api_usage),
                     (select coalesce(sum(total_requests), 0)::bigint from admin_api_usage_summary),
                     (select usage_count from admin_customer_modules),
                     (select count(*) from admin_api_usage where outcome = 'ok')",
                &[],
            )
            .await
            .unwrap();
        let count = i64::try_from(count).unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (count, count), "requests, and rolled up");
        assert_eq!(row.get::<_, i64>(2), row.get::<_, i64>(3), "the module's counter");
    }

    /// The folders of spools.
    pub(crate) fn spools(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| Uuid::parse_str(path.file_name().unwrap().to_str().unwrap()).is_ok()).collect()
    }

    /// What was set aside.
    pub(crate) fn set_aside(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.folder().join("damaged")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    pub(crate) async fn ledger_rows(&self) -> i64 {
        self.client.query_one("select count(*) from admin_usage_spools", &[]).await.unwrap().get(0)
    }

    /// Records with the database away, and stops: leaves a spool behind.
    pub(crate) async fn leave_a_spool(&self, count: usize) -> (HashSet<Uuid>, PathBuf) {
        self.proxy.refuse();
        let running = self.start();
        let recorded = self.record(&running.meter, count);
        running.stop().await;
        self.proxy.resume();
        let spools = self.spools();
        assert_eq!(spools.len(), 1);
        (recorded, spools[0].clone())
    }
}

impl Running {
    pub(crate) fn start(sink: Arc<dyn UsageSink>, config: MeteringConfig) -> Self {
        let stop = CancellationToken::new();
        let (meter, task) = Meter::start(sink, config, stop.clone()).unwrap();
        Self { meter, stop, task }
    }

    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}
