//! Where Redis is.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use redis_address::RedisAddress;
use secrets::{ExposeSecret, SecretString};
use url::Url;

use super::StoreArgs;
use super::encryption::{Encryption, Place, Way, is_this_machine};
use super::stores::is_reference;

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
    /// Whether the way there is encrypted [default: verify-full to other machines; on this one it must be said. A URL says it:
    /// rediss:// is encrypted, and redis:// asks for plain text].
    #[arg(long, env = "REDIS_TLS", value_enum)]
    redis_tls: Option<Encryption>,
    /// A file with the certificate authority that must have signed Redis's certificate, PEM. Unless given, those count that
    /// the machine trusts.
    #[arg(long, env = "REDIS_CA_FILE")]
    redis_ca_file: Option<PathBuf>,
}

impl RedisArgs {
    /// The same on this machine: what `sixty dev` runs is its own, whatever other Redis the variables point at.
    pub(crate) fn on_this_machine(&self) -> Self {
        Self {
            redis_url: None,
            redis_host: "localhost".to_owned(),
            redis_tls: Some(Encryption::Plain),
            redis_ca_file: None,
            ..self.clone()
        }
    }

    /// The same for a command that is run beside `sixty dev`, whose Redis is meant unless another one is named.
    pub(crate) fn beside_dev(self) -> Self {
        let is_devs = self.redis_url.is_none() && is_this_machine(&self.redis_host);
        let is_said = self.redis_tls.is_some() || self.redis_ca_file.is_some();
        Self { redis_tls: if is_devs && !is_said { Some(Encryption::Plain) } else { self.redis_tls }, ..self }
    }

    /// Whether a store holds a part of it.
    pub(crate) fn names_store(&self) -> bool {
        let url = self.redis_url.as_ref();
        url.into_iter().chain([&self.redis_password]).any(|text| is_reference(text.expose_secret()))
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

    /// Where Redis is, encrypted wherever it has to be.
    ///
    /// # Errors
    /// When the settings would send the password in the clear to another machine, or to this one without anybody having
    /// asked for it, or an authority can't be read.
    pub(crate) fn address(&self) -> anyhow::Result<RedisAddress> {
        Ok(RedisAddress::new(self.safe_url()?).with_authority(self.way().authority()?))
    }

    fn way(&self) -> Way<'_> {
        Way {
            whom: "Redis",
            variable: "REDIS_TLS",
            ca_variable: "REDIS_CA_FILE",
            asked: self.redis_tls,
            ca_file: self.redis_ca_file.as_ref(),
        }
    }

    /// The URL, which says whether the connection is encrypted.
    fn safe_url(&self) -> anyhow::Result<SecretString> {
        let Some(url) = &self.redis_url else {
            let place = if is_this_machine(&self.redis_host) { Place::Here } else { Place::Elsewhere };
            let scheme = if self.way().needs_tls(place)? { "rediss" } else { "redis" };
            return Ok(self.url_by(scheme));
        };
        let parsed = Url::parse(url.expose_secret()).map_err(|_| {
            anyhow::anyhow!("REDIS_URL is no URL such as rediss://:password@redis.example.com:6379")
        })?;
        let is_local = parsed.host_str().is_none_or(is_this_machine);
        match (parsed.scheme(), self.redis_tls) {
            ("rediss", None | Some(Encryption::VerifyFull)) => {}
            ("redis", None | Some(Encryption::Plain)) if is_local => {}
            ("redis", Some(Encryption::PlainOnNetwork)) | ("redis+unix" | "unix", _) => {}
            ("redis", None | Some(Encryption::Plain)) => bail!(IN_THE_CLEAR),
            ("redis" | "rediss", Some(asked)) => {
                bail!("REDIS_URL begins with {}, and REDIS_TLS says {}", parsed.scheme(), asked.as_str())
            }
            (other, _) => bail!("REDIS_URL begins with {other}; it should be rediss:// or redis://"),
        }
        Ok(url.clone())
    }

    /// The Redis of `sixty dev`, on this machine.
    pub(crate) fn url(&self) -> SecretString {
        self.url_by("redis")
    }

    fn url_by(&self, scheme: &str) -> SecretString {
        let password = utf8_percent_encode(self.redis_password.expose_secret(), ESCAPED);
        SecretString::from(format!("{scheme}://:{password}@{}:{}", self.redis_host, self.redis_port))
    }
}

const IN_THE_CLEAR: &str = "Redis's password and all that is told to it would go in the clear to another machine. Use rediss:// or \
     REDIS_TLS=verify-full, with REDIS_CA_FILE if its authority is your own; on a network that is nobody else's, \
     REDIS_TLS=plain-on-network";

#[cfg(test)]
mod tests {
    use super::*;

    fn scheme(url: Option<&str>, host: &str, tls: Option<Encryption>) -> Option<String> {
        let args = RedisArgs {
            redis_url: url.map(|url| url.to_owned().into()),
            redis_host: host.to_owned(),
            redis_port: 6379,
            redis_password: "p".to_owned().into(),
            redis_tls: tls,
            redis_ca_file: None,
        };
        let address = args.address().ok()?;
        Some(address.url().expose_secret().split(':').next().unwrap_or_default().to_owned())
    }

    #[test]
    fn nothing_goes_to_another_machine_in_the_clear() {
        use Encryption::{Plain, PlainOnNetwork, VerifyFull};
        for here in ["localhost", "127.0.0.1", "::1"] {
            assert_eq!(scheme(None, here, None), None, "nobody asked for plain text");
            assert_eq!(scheme(None, here, Some(Plain)).as_deref(), Some("redis"));
            assert_eq!(scheme(None, here, Some(VerifyFull)).as_deref(), Some("rediss"));
        }
        assert_eq!(scheme(None, "redis.example.com", None).as_deref(), Some("rediss"));
        assert_eq!(scheme(None, "redis.example.com", Some(PlainOnNetwork)).as_deref(), Some("redis"));
        assert_eq!(scheme(None, "redis.example.com", Some(Plain)), None);
        let away = Some("redis://:p@redis.example.com:6379");
        assert_eq!(scheme(away, "localhost", None), None);
        assert_eq!(scheme(away, "localhost", Some(VerifyFull)), None);
        assert_eq!(scheme(away, "localhost", Some(PlainOnNetwork)).as_deref(), Some("redis"));
        assert_eq!(scheme(Some("redis://:p@127.0.0.1:6379"), "x", None).as_deref(), Some("redis"));
        assert_eq!(
            scheme(Some("rediss://:p@redis.example.com"), "localhost", None).as_deref(),
            Some("rediss")
        );
        assert_eq!(scheme(Some("rediss://:p@redis.example.com"), "localhost", Some(Plain)), None);
        assert_eq!(scheme(Some("http://x"), "localhost", None), None);
    }
}
