//! Servers' gateways over one admin database and one Redis, with routes whose handlers say only "ok".

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::limits::{Limiter, LimiterConfig, QuotaSeed, Scope, SeedError, Span, Subject};
use api::{Door, ServerLimits};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::routing::{get, post};
use catalog::api_keys::{ApiKeyRecord, NewApiKey};
use catalog::customers::NewCustomer;
use catalog::{Catalog, CatalogConfig, quota};
use chrono::Utc;
use domain::customer::Lifecycle;
use domain::permission::Action;
use domain::route::RouteNeeds;
use domain::usage::UsageRecord;
use domain::{CustomerId, CustomerSlug, Plan};
use gateway::{Gateway, GatewayConfig, KnownDirectory, KnownDirectoryConfig, UsageRecorder};
use http::{HeaderMap, StatusCode, header};
use problem::{Problem, RawBody};
use secrets::{ApiKey, ExposeSecret as _};
use serde_json::Value;
use testkit::{AdminDatabase, FaultProxy, Redis};
use tokio::net::TcpListener;
use tokio_postgres::Client;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::{Service, ServiceExt as _};

/// Within this time a change must have acted, however slow the machine is.
pub(crate) const SOON: Duration = Duration::from_secs(15);

/// The admin database, Redis, and the way of the servers to both.
pub(crate) struct House {
    pub(crate) database: AdminDatabase,
    /// What somebody does with psql.
    pub(crate) psql: Client,
    pub(crate) database_proxy: FaultProxy,
    pub(crate) redis_proxy: FaultProxy,
    redis: Redis,
}

/// A customer and a key of theirs.
pub(crate) struct Caller {
    pub(crate) id: CustomerId,
    pub(crate) key: ApiKey,
    pub(crate) row: ApiKeyRecord,
}

/// One server's gateway.
pub(crate) struct Server {
    router: Router,
    pub(crate) directory: KnownDirectory,
    pub(crate) recorded: Arc<Recorded>,
    _stop: DropGuard,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    /// Under which name it is counted.
    pub(crate) outcome: &'static str,
}

impl Answer {
    pub(crate) fn problem(&self) -> &str {
        self.body["type"].as_str().unwrap_or("none").trim_start_matches("/problems/")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}")).to_str().unwrap()
    }
}

#[derive(Default)]
pub(crate) struct Recorded(Mutex<Vec<UsageRecord>>);

impl Recorded {
    pub(crate) fn all(&self) -> Vec<UsageRecord> {
        self.0.lock().unwrap().clone()
    }
}

impl UsageRecorder for Recorded {
    fn record(&self, record: UsageRecord) {
        self.0.lock().unwrap().push(record);
    }
}

struct NothingUsed;

#[async_trait]
impl QuotaSeed for NothingUsed {
    async fn used(&self, _: &Subject, _: Span) -> Result<u64, SeedError> {
        Ok(0)
    }
}

/// What the admin database says of modules, keys and persons, as a server asks it.
struct Counts(Catalog);

#[async_trait]
impl QuotaSeed for Counts {
    async fn used(&self, subject: &Subject, span: Span) -> Result<u64, SeedError> {
        let client = self.0.client().await.unwrap();
        let used = match &subject.scope {
            Scope::Module { key, .. } => quota::used_of_module(&client, subject.customer, key).await,
            Scope::Key(key) => {
                let since = span.since.unwrap_or_default();
                quota::used_by_key(&client, subject.customer, *key, since).await
            }
            Scope::Customer | Scope::Route(_) => Ok(0),
        };
        Ok(used.unwrap().unsigned_abs())
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        let database = testkit::admin_database().await;
        let redis = testkit::redis().await;
        Self {
            psql: database.connect().await,
            database_proxy: testkit::fault_proxy(database.port()).await,
            redis_proxy: testkit::fault_proxy(redis.port()).await,
            database,
            redis,
        }
    }

    /// A further server, for which nothing was used before Redis began to count.
    pub(crate) fn server(&self, config: GatewayConfig) -> Server {
        self.server_that_asks(config, Arc::new(NothingUsed))
    }

    /// A further server that begins to count with what the admin database says.
    pub(crate) fn server_with_counts(&self, config: GatewayConfig) -> Server {
        self.server_that_asks(config, Arc::new(Counts(self.catalog())))
    }

    fn server_that_asks(&self, config: GatewayConfig, seed: Arc<dyn QuotaSeed>) -> Server {
        let url = self.database.server_url_through(self.database_proxy.port());
        let catalog = Arc::new(Catalog::connect(&CatalogConfig::new(url.into())).unwrap());
        let stop = CancellationToken::new();
        let directory =
            KnownDirectory::start(catalog.clone(), catalog, KnownDirectoryConfig::default(), stop.clone());
        let redis = self.redis.url_through(self.redis_proxy.port()).into();
        // More patient than servers are: on a busy machine an answer that takes longer would be taken for a Redis that is gone.
        let limits = LimiterConfig { patience: Duration::from_secs(2), ..LimiterConfig::default() };
        let limiter = Limiter::start(limits, &redis, seed, stop.clone());
        let recorded = Arc::<Recorded>::default();
        let gateway = Gateway::new(config, directory.clone(), limiter, recorded.clone());
        let needs = |path: &str, module, action, resource| RouteNeeds {
            method: "GET",
            path: path.to_owned(),
            module,
            action,
            resource_names: vec![resource],
        };
        let route = |path: &str, module, action, resource| {
            let ok = gateway.guard(async || "\"ok\"", needs(path, module, action, resource));
            get(ok.clone()).post(ok)
        };
        let reads = |path| needs(path, "crm_core", Action::Read, "contacts");
        let wrong = gateway.guard(async || StatusCode::BAD_REQUEST, reads("/wrong"));
        let router = Router::new()
            .route("/panics", get(gateway.guard(panics, reads("/panics"))))
            .route("/reads", post(gateway.guard(reads_all, reads("/reads"))))
            .route("/hangs", get(gateway.guard(std::future::pending::<()>, reads("/hangs"))))
            .route("/contacts", route("/contacts", "crm_core", Action::Read, "contacts"))
            .route("/new-contact", route("/new-contact", "crm_core", Action::Write, "contacts"))
            .route("/workflows", route("/workflows", "workflow_automation", Action::Read, "workflows"))
            .route("/needs-more", get(gateway.guard(needs_more, reads("/needs-more"))))
            .route("/wrong", get(wrong.clone()).post(wrong))
            .route("/nonsense", route("/nonsense", "no_such_module", Action::Read, "contacts"))
            .fallback(gateway.guard_the_rest(async || StatusCode::NOT_FOUND));
        Server { router, directory, recorded, _stop: stop.drop_guard() }
    }

    /// A customer with a key, on the starter plan.
    pub(crate) async fn caller(&self, slug: &str) -> Caller {
        let slug = CustomerSlug::parse(slug).unwrap();
        let new = NewCustomer {
            lifecycle: Lifecycle::Ready,
            ..NewCustomer::on_trial(slug.clone(), format!("{slug} Inc."), Plan::Starter, Utc::now())
        };
        let client = self.catalog().client().await.unwrap();
        let id = catalog::customers::insert(&client, &new).await.unwrap().id;
        let key = ApiKey::generate();
        let new = NewApiKey::with_defaults(id, "test".to_owned(), key.hash(), key.display_prefix());
        let row = catalog::api_keys::insert(&client, &new).await.unwrap();
        Caller { id, key, row }
    }

    /// The admin database, not through the proxy.
    pub(crate) fn catalog(&self) -> Catalog {
        Catalog::connect(&CatalogConfig::new(self.database.url().into())).unwrap()
    }

    /// Redis forgets everything.
    pub(crate) async fn flush_redis(&self) {
        let client = redis::Client::open(self.redis.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        redis::cmd("FLUSHALL").exec_async(&mut connection).await.unwrap();
    }

    pub(crate) async fn sql(&self, sql: &str) {
        self.psql.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

async fn reads_all(body: RawBody) -> String {
    body.0.len().to_string()
}

async fn needs_more() -> Problem {
    Problem::module_disabled("This value needs the feature module Forecasts.")
}

async fn panics() {
    panic!("as it was told to");
}

impl Server {
    /// Where it is served as the program serves it, until the guard is dropped.
    pub(crate) async fn listen(&self, limits: ServerLimits) -> (SocketAddr, DropGuard) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (door, stop) = (Door { listener, certificate: None }, CancellationToken::new());
        let routes = api::with_common_layers(self.router.clone(), false);
        tokio::spawn(api::serve(door, routes, limits, stop.clone().cancelled_owned()));
        (address, stop.drop_guard())
    }

    /// What the server answers behind the layers that every request passes, when a request may take so long.
    pub(crate) async fn get_within(&self, longest: Duration, caller: &Caller, path: &str) -> Answer {
        let layered = api::with_common_layers_for(self.router.clone(), longest);
        Self::ask(layered, request(path, caller).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get(&self, caller: &Caller, path: &str) -> Answer {
        self.send(request(path, caller).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request) -> Answer {
        Self::ask(self.router.clone(), request).await
    }

    async fn ask<S>(routes: S, request: Request) -> Answer
    where
        S: Service<Request, Response = Response, Error = Infallible>,
    {
        let response = routes.oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        let outcome = head.extensions.get::<Problem>().map_or("none", Problem::outcome);
        Answer { status: head.status, headers: head.headers, body, outcome }
    }

    /// Waits until the caller gets this answer: its status, or its problem.
    pub(crate) async fn until(&self, caller: &Caller, path: &str, wanted: &str) {
        testkit::wait_for(&format!("{path} to answer {wanted}"), SOON, async || {
            let answer = self.get(caller, path).await;
            answer.problem() == wanted || answer.status.as_str() == wanted
        })
        .await;
    }
}

/// A request from an address of the documentation's.
pub(crate) fn request(path: &str, caller: &Caller) -> http::request::Builder {
    Request::builder()
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", caller.key.secret().expose_secret()))
        .extension(ConnectInfo(SocketAddr::from(([198, 51, 100, 7], 4711))))
}
