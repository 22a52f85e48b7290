//! What a server was started with, as far as it is to be shown: nothing secret, no path, no address of a store.

/// A limit: so many requests per period.
#[derive(Debug, Clone)]
pub struct LimitSetting {
    /// How many.
    pub requests: u64,
    /// `minute`, `hour`, `day` or `month`.
    pub period: String,
    /// What it does while Redis is away, where that isn't what all limits do.
    pub without_redis: Option<&'static str>,
}

/// What a server was started with.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// For how many days a customer whose subscription has ended may still read.
    pub grace_days: u32,
    /// How many requests a customer may make over all keys.
    pub customer_limit: Option<LimitSetting>,
    /// How many requests a customer may make on some routes, by method and path.
    pub route_limits: Vec<(String, LimitSetting)>,
    /// What a limit does while Redis is away: `local`, `open` or `closed`.
    pub limits_without_redis: &'static str,
    /// The sites whose pages may ask the customer API.
    pub cors_origins: Vec<String>,
    /// The networks of the proxies in front of the server.
    pub trusted_proxies: Vec<String>,
    /// How long a sign-up by `POST /api/provision` is waited for.
    pub provision_wait_seconds: u64,
    /// How much disk usage may take that isn't in the admin database yet.
    pub usage_spool_bytes: u64,
    /// Whether customers' people may come in with session tokens.
    pub has_sessions: bool,
    /// Whether metrics are served.
    pub has_metrics: bool,
}
