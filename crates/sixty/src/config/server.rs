//! Where the server listens.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use acme::AcmeConfig;
use anyhow::Context as _;
use api::{AllowedOrigins, CertificateFiles, LimitSetting, ServerCertificate, ServerLimits, Settings};
use chrono::TimeDelta;
use clap::Args;
use customer_db::RouterConfig;
use gateway::{GatewayConfig, GracePeriod, LimitsConfig, SessionConfig, TrustedProxies};
use ipnet::IpNet;
use limits::{DeclaredRate, OnRedisLoss};
use metering::MeteringConfig;

use super::StoreArgs;
use super::acme::AcmeArgs;

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
    /// A file with the server's certificate and those between it and an authority that callers trust, PEM. With it the
    /// server speaks HTTPS only; a changed file is taken up within seconds.
    #[arg(long, env = "SIXTY_TLS_CERTIFICATE_FILE", requires = "tls_key_file")]
    tls_certificate_file: Option<PathBuf>,
    /// A file with the certificate's private key, PEM. Only the server's user should be able to read it.
    #[arg(long, env = "SIXTY_TLS_KEY_FILE", requires = "tls_certificate_file")]
    tls_key_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) acme: AcmeArgs,
    /// Whether callers may come in without encryption where there is no certificate [default: nobody may, and the server
    /// doesn't begin without one].
    #[arg(long, env = "SIXTY_TLS", value_enum)]
    pub(crate) tls: Option<PlainText>,
    /// The port of /metrics, for Prometheus, at the same address, and encrypted if the server is. Not served unless given.
    #[arg(long, env = "SIXTY_METRICS_PORT")]
    pub(crate) metrics_port: Option<u16>,
    /// How many seconds a connection may be idle, or take to send a request's head. Longer than clients and proxies keep
    /// theirs.
    #[arg(long, env = "SIXTY_IDLE_SECONDS", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) idle_seconds: u64,
    /// Take no operator token of the configuration (SIXTY_OPERATOR_TOKEN): only operators with accounts come in. For when
    /// the first owner has signed in.
    #[arg(long, env = "SIXTY_WITHOUT_OPERATOR_TOKEN", num_args = 0..=1, default_missing_value = "true", default_value_t = false)]
    pub(crate) without_operator_token: bool,
    /// The networks of the proxies in front of the server, such as 10.0.0.0/8,fd00::/8. Only what they say in
    /// X-Forwarded-For counts.
    #[arg(long, env = "SIXTY_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// The sites whose pages may ask the customer API from a browser, such as `https://crm.example.com`. None unless given.
    #[arg(long, env = "SIXTY_CORS_ORIGINS", value_name = "ORIGIN,...", value_delimiter = ',')]
    pub(crate) cors_origins: Vec<String>,
    /// For how many days a customer whose subscription was canceled or has run out may still read.
    #[arg(long, env = "SIXTY_GRACE_DAYS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=3650))]
    pub(crate) grace_days: u32,
    /// How many requests each customer may make over all keys, such as 6000/minute (minute, hour, day or month), or
    /// 6000/minute;closed with what it does while Redis is away. Without limit unless given.
    #[arg(long, env = "SIXTY_CUSTOMER_RATE_LIMIT", value_name = "RATE")]
    pub(crate) customer_rate_limit: Option<DeclaredRate>,
    /// How many requests each customer may make on some routes, such as "POST /api/v1/deals=60/minute,...".
    #[arg(
        long,
        env = "SIXTY_ROUTE_RATE_LIMITS",
        value_name = "ROUTE=RATE,...",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) route_rate_limits: String,
    /// What a limit does while Redis is away, unless it says otherwise itself: each server counts for itself, all requests pass, or all that isn't
    /// granted already is refused.
    #[arg(long, env = "SIXTY_LIMITS_WITHOUT_REDIS", default_value = "local", value_enum)]
    pub(crate) limits_without_redis: WithoutRedis,
    /// How many connections to customers' databases the server makes at most, over all customers. Each takes a descriptor and
    /// some memory here.
    #[arg(long, env = "SIXTY_CUSTOMER_CONNECTIONS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    customer_connections: u32,
    /// How many of them are to one customer's database. The instance takes 40 from all servers and everybody else together.
    #[arg(long, env = "SIXTY_CONNECTIONS_PER_CUSTOMER", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    connections_per_customer: u32,
    /// How many seconds `POST /api/provision` waits for a customer to be ready.
    #[arg(long, env = "SIXTY_PROVISION_WAIT_SECONDS", default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=110))]
    pub(crate) provision_wait_seconds: u64,
    /// How many bytes of this machine's disk usage may take that isn't in the admin database yet; about 150 a request.
    #[arg(long, env = "SIXTY_USAGE_SPOOL_BYTES", default_value_t = MeteringConfig::SPOOL_BYTES, value_parser = clap::value_parser!(u64).range(1 << 20..))]
    pub(crate) usage_spool_bytes: u64,
    /// How many requests' usage waits in memory when the disk takes nothing more, about 400 bytes each; further ones are
    /// lost.
    #[arg(long, env = "SIXTY_USAGE_MEMORY_RECORDS", default_value_t = MeteringConfig::MEMORY_RECORDS, value_parser = clap::value_parser!(u32).range(1_000..=100_000_000))]
    pub(crate) usage_memory_records: u32,
    /// Not ready until this file is there.
    #[arg(long, env = "SIXTY_READY_FILE", hide = true)]
    pub(crate) ready_file: Option<PathBuf>,
}

/// Where the server's certificate comes from.
#[derive(Debug)]
pub(crate) enum CertificateSource {
    /// There is none: plain HTTP was asked for.
    None,
    /// Files.
    Files(Arc<ServerCertificate>),
    /// An ACME authority.
    Acme(Box<AcmeConfig>),
}

/// Who may come in without encryption.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlainText {
    /// Whoever is on this machine: a proxy that ends TLS, say.
    Plain,
    /// Also other machines: only on a network that is nobody else's.
    PlainOnNetwork,
}

impl PlainText {
    /// As the variable says it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::PlainOnNetwork => "plain-on-network",
        }
    }
}

/// What a limit does while Redis is away.
#[derive(clap::ValueEnum, Debug, Clone, Copy)]
pub(crate) enum WithoutRedis {
    /// Each server counts for itself.
    Local,
    /// Everything passes.
    Open,
    /// What isn't granted already is refused.
    Closed,
}

impl From<WithoutRedis> for OnRedisLoss {
    fn from(choice: WithoutRedis) -> Self {
        match choice {
            WithoutRedis::Local => Self::NodeLocal,
            WithoutRedis::Open => Self::Open,
            WithoutRedis::Closed => Self::Closed,
        }
    }
}

impl ServerArgs {
    /// What the server takes from its callers.
    pub(crate) fn limits(&self) -> ServerLimits {
        ServerLimits { head_timeout: Duration::from_secs(self.idle_seconds), ..ServerLimits::default() }
    }

    /// The same with what a store holds in the place of its name.
    ///
    /// # Errors
    /// When the store doesn't give it.
    pub(crate) async fn resolved(&self, stores: &StoreArgs) -> anyhow::Result<Self> {
        Ok(Self { acme: self.acme.resolved(stores).await?, ..self.clone() })
    }

    /// Where the certificate comes from that the server shows. What a store holds is [`Self::resolved`] before.
    ///
    /// # Errors
    /// When it can't be used or ordered, or there is none and nobody asked for plain text.
    pub(crate) fn certificate(&self) -> anyhow::Result<CertificateSource> {
        if let Some(config) = self.acme.config()? {
            anyhow::ensure!(
                self.tls_certificate_file.is_none(),
                "SIXTY_ACME_DOMAINS orders a certificate, and SIXTY_TLS_CERTIFICATE_FILE names another one: take one of them away"
            );
            return Ok(CertificateSource::Acme(Box::new(config)));
        }
        let (Some(certificate), Some(key)) = (&self.tls_certificate_file, &self.tls_key_file) else {
            self.check_plain_text()?;
            return Ok(CertificateSource::None);
        };
        let files = CertificateFiles { certificate: certificate.clone(), key: key.clone() };
        let opened =
            ServerCertificate::open(files).context("SIXTY_TLS_CERTIFICATE_FILE and SIXTY_TLS_KEY_FILE")?;
        Ok(CertificateSource::Files(Arc::new(opened)))
    }

    /// The same for the local stack, which asks for plain text on this machine unless it was told otherwise.
    pub(crate) fn in_the_local_stack(self) -> Self {
        Self { tls: self.tls.or(Some(PlainText::Plain)), ..self }
    }

    /// Whether plain HTTP is what was asked for.
    ///
    /// # Errors
    /// When nobody asked for it, or callers on other machines would send their keys in the clear and nobody said that they
    /// may.
    pub(crate) fn check_plain_text(&self) -> anyhow::Result<()> {
        match self.tls {
            Some(PlainText::PlainOnNetwork) => Ok(()),
            _ if !self.host.is_loopback() => anyhow::bail!(
                "SIXTY_HOST={} lets other machines in, and without a certificate their keys and data would go in the clear. Set \
                 SIXTY_TLS_CERTIFICATE_FILE and SIXTY_TLS_KEY_FILE, or SIXTY_ACME_DOMAINS; on a network that is nobody else's, \
                 SIXTY_TLS=plain-on-network",
                self.host
            ),
            Some(PlainText::Plain) => Ok(()),
            None => anyhow::bail!(
                "the server speaks HTTPS and has no certificate: set SIXTY_TLS_CERTIFICATE_FILE and SIXTY_TLS_KEY_FILE, or \
                 SIXTY_ACME_DOMAINS to order one, or SIXTY_TLS=plain to serve this machine alone in the clear"
            ),
        }
    }

    /// Which sites' pages may ask.
    pub(crate) fn allowed_origins(&self) -> anyhow::Result<AllowedOrigins> {
        let named = self.cors_origins.iter().map(|origin| origin.trim()).filter(|origin| !origin.is_empty());
        AllowedOrigins::parse(named).context("SIXTY_CORS_ORIGINS")
    }

    /// What of all this is shown to operators.
    pub(crate) fn settings(&self, has_sessions: bool) -> anyhow::Result<Settings> {
        let limit = |limit: DeclaredRate| LimitSetting {
            requests: limit.rate.quota,
            period: limit.rate.period.to_string(),
            without_redis: limit.on_redis_loss.map(|declared| match declared {
                OnRedisLoss::NodeLocal => "local",
                OnRedisLoss::Open => "open",
                OnRedisLoss::Closed => "closed",
            }),
        };
        let routes = limits::route_rates(&self.route_rate_limits).context("SIXTY_ROUTE_RATE_LIMITS")?;
        Ok(Settings {
            grace_days: self.grace_days,
            customer_limit: self.customer_rate_limit.map(limit),
            route_limits: routes.iter().map(|route| (route.route.to_string(), limit(route.limit))).collect(),
            limits_without_redis: match self.limits_without_redis {
                WithoutRedis::Local => "local",
                WithoutRedis::Open => "open",
                WithoutRedis::Closed => "closed",
            },
            cors_origins: self.cors_origins.clone(),
            trusted_proxies: self.trusted_proxies.iter().map(ToString::to_string).collect(),
            provision_wait_seconds: self.provision_wait_seconds,
            usage_spool_bytes: self.usage_spool_bytes,
            has_sessions,
            has_metrics: self.metrics_port.is_some(),
        })
    }

    /// How many connections customers' requests get.
    pub(crate) fn router_config(&self) -> RouterConfig {
        RouterConfig {
            max_connections: self.customer_connections as usize,
            max_connections_per_customer: self.connections_per_customer.min(self.customer_connections)
                as usize,
            ..RouterConfig::default()
        }
    }

    /// How usage is gathered, in this folder.
    pub(crate) fn metering_config(&self, folder: PathBuf) -> MeteringConfig {
        MeteringConfig {
            spool_bytes: self.usage_spool_bytes,
            memory_records: self.usage_memory_records as usize,
            ..MeteringConfig::new(folder)
        }
    }

    /// What the gateway is told.
    pub(crate) fn gateway_config(&self, sessions: Option<SessionConfig>) -> anyhow::Result<GatewayConfig> {
        let routes = limits::route_rates(&self.route_rate_limits).context("SIXTY_ROUTE_RATE_LIMITS")?;
        let limits = LimitsConfig {
            customer: self.customer_rate_limit,
            routes,
            on_redis_loss: self.limits_without_redis.into(),
        };
        let unknown = limits
            .unknown_routes(crm::ROUTES.iter().map(|route| (route.method.as_str(), route.path.as_str())));
        if let Some(route) = unknown.first() {
            anyhow::bail!("SIXTY_ROUTE_RATE_LIMITS: there is no route {route}; /api/docs lists them");
        }
        let grace = (self.grace_days > 0).then(|| TimeDelta::days(i64::from(self.grace_days)));
        Ok(GatewayConfig {
            trusted_proxies: TrustedProxies::new(self.trusted_proxies.clone()),
            grace_period: GracePeriod(grace),
            limits,
            sessions,
        })
    }
}

/// A range of addresses; a single address is a range of one.
fn network(text: &str) -> Result<IpNet, String> {
    let network = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("{text:?} is no network: write it such as 10.0.0.0/8 or 2001:db8::/32"))?;
    // An IPv4 proxy is compared as one, however the socket shows it: such a range would trust nobody.
    if let IpNet::V6(range) = network
        && let Some(address) = range.addr().to_ipv4_mapped()
    {
        let right = match range.prefix_len().checked_sub(96) {
            Some(prefix) => format!("write {address}/{prefix}"),
            None => "write it such as 10.0.0.0/8".to_owned(),
        };
        return Err(format!("{text:?} is an IPv4 range written as IPv6: {right}"));
    }
    Ok(network)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        server: ServerArgs,
    }

    fn opens(options: &[&str]) -> anyhow::Result<()> {
        let args = Program::try_parse_from(["sixty"].iter().chain(options)).unwrap().server;
        args.certificate().map(drop)
    }

    #[test]
    fn other_machines_come_in_encrypted_or_by_word() {
        for here in ["127.0.0.1", "127.9.9.9", "::1"] {
            assert!(opens(&["--host", here, "--tls", "plain"]).is_ok(), "{here}");
            let refused = opens(&["--host", here]).unwrap_err().to_string();
            assert!(refused.contains("SIXTY_TLS=plain"), "{refused}");
        }
        for open in ["0.0.0.0", "::", "192.0.2.1"] {
            for options in [&["--host", open][..], &["--host", open, "--tls", "plain"]] {
                let refused = opens(options).unwrap_err().to_string();
                assert!(refused.contains("SIXTY_TLS_CERTIFICATE_FILE"), "{refused}");
            }
            assert!(opens(&["--host", open, "--tls", "plain-on-network"]).is_ok(), "{open}");
        }
    }

    #[test]
    fn a_network_of_proxies_that_would_trust_nobody_is_refused_and_the_right_one_is_told() {
        for (text, trusted) in
            [("10.0.0.0/8", "10.0.0.0/8"), ("10.0.0.1", "10.0.0.1/32"), ("fd00::/8", "fd00::/8")]
        {
            assert_eq!(network(text).unwrap().to_string(), trusted);
        }
        for (text, right) in [
            ("::ffff:10.0.0.0/104", "is an IPv4 range written as IPv6: write 10.0.0.0/8"),
            ("::ffff:10.0.0.1", "is an IPv4 range written as IPv6: write 10.0.0.1/32"),
            ("::ffff:0:0/96", "is an IPv4 range written as IPv6: write 0.0.0.0/0"),
            ("::ffff:10.0.0.0/8", "is an IPv4 range written as IPv6: write it such as 10.0.0.0/8"),
            ("10.0.0.0/33", "is no network"),
        ] {
            let told = network(text).unwrap_err();
            assert!(told.contains(right), "{told}");
        }
        let refused = Program::try_parse_from(["sixty", "--trusted-proxies", "::ffff:10.0.0.0/104"]);
        assert!(refused.is_err_and(|error| error.to_string().contains("write 10.0.0.0/8")));
    }

    #[test]
    fn a_larger_server_takes_more_connections() {
        let config = |options: &[&str]| {
            let args = Program::try_parse_from(["sixty"].iter().chain(options)).unwrap().server;
            let config = args.router_config();
            (config.max_connections, config.max_connections_per_customer)
        };
        assert_eq!(config(&[]), (256, 8));
        let more = ["--customer-connections", "5000", "--connections-per-customer", "16"];
        assert_eq!(config(&more), (5000, 16));
        assert_eq!(config(&["--customer-connections", "3"]), (3, 3));
        assert!(Program::try_parse_from(["sixty", "--customer-connections", "0"]).is_err());
    }

    #[test]
    fn the_local_stack_asks_for_plain_text_on_this_machine_alone() {
        let asks = |options: &[&str]| {
            let args = Program::try_parse_from(["sixty"].iter().chain(options)).unwrap().server;
            args.in_the_local_stack().check_plain_text()
        };
        assert!(asks(&[]).is_ok());
        assert!(asks(&["--host", "0.0.0.0"]).is_err());
        assert!(asks(&["--host", "0.0.0.0", "--tls", "plain-on-network"]).is_ok());
    }
}
