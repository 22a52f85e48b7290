//! `sixty serve`: the application server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use api::{ApiParts, Dependency, Door, NewsDesk};
use audit_streams::AuditStreams;
use catalog::{Catalog, CatalogConfig};
use clap::Args;
use customer_db::CustomerDatabases;
use customers::ControlPlane;
use domain::principal::Change;
use gateway::{Gateway, KnownDirectory, KnownDirectoryConfig};
use identity::Identity;
use limits::{Limiter, LimiterConfig};
use metering::Meter;
use provisioning::OperationWatcher;
use telemetry::Numbers;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use crate::config::{
    AdminDatabaseArgs, ClerkServerArgs, HomeArgs, MasterKeyArgs, OpenIdArgs, OperatorTokenArgs, RedisArgs,
    ServerArgs, read_operator_token,
};
use crate::metrics::Gauges;
use crate::quota_seed::CatalogSeed;
use crate::server_certificate::ShownCertificate;
use crate::{dependencies, metrics, own_role, shutdown};

/// How long one statement for an operator may take: a report over years gives up before it slows everybody down.
const LONGEST_STATEMENT: Duration = Duration::from_secs(60);

/// The connections for looking keys up, for seeding limits and for writing usage down, and how long a statement of those may
/// take: as long as usage waits for one.
const GUARDS_CONNECTIONS: usize = 12;
const LONGEST_OF_GUARD: Duration = Duration::from_secs(30);

/// Serve the API, against an admin database and a Redis that exist.
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    admin_database: AdminDatabaseArgs,
    #[command(flatten)]
    redis: RedisArgs,
    #[command(flatten)]
    master_key: MasterKeyArgs,
    #[command(flatten)]
    operator_token: OperatorTokenArgs,
    #[command(flatten)]
    openid: OpenIdArgs,
    #[command(flatten)]
    clerk: ClerkServerArgs,
    /// Stop when standard input ends.
    #[arg(long, hide = true)]
    with_parent: bool,
}

pub(crate) async fn run(args: ServeArgs, home: &HomeArgs) -> anyhow::Result<()> {
    let home = home.path()?;
    let stores = args.master_key.stores();
    let keys = args.master_key.ring(&home).await?;
    let operator_token = match args.server.without_operator_token {
        true => None,
        false => Some(read_operator_token(&args.operator_token.resolved(stores).await?, &home)?),
    };
    let admin_database = args.admin_database.resolved(stores).await?;
    let redis = args.redis.resolved(stores).await?.address()?;
    let to_admin_database =
        CatalogConfig { application_name: own_role::SERVER, ..admin_database.catalog_config()? };
    let catalog = Catalog::connect(&CatalogConfig {
        statement_timeout: Some(LONGEST_STATEMENT),
        ..to_admin_database.clone()
    })?;
    // What customers' requests wait for stands in no queue behind operators' reports.
    let guards_catalog = Catalog::connect(&CatalogConfig {
        max_connections: to_admin_database.max_connections.min(GUARDS_CONNECTIONS),
        statement_timeout: Some(LONGEST_OF_GUARD),
        ..to_admin_database
    })?;
    let address = SocketAddr::new(args.server.host, args.server.port);
    let source = args.server.resolved(stores).await?.certificate()?;
    let sessions = args.clerk.sessions(&home)?;
    let clerk_webhook = args.clerk.webhook(stores, &catalog).await?;
    let shown = ShownCertificate::prepare(source, &catalog, &keys)?;
    let certificate = shown.certificate();
    let listener = bind(address).await?;

    let stop = shutdown::token(args.with_parent)?;
    tokio::spawn(own_role::warn(catalog.clone(), own_role::SERVER, stop.clone()));
    // The meter outlives the requests: what the last ones used is written down too.
    let stop_meter = CancellationToken::new();
    let metering = args.server.metering_config(home.join("usage-spool"));
    let (meter, writer) = Meter::start(Arc::new(guards_catalog.clone()), metering, stop_meter.clone())?;
    // Stops with the process: requests under way still ask.
    let directory = KnownDirectory::start(
        Arc::new(guards_catalog.clone()),
        Arc::new(guards_catalog.clone()),
        KnownDirectoryConfig::default(),
        CancellationToken::new(),
    );
    let mut checks: Vec<Arc<dyn Dependency>> = vec![
        Arc::new(dependencies::AdminDatabase::new(catalog.clone())),
        Arc::new(dependencies::Redis::new(redis.clone())),
        Arc::new(dependencies::Usage(meter.clone())),
    ];
    checks.extend(
        args.server
            .ready_file
            .clone()
            .map(|path| Arc::new(dependencies::StartUp(path)) as Arc<dyn Dependency>),
    );
    // Like the meter: gives back what it has leased when the last request is answered.
    let limiter = Limiter::start(
        LimiterConfig::default(),
        redis,
        Arc::new(CatalogSeed(guards_catalog)),
        stop_meter.clone(),
    );
    let databases =
        CustomerDatabases::new(args.server.router_config(), Arc::new(directory.clone()), keys.clone());
    tokio::spawn(follow_moves(directory.listen(), databases.clone()));
    // Before the gateway, which makes its counters with the recorder that is there then.
    let numbers = args.server.metrics_port.map(|port| anyhow::Ok((port, Numbers::start()?))).transpose()?;
    let gateway = Gateway::new(
        args.server.gateway_config(sessions.clone())?,
        directory.clone(),
        limiter.clone(),
        Arc::new(meter.clone()),
    );
    if let Some((port, numbers)) = numbers {
        let gauges = Gauges {
            databases: databases.clone(),
            directory,
            limiter: limiter.clone(),
            meter,
            gateway: gateway.clone(),
            acme: shown.standing(),
        };
        let address = SocketAddr::new(args.server.host, port);
        metrics::serve(address, certificate.clone(), numbers.clone(), gauges, stop.clone()).await?;
        tokio::spawn(metrics::follow_catalog(catalog.clone(), certificate.clone(), stop.clone()));
        tokio::spawn(metrics::tidy(numbers, stop.clone()));
    }
    if let Some(sessions) = &sessions {
        tokio::spawn(sessions.issuer.follow(stop.clone()));
        checks.push(Arc::new(dependencies::SessionKeys(Arc::clone(&sessions.issuer))));
    }
    let settings = args.server.settings(sessions.is_some())?;
    let control_plane = ControlPlane::new(catalog.clone(), keys.clone());
    let relying_party = args.openid.relying_party(address, certificate.is_some());
    let router = api::router(ApiParts {
        databases,
        gateway,
        watcher: OperationWatcher::start(catalog.clone(), stop.clone()),
        news: NewsDesk::start(catalog.clone(), stop.clone()),
        audit_streams: AuditStreams::new(control_plane.clone(), keys.clone()),
        identity: Identity::new(control_plane.clone(), catalog, keys).with_passkeys(relying_party),
        control_plane,
        dependencies: checks,
        operator_token,
        clerk_webhook,
        openid: args.openid.provider(stores).await?,
        certificate: certificate.clone(),
        is_https_in_front: args.openid.is_reached_over_https(),
        settings,
        allowed_origins: args.server.allowed_origins()?,
        stop: stop.clone(),
        provision_wait: Duration::from_secs(args.server.provision_wait_seconds),
    });
    shown.follow(&stop);
    tracing::info!(%address, https = certificate.is_some(), "serving");
    api::serve(Door { listener, certificate }, router, args.server.limits(), stop.cancelled_owned()).await;
    stop_meter.cancel();
    writer.await.context("the usage writer ended badly")?;
    limiter.stopped().await;
    tracing::info!("server stopped");
    Ok(())
}

/// Has the router look again where a customer's database is, whenever something about the customer changes.
async fn follow_moves(mut changes: broadcast::Receiver<Change>, databases: CustomerDatabases) {
    loop {
        match changes.recv().await {
            Ok(Change::Customer(customer)) => databases.revalidate(customer),
            // All may have changed, or there were more changes than could be kept.
            Ok(Change::Everything) | Err(RecvError::Lagged(_)) => databases.revalidate_all(),
            Err(RecvError::Closed) => return,
        }
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("port {} is taken by another process: stop it, or set PORT", address.port())
        }
        _ => anyhow::anyhow!("{address} can't be listened on: {error}"),
    })
}
