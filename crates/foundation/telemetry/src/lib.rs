//! Logs, and numbers for Prometheus.

mod numbers;
mod request;

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, JsonFields};

pub use numbers::Numbers;
pub use request::RequestContext;
use request::{Added, NamingRequest};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// Starts logging to standard error. `filter` is a `tracing` filter such as `info` or `warn,api=debug`.
///
/// # Errors
/// When the filter can't be parsed, or logging was started before.
pub fn start(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|error| anyhow::anyhow!("SIXTY_LOG: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let colours = std::io::stderr().is_terminal();
    let text = Format::default().with_target(false).with_ansi(colours);
    let started = match format {
        LogFormat::Text => builder.event_format(NamingRequest { inner: text, added: Added::Text }).try_init(),
        LogFormat::Json => {
            let json = Format::default().json();
            builder
                .fmt_fields(JsonFields::new())
                .event_format(NamingRequest { inner: json, added: Added::Json })
                .try_init()
        }
    };
    started.map_err(|error| anyhow::anyhow!("logging can't be started: {error}"))
}
