//! Traces: the spans of requests, jobs and operations, sent to a collector by OTLP over HTTP.
//!
//! The spans have a target and a level of their own, so that without a collector none is made: a macro then only looks at
//! a number. No span says what a request carries: no header, no body, no query.

use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

/// The target of every span of a trace; they have the level `TRACE`.
pub const SPANS: &str = "sixty::trace";

/// Whether anybody may want spans. What makes several for each request asks this first: a span that isn't made is still
/// put down, entered and left.
#[must_use]
pub fn are_wanted() -> bool {
    tracing::level_filters::LevelFilter::current() >= tracing::level_filters::LevelFilter::TRACE
}

/// How long the collector may take, and how long the end waits for the last spans.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where traces go.
#[derive(Debug, Clone)]
pub struct TraceConfig {
    /// The collector, such as `http://localhost:4318`; `/v1/traces` is added.
    pub endpoint: String,
    /// What this program is called in traces.
    pub service_name: String,
    /// Which part of the traces is sent: 1 for all.
    pub ratio: f64,
}

/// Sends traces for as long as it is kept; when it is dropped, the last spans are sent.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    pub(crate) fn start(config: TraceConfig) -> anyhow::Result<Self> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}/v1/traces", config.endpoint.trim_end_matches('/')))
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| anyhow::anyhow!("OTEL_EXPORTER_OTLP_ENDPOINT: {error}"))?;
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.ratio)));
        let resource = Resource::builder_empty().with_service_name(config.service_name).build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler)
            .with_resource(resource)
            .build();
        Ok(Self(provider))
    }

    pub(crate) fn tracer(&self) -> SdkTracer {
        self.0.tracer("sixty")
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}
