//! Where the server listens.

use std::net::IpAddr;
use std::path::PathBuf;

use chrono::TimeDelta;
use clap::Args;
use gateway::{GatewayConfig, GracePeriod, TrustedProxies};
use ipnet::IpNet;

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
    /// The port of /metrics, for Prometheus, at the same address. Not served unless given.
    #[arg(long, env = "SIXTY_METRICS_PORT")]
    pub(crate) metrics_port: Option<u16>,
    /// The networks of the proxies in front of the server, such as 10.0.0.0/8,fd00::/8. Only what they say in
    /// X-Forwarded-For counts.
    #[arg(long, env = "SIXTY_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// For how many days a customer whose subscription was canceled or has run out may still read.
    #[arg(long, env = "SIXTY_GRACE_DAYS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=3650))]
    pub(crate) grace_days: u32,
    /// How many seconds `POST /api/provision` waits for a customer to be ready.
    #[arg(long, env = "SIXTY_PROVISION_WAIT_SECONDS", default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=110))]
    pub(crate) provision_wait_seconds: u64,
    /// Not ready until this file is there.
    #[arg(long, env = "SIXTY_READY_FILE", hide = true)]
    pub(crate) ready_file: Option<PathBuf>,
}

impl ServerArgs {
    /// What the gateway is told.
    pub(crate) fn gateway_config(&self) -> GatewayConfig {
        let grace = (self.grace_days > 0).then(|| TimeDelta::days(i64::from(self.grace_days)));
        GatewayConfig {
            trusted_proxies: TrustedProxies::new(self.trusted_proxies.clone()),
            grace_period: GracePeriod(grace),
        }
    }
}

/// A range of addresses; a single address is a range of one.
fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("{text:?} is no network: write it such as 10.0.0.0/8 or 2001:db8::/32"))
}
