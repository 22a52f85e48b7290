//! How log lines are written.

use clap::{Args, ValueEnum};

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
}
