//! Logs, numbers for Prometheus, and traces.

mod method;
mod numbers;
mod request;
mod traces;

use std::io::IsTerminal as _;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{Format, JsonFields};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use method::method_name;
pub use numbers::Numbers;
use request::{Added, NamingRequest};
pub use request::{Ended, RequestContext};
pub use traces::{SPANS, TraceConfig, Traces, are_wanted as spans_are_wanted};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Starts logging to standard error, and traces if there is a collector for them. `filter` is a `tracing` filter such as
/// `info` or `warn,api=debug`.
///
/// # Errors
/// When the filter can't be parsed, the collector's URL isn't one, or logging was started before.
pub fn start(filter: &str, format: LogFormat, traces: Option<TraceConfig>) -> anyhow::Result<Option<Traces>> {
    let filter = EnvFilter::try_new(filter).map_err(|error| anyhow::anyhow!("SIXTY_LOG: {error}"))?;
    let traces = traces.map(Traces::start).transpose()?;
    let spans = traces.as_ref().map(|traces| {
        let only = Targets::new().with_target(SPANS, LevelFilter::TRACE);
        tracing_opentelemetry::layer().with_tracer(traces.tracer()).with_filter(only)
    });
    let started = match spans {
        // One filter for everything is quicker than one for each.
        None => tracing_subscriber::registry().with(filter).with(lines(format)).try_init(),
        Some(spans) => {
            tracing_subscriber::registry().with(spans).with(lines(format).with_filter(filter)).try_init()
        }
    };
    started.map_err(|error| anyhow::anyhow!("logging can't be started: {error}"))?;
    Ok(traces)
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Text => {
            let text = Format::default().with_target(false).with_ansi(std::io::stderr().is_terminal());
            layer.event_format(NamingRequest { inner: text, added: Added::Text }).boxed()
        }
        LogFormat::Json => {
            let json = NamingRequest { inner: Format::default().json(), added: Added::Json };
            layer.fmt_fields(JsonFields::new()).event_format(json).boxed()
        }
    }
}
