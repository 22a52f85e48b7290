//! The OpenID provider that vouches for operators.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use identity::openid::{OpenIdConfig, OpenIdProvider};
use identity::passkeys::{NoPasskeys, RelyingParty};
use secrets::SecretString;
use url::Url;

use super::StoreArgs;
use super::clerk::require_https;

/// Which provider, and who we are there.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "OpenID Connect")]
pub(crate) struct OpenIdArgs {
    /// The provider whose word operators may sign in by, such as `https://accounts.example.com`.
    #[arg(long, env = "SIXTY_OPENID_ISSUER", value_name = "URL", requires_all = ["openid_client_id", "public_url"])]
    openid_issuer: Option<Url>,
    /// The client's id there.
    #[arg(long, env = "SIXTY_OPENID_CLIENT_ID", value_name = "ID")]
    openid_client_id: Option<String>,
    /// The client's secret there, if it has one. Set the variable rather than the option: options are seen in process lists.
    #[arg(long, env = "SIXTY_OPENID_CLIENT_SECRET", value_name = "SECRET", hide_env_values = true)]
    openid_client_secret: Option<SecretString>,
    /// A file with it instead, that only the server's user can read.
    #[arg(
        long,
        env = "SIXTY_OPENID_CLIENT_SECRET_FILE",
        value_name = "FILE",
        conflicts_with = "openid_client_secret"
    )]
    openid_client_secret_file: Option<PathBuf>,
    /// Where browsers reach this server, such as `https://sixty.example.com`. Operators' passkeys are made for its domain, and
    /// an OpenID provider is told to send people back to /api/admin/session/openid/callback there [default: localhost at the
    /// port, for a server that lets in this machine alone].
    #[arg(long, env = "SIXTY_PUBLIC_URL", value_name = "URL")]
    public_url: Option<Url>,
}

impl OpenIdArgs {
    /// Whether browsers reach this server over HTTPS, as its public address says.
    pub(crate) fn is_reached_over_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// For whom passkeys are made: the public address, or else localhost at this port where the server lets in this machine
    /// alone.
    pub(crate) fn relying_party(
        &self,
        listens_at: SocketAddr,
        is_https: bool,
    ) -> Result<RelyingParty, NoPasskeys> {
        if let Some(public_url) = &self.public_url {
            return RelyingParty::at(public_url);
        }
        if !listens_at.ip().is_loopback() {
            return Err(NoPasskeys::Unknown);
        }
        let scheme = if is_https { "https" } else { "http" };
        let here = Url::parse(&format!("{scheme}://localhost:{}", listens_at.port()));
        RelyingParty::at(&here.map_err(|_| NoPasskeys::Unknown)?)
    }

    /// The provider, if one is named.
    pub(crate) async fn provider(&self, stores: &StoreArgs) -> anyhow::Result<Option<Arc<OpenIdProvider>>> {
        let (Some(issuer), Some(client_id), Some(public_url)) =
            (&self.openid_issuer, &self.openid_client_id, &self.public_url)
        else {
            return Ok(None);
        };
        for (name, url) in [("SIXTY_OPENID_ISSUER", issuer), ("SIXTY_PUBLIC_URL", public_url)] {
            require_https(name, url)?;
        }
        let given = (self.openid_client_secret.as_ref(), self.openid_client_secret_file.as_deref());
        let config = OpenIdConfig {
            issuer: issuer.clone(),
            client_id: client_id.clone(),
            client_secret: stores.secret("SIXTY_OPENID_CLIENT_SECRET", given).await?,
            redirect_url: public_url
                .join("/api/admin/session/openid/callback")
                .context("SIXTY_PUBLIC_URL is no place to come back to")?,
        };
        Ok(Some(Arc::new(OpenIdProvider::new(config)?)))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        openid: OpenIdArgs,
    }

    #[test]
    fn passkeys_are_for_the_public_address_or_for_this_machine() {
        let origin = |options: &[&str], listens_at: &str, is_https| {
            let args = Program::try_parse_from(["sixty"].iter().chain(options)).unwrap().openid;
            args.relying_party(listens_at.parse().unwrap(), is_https).map(|party| party.origin().to_owned())
        };
        let public = ["--public-url", "https://sixty.example.com"];
        assert_eq!(origin(&public, "127.0.0.1:3000", false).unwrap(), "https://sixty.example.com");
        assert_eq!(origin(&[], "127.0.0.1:3000", false).unwrap(), "http://localhost:3000");
        assert_eq!(origin(&[], "[::1]:3443", true).unwrap(), "https://localhost:3443");
        assert_eq!(origin(&[], "0.0.0.0:3000", true), Err(NoPasskeys::Unknown));
        let refused = origin(&["--public-url", "https://192.0.2.7"], "127.0.0.1:3000", true).unwrap_err();
        assert!(refused.to_string().contains("SIXTY_PUBLIC_URL is https://192.0.2.7"), "{refused}");
    }
}
