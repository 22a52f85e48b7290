//! The servers under test that aren't `sixty serve` itself. Each is a process of its own with the same runtime, listening
//! with the same limits; what it is to be, it reads from standard input, so that no secret is in a process list.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use api::{Answering, Door, ServerLimits};
use async_trait::async_trait;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use catalog::{Catalog, CatalogConfig};
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use domain::permission::Action;
use domain::route::RouteNeeds;
use gateway::{Gateway, GatewayConfig, KnownDirectory, KnownDirectoryConfig};
use http::{HeaderValue, StatusCode, header};
use limits::{Limiter, LimiterConfig, QuotaSeed, SeedError, Span, Subject};
use metering::{Meter, MeteringConfig};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use telemetry::{LogFormat, Numbers};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What the route without a database answers.
pub(crate) const HELLO: &str = r#"{"hello":"world"}"#;
/// Its path.
pub(crate) const HELLO_PATH: &str = "/hello";
/// The contacts, without row-level security.
pub(crate) const PLAIN_TABLE: &str = "contacts_plain";
/// As many connections as `sixty serve` has to one customer's database.
pub(crate) const POOL_SIZE: usize = 8;
/// `sixty serve`'s own.
pub(crate) const LOG: &str = "info,apalis_core=warn,apalis_redis=warn,tokio_postgres=warn";

/// What a process is to serve.
#[derive(Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) port: u16,
    pub(crate) server: Server,
}

/// The servers under test.
#[derive(Serialize, Deserialize)]
pub(crate) enum Server {
    /// A handler and nothing else, served as axum serves it: what one would have without `sixty`.
    Axum,
    /// The same handler in the server that listens for `sixty serve`, without a guard: what the guard alone costs.
    Bare,
    /// The same handler behind the gateway's guard and the layers that every answer of `sixty serve` passes.
    Guarded { admin_url: String, redis_url: String, spool: PathBuf },
    /// One indexed query over a pool, and nothing else.
    Pool(CustomerLogin),
}

/// How to connect to a customer's database.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CustomerLogin {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: String,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) ca_certificate: String,
}

/// Serves until it is told to end.
pub(crate) async fn run() -> anyhow::Result<()> {
    telemetry::start(LOG, LogFormat::Text, None)?;
    let order: Order = serde_json::from_reader(std::io::stdin()).context("an order on standard input")?;
    let listener = TcpListener::bind(("127.0.0.1", order.port)).await?;
    if matches!(order.server, Server::Axum) {
        let served = axum::serve(listener, Router::new().route(HELLO_PATH, get(hello)));
        return Ok(served.with_graceful_shutdown(terminated()?).await?);
    }
    let door = Door { listener, certificate: None };
    let (limits, stop) = (ServerLimits::default(), terminated()?);
    match routes(order.server)? {
        Routes::Plain(routes) => api::serve(door, routes, limits, stop).await,
        Routes::Guarded(routes) => api::serve(door, routes, limits, stop).await,
    }
    Ok(())
}

/// A process that ends by itself writes down what was counted of it, when it was built to be counted.
fn terminated() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut signals = signal(SignalKind::terminate())?;
    Ok(async move {
        signals.recv().await;
    })
}

/// The routes of a server.
pub(crate) enum Routes {
    Plain(Router),
    Guarded(Answering<Router>),
}

/// The routes of a server. Must be called inside a Tokio runtime.
pub(crate) fn routes(server: Server) -> anyhow::Result<Routes> {
    Ok(match server {
        // As `axum::serve` would do: a router that is given its state makes its services once.
        Server::Axum | Server::Bare => {
            Routes::Plain(Router::new().route(HELLO_PATH, get(hello)).with_state(()))
        }
        Server::Guarded { admin_url, redis_url, spool } => {
            Routes::Guarded(guarded(admin_url, redis_url, spool)?)
        }
        Server::Pool(login) => Routes::Plain(
            Router::new()
                .route("/api/v1/contacts/{id}", get(contact))
                .with_state(PlainContacts { pool: login.pool()?, query: contact_query().into() }),
        ),
    })
}

async fn hello() -> Response {
    json(HELLO.into())
}

fn json(body: axum::body::Body) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

/// The wiring of `sixty serve`, round one route.
fn guarded(admin_url: String, redis_url: String, spool: PathBuf) -> anyhow::Result<Answering<Router>> {
    let catalog = Arc::new(Catalog::connect(&CatalogConfig::new(admin_url.into()))?);
    let stop = CancellationToken::new();
    let (meter, _) = Meter::start(catalog.clone(), MeteringConfig::new(spool), stop.clone())?;
    let directory =
        KnownDirectory::start(catalog.clone(), catalog, KnownDirectoryConfig::default(), stop.clone());
    let limiter = Limiter::start(LimiterConfig::default(), redis_url, Arc::new(NothingUsed), stop);
    // Before the gateway, which makes its counters with the recorder that is there then.
    let numbers = Numbers::start()?;
    tokio::spawn(tidy(numbers));
    let gateway = Gateway::new(GatewayConfig::default(), directory, limiter, Arc::new(meter));
    let needs = RouteNeeds {
        method: "GET",
        path: HELLO_PATH.to_owned(),
        module: "crm_core",
        action: Action::Read,
        resource_names: vec!["contacts"],
    };
    let routes = Router::new().route(HELLO_PATH, get(gateway.guard(hello, needs)));
    Ok(api::with_common_layers(routes, false))
}

/// Histograms keep their samples until somebody tidies up.
async fn tidy(numbers: Numbers) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_secs(5));
    loop {
        ticks.tick().await;
        numbers.tidy();
    }
}

/// The key is new.
struct NothingUsed;

#[async_trait]
impl QuotaSeed for NothingUsed {
    async fn used(&self, _: &Subject, _: Span) -> Result<u64, SeedError> {
        Ok(0)
    }
}

#[derive(Clone)]
struct PlainContacts {
    pool: Pool,
    query: Arc<str>,
}

async fn contact(State(contacts): State<PlainContacts>, Path(id): Path<Uuid>) -> Response {
    match contacts.read(id).await {
        Ok(Some(document)) => json(document.into()),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "a query failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

impl PlainContacts {
    async fn read(&self, id: Uuid) -> anyhow::Result<Option<String>> {
        let client = self.pool.get().await?;
        let statement = client.prepare_cached(&self.query).await?;
        Ok(client.query_opt(&statement, &[&id]).await?.map(|row| row.get(0)))
    }
}

/// What `sixty serve` asks for a contact, of the other table. That the answers are the same is checked.
pub(crate) fn contact_query() -> String {
    let columns = [
        "id",
        "org_id",
        "user_id",
        "first_name",
        "last_name",
        "email",
        "phone",
        "company",
        "job_title",
        "notes",
        "linkedin_url",
        "twitter_handle",
        "is_active",
        "metadata",
        "created_at",
        "updated_at",
    ];
    let shown = columns.map(|name| {
        let column = if name == "org_id" { "organization_id" } else { name };
        let full = format!("{PLAIN_TABLE}.\"{column}\"");
        if name.ends_with("_at") {
            format!("to_char({full} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') as \"{name}\"")
        } else {
            format!("{full} as \"{name}\"")
        }
    });
    format!(
        "select (select row_to_json(item)::text from (select {}) as item) from {PLAIN_TABLE} where id = $1",
        shown.join(", ")
    )
}

impl CustomerLogin {
    fn pool(&self) -> anyhow::Result<Pool> {
        let (config, tls) = self.settings()?;
        let manager =
            Manager::from_config(config, tls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        Ok(Pool::builder(manager).max_size(POOL_SIZE).build()?)
    }

    pub(crate) async fn connect(&self) -> anyhow::Result<tokio_postgres::Client> {
        let (config, tls) = self.settings()?;
        let (client, connection) = config.connect(tls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// The settings of `customer-db`.
    fn settings(&self) -> anyhow::Result<(tokio_postgres::Config, MakeRustlsConnect)> {
        let mut config = tokio_postgres::Config::new();
        config
            .host("localhost")
            .hostaddr(std::net::Ipv4Addr::LOCALHOST.into())
            .port(self.port)
            .dbname(&self.database)
            .user(&self.user)
            .password(&self.password)
            .ssl_mode(SslMode::Require);
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.ca_certificate.as_bytes())?)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok((config, MakeRustlsConnect::new(client)))
    }
}
