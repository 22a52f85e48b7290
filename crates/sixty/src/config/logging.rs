//! How log lines are written.

use clap::{Args, ValueEnum};
use telemetry::TraceConfig;

/// The form of log lines.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormatArg {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// SIXTY_LOG and SIXTY_LOG_FORMAT.
#[derive(Args, Debug, Clone)]
pub(crate) struct LogArgs {
    /// Which log lines are written, such as `info` or `warn,api=debug`.
    #[arg(
        long,
        env = "SIXTY_LOG",
        default_value = "info,apalis_core=warn,apalis_redis=warn,tokio_postgres=warn",
        global = true
    )]
    pub(crate) log: String,
    /// The form of log lines.
    #[arg(long, env = "SIXTY_LOG_FORMAT", value_enum, default_value_t = LogFormatArg::Text, global = true)]
    pub(crate) log_format: LogFormatArg,
    /// Where traces are sent: a collector that takes OTLP over HTTP, such as `http://localhost:4318`.
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "URL",
        global = true,
        hide_short_help = true
    )]
    trace_endpoint: Option<String>,
    /// What this program is called in traces.
    #[arg(long, env = "OTEL_SERVICE_NAME", default_value = "sixty", global = true, hide_short_help = true)]
    trace_service_name: String,
    /// Which part of all traces is sent, from 0 to 1.
    #[arg(
        long,
        env = "OTEL_TRACES_SAMPLER_ARG",
        default_value_t = 1.0,
        global = true,
        hide_short_help = true
    )]
    trace_ratio: f64,
}

impl LogArgs {
    /// Where traces are sent, if anywhere.
    pub(crate) fn traces(&self) -> Option<TraceConfig> {
        let endpoint = self.trace_endpoint.clone().filter(|endpoint| !endpoint.is_empty())?;
        Some(TraceConfig {
            endpoint,
            service_name: self.trace_service_name.clone(),
            ratio: self.trace_ratio.clamp(0.0, 1.0),
        })
    }
}
