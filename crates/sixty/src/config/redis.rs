//! Where Redis is.

use clap::Args;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrets::{ExposeSecret, SecretString};

use super::StoreArgs;

/// What must be escaped in a URL's password: all but the characters that RFC 3986 calls unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// REDIS_URL, or the three parts.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Redis")]
pub(crate) struct RedisArgs {
    /// The whole URL; wins over the parts.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    redis_url: Option<SecretString>,
    /// The host.
    #[arg(long, env = "REDIS_HOST", default_value = "localhost")]
    redis_host: String,
    /// The port.
    #[arg(long, env = "REDIS_PORT", default_value_t = 6379)]
    pub(crate) redis_port: u16,
    /// The password. Set the variable rather than the option: options are seen in process lists.
    #[arg(
        long,
        env = "REDIS_PASSWORD",
        default_value = "dev_password",
        hide_env_values = true,
        hide_default_value = true
    )]
    pub(crate) redis_password: SecretString,
}

impl RedisArgs {
    /// The same on this machine: what `sixty dev` runs is its own, whatever other Redis the variables point at.
    pub(crate) fn on_this_machine(&self) -> Self {
        Self { redis_url: None, redis_host: "localhost".to_owned(), ..self.clone() }
    }

    /// The same with what a store holds in the place of its name.
    pub(crate) async fn resolved(&self, stores: &StoreArgs) -> anyhow::Result<Self> {
        let mut resolved = self.clone();
        if let Some(url) = resolved.redis_url.take() {
            resolved.redis_url = Some(stores.resolve("REDIS_URL", url).await?);
        }
        resolved.redis_password = stores.resolve("REDIS_PASSWORD", resolved.redis_password).await?;
        Ok(resolved)
    }

    pub(crate) fn url(&self) -> SecretString {
        if let Some(url) = &self.redis_url {
            return url.clone();
        }
        let password = utf8_percent_encode(self.redis_password.expose_secret(), ESCAPED);
        SecretString::from(format!("redis://:{password}@{}:{}", self.redis_host, self.redis_port))
    }
}
