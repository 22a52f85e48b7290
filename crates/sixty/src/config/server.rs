//! Where the server listens.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

/// PORT and SIXTY_HOST.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArgs {
    /// The port.
    #[arg(long, env = "PORT", default_value_t = 3000)]
    pub(crate) port: u16,
    /// The address to listen on. Only this machine unless told otherwise.
    #[arg(long, env = "SIXTY_HOST", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// How many seconds `POST /api/provision` waits for a customer to be ready.
    #[arg(long, env = "SIXTY_PROVISION_WAIT_SECONDS", default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=110))]
    pub(crate) provision_wait_seconds: u64,
    /// Not ready until this file is there.
    #[arg(long, env = "SIXTY_READY_FILE", hide = true)]
    pub(crate) ready_file: Option<PathBuf>,
}
