//! Clerk, the identity provider of the customers' users: whose tokens and messages are taken, and what they give.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use catalog::Catalog;
use clap::Args;
use clerk::{Backend, Webhook, WebhookSecrets};
use domain::Plan;
use gateway::SessionConfig;
use limits::Rate;
use secrets::SecretString;
use session_tokens::{Grants, SessionIssuer};
use url::Url;

use super::StoreArgs;

/// What is taken in the place of a list of origins to say that all are taken.
const EVERY_PARTY: &str = "*";

/// What roles and permissions of Clerk give.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Clerk")]
pub(crate) struct ClerkGrantArgs {
    /// What roles and permissions of Clerk give, as JSON, such as {"org:admin": ["read:*", "write:*"]}. By default org:admin may
    /// do everything, and org:member all but change users and organizations.
    #[arg(long, env = "SIXTY_CLERK_GRANTS", value_name = "JSON")]
    clerk_grants: Option<Grants>,
}

impl ClerkGrantArgs {
    pub(crate) fn grants(&self) -> Grants {
        self.clerk_grants.clone().unwrap_or_default()
    }
}

/// What the server takes from Clerk.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Clerk")]
pub(crate) struct ClerkServerArgs {
    /// The instance whose session tokens are taken beside API keys: its Frontend API URL, such as `https://clerk.example.com`.
    #[arg(long, env = "SIXTY_CLERK_ISSUER", value_name = "URL", requires = "clerk_authorized_parties")]
    clerk_issuer: Option<Url>,
    /// The origins of the applications whose session tokens are taken, such as `https://crm.example.com`; * for every one.
    #[arg(long, env = "SIXTY_CLERK_AUTHORIZED_PARTIES", value_name = "ORIGIN,...", value_delimiter = ',')]
    clerk_authorized_parties: Vec<String>,
    /// Where the issuer's keys are. Default: /.well-known/jwks.json at the issuer.
    #[arg(long, env = "SIXTY_CLERK_JWKS_URL", value_name = "URL", requires = "clerk_issuer")]
    clerk_jwks_url: Option<Url>,
    #[command(flatten)]
    grants: ClerkGrantArgs,
    /// How many requests each person who is signed in may make.
    #[arg(long, env = "SIXTY_CLERK_RATE_LIMIT", value_name = "RATE", default_value = "600/minute")]
    clerk_rate_limit: Rate,
    /// The signing secrets of the webhook at /api/webhooks/clerk, several with commas while they are rotated. Set the variable
    /// rather than the option: options are seen in process lists.
    #[arg(long, env = "SIXTY_CLERK_WEBHOOK_SECRETS", value_name = "whsec_...", hide_env_values = true)]
    clerk_webhook_secrets: Option<SecretString>,
    /// A file with them instead, that only the server's user can read.
    #[arg(
        long,
        env = "SIXTY_CLERK_WEBHOOK_SECRETS_FILE",
        value_name = "FILE",
        conflicts_with = "clerk_webhook_secrets"
    )]
    clerk_webhook_secrets_file: Option<PathBuf>,
}

impl ClerkServerArgs {
    /// Whose session tokens are taken; nobody's without an issuer. The last keys are kept in this folder.
    pub(crate) fn sessions(&self, home: &Path) -> anyhow::Result<Option<SessionConfig>> {
        let Some(issuer) = &self.clerk_issuer else { return Ok(None) };
        let keys_url = match &self.clerk_jwks_url {
            Some(url) => url.clone(),
            None => issuer
                .join("/.well-known/jwks.json")
                .context("SIXTY_CLERK_ISSUER has no place for its keys")?,
        };
        for (name, url) in [("SIXTY_CLERK_ISSUER", issuer), ("SIXTY_CLERK_JWKS_URL", &keys_url)] {
            require_https(name, url)?;
        }
        let parties = parties(&self.clerk_authorized_parties)?;
        // Clerk's `iss` has no slash at its end, and a URL without a path has one.
        let name = issuer.as_str().trim_end_matches('/').to_owned();
        let stored = Some(home.join("clerk-keys.json"));
        let issuer = SessionIssuer::open(name, keys_url, parties, stored).context("SIXTY_CLERK_ISSUER")?;
        Ok(Some(SessionConfig {
            issuer: Arc::new(issuer),
            grants: Arc::new(self.grants.grants()),
            rate: self.clerk_rate_limit,
        }))
    }

    /// Where messages come in, if they do.
    pub(crate) async fn webhook(
        &self,
        stores: &StoreArgs,
        catalog: &Catalog,
    ) -> anyhow::Result<Option<Webhook>> {
        let name = "SIXTY_CLERK_WEBHOOK_SECRETS";
        let given = (self.clerk_webhook_secrets.as_ref(), self.clerk_webhook_secrets_file.as_deref());
        let Some(secrets) = stores.secret(name, given).await? else { return Ok(None) };
        let secrets = WebhookSecrets::parse(&secrets).context("SIXTY_CLERK_WEBHOOK_SECRETS")?;
        Ok(Some(Webhook::new(catalog.clone(), secrets)))
    }
}

/// What the worker does for Clerk.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Clerk")]
pub(crate) struct ClerkWorkerArgs {
    /// The plan that a new organization tries.
    #[arg(long, env = "SIXTY_CLERK_PLAN", default_value = "starter")]
    pub(crate) clerk_plan: Plan,
    #[command(flatten)]
    pub(crate) grants: ClerkGrantArgs,
    /// The key of Clerk's Backend API, for the comparison of what we know with what Clerk knows. Set the variable rather than
    /// the option: options are seen in process lists.
    #[arg(long, env = "SIXTY_CLERK_SECRET_KEY", value_name = "sk_live_...", hide_env_values = true)]
    clerk_secret_key: Option<SecretString>,
    /// A file with it instead, that only the worker's user can read.
    #[arg(
        long,
        env = "SIXTY_CLERK_SECRET_KEY_FILE",
        value_name = "FILE",
        conflicts_with = "clerk_secret_key"
    )]
    clerk_secret_key_file: Option<PathBuf>,
    /// Where Clerk's Backend API is.
    #[arg(long, env = "SIXTY_CLERK_API_URL", value_name = "URL", default_value = "https://api.clerk.com/v1")]
    clerk_api_url: Url,
    /// How many minutes lie between two comparisons.
    #[arg(long, env = "SIXTY_CLERK_RECONCILE_MINUTES", default_value_t = 60, value_parser = clap::value_parser!(u64).range(5..=10_080))]
    clerk_reconcile_minutes: u64,
}

impl ClerkWorkerArgs {
    /// Clerk's Backend API, where its key is known.
    pub(crate) async fn backend(&self, stores: &StoreArgs) -> anyhow::Result<Option<Backend>> {
        let given = (self.clerk_secret_key.as_ref(), self.clerk_secret_key_file.as_deref());
        let Some(key) = stores.secret("SIXTY_CLERK_SECRET_KEY", given).await? else { return Ok(None) };
        require_https("SIXTY_CLERK_API_URL", &self.clerk_api_url)?;
        Ok(Some(Backend::new(self.clerk_api_url.clone(), key).context("SIXTY_CLERK_API_URL")?))
    }

    /// How often is compared.
    pub(crate) fn every(&self) -> Duration {
        Duration::from_secs(self.clerk_reconcile_minutes * 60)
    }
}

fn parties(given: &[String]) -> anyhow::Result<Vec<String>> {
    let given: Vec<&str> = given.iter().map(|party| party.trim()).filter(|party| !party.is_empty()).collect();
    if given == [EVERY_PARTY] {
        return Ok(Vec::new());
    }
    ensure!(
        !given.is_empty(),
        "SIXTY_CLERK_AUTHORIZED_PARTIES: name the origins of your applications, or * for every one"
    );
    for party in &given {
        let is_origin = party.parse::<Url>().is_ok_and(|url| url.origin().ascii_serialization() == **party);
        if !is_origin {
            bail!("SIXTY_CLERK_AUTHORIZED_PARTIES: {party:?} is no origin such as https://crm.example.com");
        }
    }
    Ok(given.into_iter().map(str::to_owned).collect())
}

/// Keys and secrets travel encrypted, but on this machine.
pub(super) fn require_https(name: &str, url: &Url) -> anyhow::Result<()> {
    let is_here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(domain)) => domain == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_here => Ok(()),
        _ => bail!("{name}: {url} must begin with https://"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(parties_given: &[&str]) -> anyhow::Result<Vec<String>> {
        parties(&parties_given.iter().map(|party| (*party).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn parties_are_origins_or_all_by_word() {
        assert_eq!(named(&["*"]).unwrap(), Vec::<String>::new());
        assert_eq!(named(&[" https://crm.example.com", ""]).unwrap(), ["https://crm.example.com"]);
        for wrong in [
            vec![],
            vec![""],
            vec!["crm.example.com"],
            vec!["https://crm.example.com/"],
            vec!["*", "https://a.b"],
        ] {
            assert!(named(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_not_on_this_machine_is_asked_over_https() {
        for right in
            ["https://clerk.example.com", "http://localhost:8080/x", "http://127.0.0.1:1", "http://[::1]:1"]
        {
            assert!(require_https("X", &right.parse().unwrap()).is_ok(), "{right}");
        }
        for wrong in
            ["http://clerk.example.com", "http://localhost.example.com", "ftp://localhost", "http://10.0.0.1"]
        {
            assert!(require_https("X", &wrong.parse().unwrap()).is_err(), "{wrong}");
        }
    }
}
