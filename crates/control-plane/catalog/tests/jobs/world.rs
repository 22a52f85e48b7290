//! What every test of the engine stands on: a database, a Redis, quick workers, and jobs made of closures.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use catalog::jobs::JobRow;
use catalog::{Catalog, CatalogConfig};
use domain::{JobId, JobStatus};
use futures_util::future::BoxFuture;
use jobs::{Backoff, Job, JobContext, JobError, JobOutcome, NewJob, Worker, WorkerBuilder};
use serde_json::Value;
use testkit::{AdminDatabase, Redis, wait_for};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) database: AdminDatabase,
    pub(crate) redis: Redis,
    pub(crate) catalog: Catalog,
}

impl World {
    pub(crate) async fn new() -> Self {
        let database = testkit::admin_database().await;
        let catalog = catalog_at(&database.url());
        Self { database, redis: testkit::redis().await, catalog }
    }

    /// A worker whose waits are short.
    pub(crate) fn worker(&self) -> WorkerBuilder {
        quick_worker(&self.catalog, &self.redis.url())
    }

    pub(crate) async fn enqueue(&self, job: NewJob) -> JobId {
        self.enqueue_maybe(job).await.expect("no other job has its key")
    }

    pub(crate) async fn enqueue_maybe(&self, job: NewJob) -> Option<JobId> {
        catalog::jobs::enqueue(&self.catalog.client().await.expect("a connection"), &job)
            .await
            .expect("enqueued")
    }

    pub(crate) async fn row(&self, id: JobId) -> JobRow {
        let client = self.catalog.client().await.expect("a connection");
        catalog::jobs::get(&client, id).await.expect("read").expect("the job is there")
    }

    pub(crate) async fn wait_until(&self, id: JobId, status: JobStatus) -> JobRow {
        wait_for(&format!("the job to be {status}"), SOON, || async { self.row(id).await.status == status })
            .await;
        self.row(id).await
    }
}

pub(crate) fn catalog_at(url: &str) -> Catalog {
    Catalog::connect(&CatalogConfig::new(url.to_owned().into())).expect("the URL is well formed")
}

pub(crate) fn quick_worker(catalog: &Catalog, redis_url: &str) -> WorkerBuilder {
    Worker::builder(Arc::new(catalog.clone()), redis_url.to_owned())
        .lease(Duration::from_secs(2))
        .scan_every(Duration::from_millis(100))
        .grace(Duration::from_secs(5))
        .backoff(Backoff { first: Duration::from_millis(50), ceiling: Duration::from_millis(200) })
}

/// A worker at work; stopped when it is told so, or dropped.
pub(crate) struct Running {
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(worker: WorkerBuilder) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(worker.run(stop.clone()));
        Self { stop, task: Some(task) }
    }

    pub(crate) fn ask_to_stop(&self) {
        self.stop.cancel();
    }

    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        self.task.take().expect("stopped once").await.expect("the worker doesn't panic");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

type Work = Box<dyn Fn(Value, JobContext) -> BoxFuture<'static, Result<JobOutcome, JobError>> + Send + Sync>;

/// A job made of a closure.
pub(crate) struct Does {
    kind: &'static str,
    is_apart: bool,
    work: Work,
}

impl Does {
    pub(crate) fn apart(self) -> Self {
        Self { is_apart: true, ..self }
    }
}

pub(crate) fn does<F, R>(kind: &'static str, work: F) -> Does
where
    F: Fn(Value, JobContext) -> R + Send + Sync + 'static,
    R: Future<Output = Result<JobOutcome, JobError>> + Send + 'static,
{
    Does { kind, is_apart: false, work: Box::new(move |payload, context| Box::pin(work(payload, context))) }
}

#[async_trait]
impl Job for Does {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn runs_apart(&self) -> bool {
        self.is_apart
    }

    async fn run(&self, payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        (self.work)(payload, context.clone()).await
    }
}

pub(crate) fn simple(kind: &'static str) -> NewJob {
    NewJob::new(kind, Value::Null)
}
