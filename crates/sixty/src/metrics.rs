//! `/metrics`, on a port of its own: it isn't for the world.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api::{Door, ServerCertificate, ServerLimits};
use axum::Router;
use axum::http::header;
use axum::routing::get;
use catalog::{Catalog, CatalogError, audit_streams, instances};
use chrono::{DateTime, Utc};
use customer_db::CustomerDatabases;
use gateway::{FeedState, Gateway, KnownDirectory};
use limits::Limiter;
use metering::Meter;
use metrics::{counter, gauge};
use telemetry::Numbers;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often the admin database is asked.
const CATALOG_EVERY: Duration = Duration::from_secs(15);
/// How often what was measured is folded into the histograms.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// What is looked at when the numbers are asked for.
pub(crate) struct Gauges {
    pub(crate) databases: CustomerDatabases,
    pub(crate) directory: KnownDirectory,
    pub(crate) limiter: Limiter,
    pub(crate) meter: Meter,
    pub(crate) gateway: Gateway,
    /// How the order of the server's certificate stands, if it is ordered.
    pub(crate) acme: Option<watch::Receiver<acme::Standing>>,
}

impl Gauges {
    fn set(&self) {
        self.gateway.tell_numbers();
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and these counts are small")]
        let number = |count: usize| count as f64;
        let is = |yes: bool| if yes { 1.0 } else { 0.0 };
        let customers = self.databases.snapshot();
        gauge!("sixty_customer_connections").set(number(customers.connections));
        gauge!("sixty_customer_connections_in_use").set(number(customers.in_use));
        gauge!("sixty_customer_connections_idle").set(number(customers.idle));
        gauge!("sixty_customer_connections_waiting").set(number(customers.waiting));
        gauge!("sixty_customer_pools").set(number(customers.pools));
        let refusals = customers.refusals;
        for (cause, count) in [
            ("connections", refusals.connections),
            ("queue", refusals.queue),
            ("budget", refusals.budget),
            ("away", refusals.away),
        ] {
            counter!("sixty_customer_connections_refused_total", "cause" => cause).absolute(count);
        }
        counter!("sixty_customer_connections_evicted_total").absolute(customers.evicted);
        gauge!("sixty_directory_feed_live").set(is(self.directory.feed() == FeedState::Live));
        self.set_directory();
        let limits = self.limiter.health();
        gauge!("sixty_limits_redis_reachable").set(is(limits.redis));
        gauge!("sixty_limits_held").set(number(limits.limits));
        counter!("sixty_limits_checks_total").absolute(limits.checks);
        counter!("sixty_limits_waited_total").absolute(limits.waited);
        counter!("sixty_limits_alone_total").absolute(limits.alone);
        if let Some(acme) = &self.acme {
            gauge!("sixty_acme_failed_attempts").set(f64::from(acme.borrow().failed_attempts));
        }
        self.set_metering();
    }

    fn set_directory(&self) {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and exact up to 2^53")]
        let number = |count: u64| count as f64;
        let counts = self.directory.counts();
        for (of, count) in [
            ("keys", counts.keys),
            ("members", counts.members),
            ("sessions", counts.sessions),
            ("databases", counts.databases),
        ] {
            gauge!("sixty_directory_remembered", "of" => of).set(number(count));
        }
        counter!("sixty_directory_questions_total").absolute(counts.questions);
        counter!("sixty_directory_questions_failed_total").absolute(counts.failed);
        counter!("sixty_directory_last_resorts_total").absolute(counts.last_resorts);
    }

    fn set_metering(&self) {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and exact up to 2^53")]
        let number = |count: u64| count as f64;
        let health = self.meter.health();
        gauge!("sixty_usage_spooled_bytes").set(number(health.spooled_bytes));
        gauge!("sixty_usage_waiting_records").set(number(health.waiting_records));
        gauge!("sixty_usage_lag_seconds").set(health.lag.as_secs_f64());
        gauge!("sixty_usage_unsynced_seconds").set(health.unsynced.as_secs_f64());
        gauge!("sixty_usage_spool_limit_bytes").set(number(health.spool_limit_bytes));
        gauge!("sixty_usage_in_memory_records").set(number(health.in_memory as u64));
        gauge!("sixty_usage_memory_limit_records").set(number(health.memory_limit as u64));
        gauge!("sixty_usage_adopted_spools").set(number(health.adopted_spools as u64));
        counter!("sixty_usage_refused_total").absolute(health.refused);
        counter!("sixty_usage_damaged_bytes_total").absolute(health.damaged_bytes);
        counter!("sixty_usage_handed_over_total").absolute(health.handed_over);
        counter!("sixty_usage_lost_total").absolute(health.lost);
        gauge!("sixty_usage_degraded").set(if health.is_degraded() { 1.0 } else { 0.0 });
    }
}

/// Serves the numbers until `stop`, encrypted if there is a certificate.
pub(crate) async fn serve(
    address: SocketAddr,
    certificate: Option<Arc<ServerCertificate>>,
    numbers: Numbers,
    gauges: Gauges,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        anyhow::anyhow!("{address} can't be listened on for /metrics: {error}. Set SIXTY_METRICS_PORT")
    })?;
    tracing::info!(%address, "serving /metrics");
    let gauges = Arc::new(gauges);
    let router = Router::new().route(
        "/metrics",
        get(move || {
            gauges.set();
            let text = numbers.render();
            async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text) }
        }),
    );
    let door = Door { listener, certificate };
    tokio::spawn(api::serve(door, router, ServerLimits::default(), stop.cancelled_owned()));
    Ok(())
}

/// Keeps what a server can't know without asking, until `stop`: when certificates end (the server's own, the first of all
/// customers' instances, and the first of who signed those), and how far streams of the audit log are behind.
pub(crate) async fn follow_catalog(
    catalog: Catalog,
    own: Option<Arc<ServerCertificate>>,
    stop: CancellationToken,
) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a gauge is a float, and seconds since 1970 are exact in it"
    )]
    let set = |what: &'static str, at: Option<DateTime<Utc>>| {
        if let Some(at) = at {
            gauge!("sixty_certificate_expires_timestamp_seconds", "of" => what).set(at.timestamp() as f64);
        }
    };
    let mut ticks = tokio::time::interval(CATALOG_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        set("server", own.as_ref().and_then(|own| own.expires_at()).map(Into::into));
        let asked = async { instances::certificates(&catalog.client().await?).await };
        // What was known stays while the admin database is away.
        if let Ok(known) = asked.await {
            set("instances", known.first_expires_at);
            set("instances_authority", known.first_authority_expires_at);
        }
        if let Err(error) = set_streams(&catalog).await {
            tracing::debug!(%error, "how far audit streams are behind isn't known");
        }
    }
}

async fn set_streams(catalog: &Catalog) -> Result<(), CatalogError> {
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and exact up to 2^53")]
    let number = |count: i64| count as f64;
    let client = catalog.client().await?;
    for stream in audit_streams::list(&client).await? {
        let lag = audit_streams::lag(&client, stream.id).await?;
        let seconds = lag.oldest.map_or(0, |oldest| (Utc::now() - oldest).num_seconds().max(0));
        gauge!("sixty_audit_stream_behind_rows", "stream" => stream.name.clone()).set(number(lag.rows));
        gauge!("sixty_audit_stream_behind_seconds", "stream" => stream.name).set(number(seconds));
    }
    Ok(())
}

/// Folds what was measured, every few seconds, until `stop`.
pub(crate) async fn tidy(numbers: Numbers, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(TIDY_EVERY);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        numbers.tidy();
    }
}
