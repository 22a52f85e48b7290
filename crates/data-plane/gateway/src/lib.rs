//! The guarded path: every request of a customer's program passes it before a handler sees it.
//!
//! Address, key or session, customer's status, module, permission and limits: each step is one file with one decision; [`Gateway::guard`]
//! takes them in order and counts the request whatever becomes of it. None of them makes a network call when the answer
//! is already known.

mod authenticate;
mod client_address;
mod customer_status;
mod guard;
mod known;
mod meter;
mod module;
mod observe;
mod passage;
mod permission;
mod rate_limit;
mod session;
mod tally;

use std::sync::Arc;

use limits::Limiter;
use observe::Numbers;

pub use authenticate::bearer_token;
pub use client_address::{ClientAddress, TrustedProxies};
pub use customer_status::GracePeriod;
pub use known::{DirectoryCounts, FeedState, KnownDirectory, KnownDirectoryConfig};
pub use meter::UsageRecorder;
pub use passage::IMPERSONATED_BY;
pub use rate_limit::LimitsConfig;
pub use session::SessionConfig;

/// What the guard is told about the world around it.
#[derive(Clone, Debug, Default)]
pub struct GatewayConfig {
    /// Whose forwarded headers count.
    pub trusted_proxies: TrustedProxies,
    /// For how long a customer whose subscription has ended may still read.
    pub grace_period: GracePeriod,
    /// Limits beyond those of the keys.
    pub limits: LimitsConfig,
    /// Whose session tokens are taken beside keys; nobody's when not given.
    pub sessions: Option<SessionConfig>,
}

/// Guards routes. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    config: GatewayConfig,
    directory: KnownDirectory,
    limiter: Limiter,
    recorder: Arc<dyn UsageRecorder>,
    numbers: Numbers,
}

impl Gateway {
    /// A gateway that asks this directory who a key belongs to, lets this limiter count, and hands usage to this recorder.
    ///
    /// Its numbers go to the metrics recorder that is installed at this moment.
    pub fn new(
        config: GatewayConfig,
        directory: KnownDirectory,
        limiter: Limiter,
        recorder: Arc<dyn UsageRecorder>,
    ) -> Self {
        Self(Arc::new(Inner { config, directory, limiter, recorder, numbers: Numbers::new() }))
    }

    /// Whose forwarded headers count.
    #[must_use]
    pub fn trusted_proxies(&self) -> &TrustedProxies {
        &self.0.config.trusted_proxies
    }

    /// Adds what was counted of requests to the metrics recorder: to be called before its numbers are read.
    pub fn tell_numbers(&self) {
        self.0.numbers.tell();
    }

    /// What is known of the directory.
    #[must_use]
    pub fn directory(&self) -> &KnownDirectory {
        &self.0.directory
    }
}
