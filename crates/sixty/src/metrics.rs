//! `/metrics`, on a port of its own: it isn't for the world.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use customer_db::CustomerDatabases;
use gateway::{FeedState, Gateway, KnownDirectory};
use limits::Limiter;
use metering::Meter;
use metrics::{counter, gauge};
use telemetry::Numbers;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How often what was measured is folded into the histograms.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// What is looked at when the numbers are asked for.
pub(crate) struct Gauges {
    pub(crate) databases: CustomerDatabases,
    pub(crate) directory: KnownDirectory,
    pub(crate) limiter: Limiter,
    pub(crate) meter: Meter,
    pub(crate) gateway: Gateway,
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
        let limits = self.limiter.health();
        gauge!("sixty_limits_redis_reachable").set(is(limits.redis));
        gauge!("sixty_limits_held").set(number(limits.limits));
        metrics::counter!("sixty_limits_checks_total").absolute(limits.checks);
        metrics::counter!("sixty_limits_waited_total").absolute(limits.waited);
        metrics::counter!("sixty_limits_alone_total").absolute(limits.alone);
        self.set_metering();
    }

    fn set_metering(&self) {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and exact up to 2^53")]
        let number = |count: u64| count as f64;
        let health = self.meter.health();
        gauge!("sixty_usage_spooled_bytes").set(number(health.spooled_bytes));
        gauge!("sixty_usage_waiting_records").set(number(health.waiting_records));
        gauge!("sixty_usage_lag_seconds").set(health.lag.as_secs_f64());
        gauge!("sixty_usage_spool_limit_bytes").set(number(health.spool_limit_bytes));
        gauge!("sixty_usage_in_memory_records").set(number(health.in_memory as u64));
        gauge!("sixty_usage_memory_limit_records").set(number(health.memory_limit as u64));
        gauge!("sixty_usage_adopted_spools").set(number(health.adopted_spools as u64));
        metrics::counter!("sixty_usage_refused_total").absolute(health.refused);
        metrics::counter!("sixty_usage_damaged_bytes_total").absolute(health.damaged_bytes);
        metrics::counter!("sixty_usage_handed_over_total").absolute(health.handed_over);
        metrics::counter!("sixty_usage_lost_total").absolute(health.lost);
        gauge!("sixty_usage_degraded").set(if health.is_degraded() { 1.0 } else { 0.0 });
    }
}

/// Serves the numbers until `stop`.
pub(crate) async fn serve(
    address: SocketAddr,
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
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
        {
            tracing::error!(%error, "/metrics isn't served any more");
        }
    });
    Ok(())
}

/// Folds what was measured, every few seconds, until `stop`.
pub(crate) async fn tidy(numbers: Numbers, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(TIDY_EVERY);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        numbers.tidy();
    }
}
