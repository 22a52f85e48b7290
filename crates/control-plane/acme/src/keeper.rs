//! Shows the certificate that is there, and orders the one that is missing.

use std::sync::Arc;
use std::time::Duration;

use catalog::acme::{self as rows, Certificate};
use catalog::{Catalog, GenericClient};
use chrono::{DateTime, TimeDelta, Utc};
use data_keys::{platform_seal, platform_seal_for};
use instant_acme::Key;
use secrets::{KeyRing, SecretString};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::directory::Directory;
use crate::issued::{Issued, stored_renew_at};
use crate::{AcmeConfig, AcmeError};

/// Where the account's key is sealed.
pub(crate) const ACCOUNT_KEY: &str = "admin_acme_accounts.key_sealed";
/// Where the key of the certificate is sealed that is shown.
pub(crate) const KEY: &str = "admin_acme_certificates.key_sealed";
/// Where the key of an order is sealed.
pub(crate) const ORDER_KEY: &str = "admin_acme_certificates.order_key_sealed";

/// How often is looked while there is no certificate, or somebody else orders one.
const SOON: Duration = Duration::from_secs(1);
/// How often is looked when nothing is to be done: how late a server shows what another one has ordered.
const SELDOM: Duration = Duration::from_secs(30);

/// How things stand.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// What is to be shown.
    pub issued: Option<Arc<Issued>>,
    /// How often in a row there was no new one to be had.
    pub failed_attempts: i32,
}

/// Looks after the certificate for one server.
pub struct Keeper {
    pub(crate) config: AcmeConfig,
    pub(crate) catalog: Catalog,
    pub(crate) keys: KeyRing,
    pub(crate) directory: Directory,
    standing: watch::Sender<Standing>,
}

impl Keeper {
    /// Looks after this certificate. Nobody is asked yet.
    ///
    /// # Errors
    /// When the directory's authority can't be understood.
    pub fn new(config: AcmeConfig, catalog: Catalog, keys: KeyRing) -> Result<Self, AcmeError> {
        let directory = Directory::new(&config)?;
        Ok(Self { config, catalog, keys, directory, standing: watch::Sender::new(Standing::default()) })
    }

    /// How things stand, now and later.
    #[must_use]
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Looks, and orders what is missing, until it is told to stop. An order that is under way is left for the next one.
    pub async fn run(self, stop: CancellationToken) {
        let mut told = String::new();
        loop {
            let Some(looked) = stop.run_until_cancelled(self.look()).await else { return };
            let pause = match looked {
                Ok(pause) => {
                    told.clear();
                    pause
                }
                Err(error) => {
                    // Once, and not again every second.
                    if error.to_string() != told {
                        told = error.to_string();
                        self.tell(&error);
                    }
                    SOON
                }
            };
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    fn tell(&self, error: &AcmeError) {
        let domains = self.config.domains.join(", ");
        match &self.standing.borrow().issued {
            Some(issued) => tracing::error!(
                %error, domains, ends = %issued.expires_at.to_rfc3339(),
                "there is no new certificate for the server; the one before is shown"
            ),
            None => tracing::error!(
                %error, domains,
                "there is no certificate for the server: nobody can come in until there is one"
            ),
        }
    }

    /// One look: shows what is new, and orders what is missing. How long to wait for the next look.
    ///
    /// # Errors
    /// When there is no new certificate; the one before is shown on.
    pub async fn look(&self) -> Result<Duration, AcmeError> {
        let found = self.found().await?;
        if let Some(found) = &found {
            self.show(found).await?;
        }
        let now = Utc::now();
        if !is_due(found.as_ref(), now) {
            return Ok(pause(found.as_ref(), now));
        }
        // A connection of its own: the lock goes with it, however this server ends.
        let lock = self.catalog.dedicated_client().await?;
        let certificate = self.ensured().await?;
        if !rows::try_lock(&lock, certificate.id).await? {
            return Ok(SOON);
        }
        // Somebody may have been faster.
        let certificate = self.ensured().await?;
        if is_due(Some(&certificate), Utc::now()) {
            self.order(&certificate).await?;
        }
        drop(lock);
        if let Some(found) = self.found().await? {
            self.show(&found).await?;
        }
        Ok(SOON)
    }

    async fn found(&self) -> Result<Option<Certificate>, AcmeError> {
        let client = self.catalog.client().await?;
        Ok(rows::certificate(&client, &self.config.directory, &self.config.domains).await?)
    }

    /// Shows what is stored, if it is something new.
    async fn show(&self, found: &Certificate) -> Result<(), AcmeError> {
        self.standing.send_if_modified(|standing| {
            std::mem::replace(&mut standing.failed_attempts, found.failed_attempts) != found.failed_attempts
        });
        let Some(stored) = &found.issued else { return Ok(()) };
        let is_known =
            self.standing.borrow().issued.as_ref().is_some_and(|shown| shown.chain == stored.chain);
        if is_known {
            return Ok(());
        }
        let client = self.catalog.client().await?;
        let key = self.opened(&client, KEY, found.id, &stored.key_sealed).await?;
        let issued = Arc::new(Issued::new(stored.chain.clone(), key)?);
        tracing::info!(
            domains = self.config.domains.join(", "),
            ends = %issued.expires_at.to_rfc3339(),
            "the server shows a new certificate"
        );
        self.standing.send_modify(|standing| standing.issued = Some(issued));
        Ok(())
    }

    /// Orders. A failure is written down for all servers, with when it is tried again.
    async fn order(&self, certificate: &Certificate) -> Result<(), AcmeError> {
        tracing::info!(
            domains = self.config.domains.join(", "),
            directory = self.config.directory,
            "a certificate is ordered for the servers"
        );
        let Err(error) = self.ordered(certificate).await else { return Ok(()) };
        let pause = self.config.pace.pause_after(certificate.failed_attempts.saturating_add(1));
        let pause = pause.max(error.retry_after().unwrap_or_default());
        let next = Utc::now() + TimeDelta::from_std(pause).unwrap_or(TimeDelta::hours(1));
        let client = self.catalog.client().await?;
        rows::failed(&client, certificate.id, &error.to_string(), next).await?;
        self.standing
            .send_modify(|standing| standing.failed_attempts = certificate.failed_attempts.saturating_add(1));
        Err(error)
    }

    /// The certificate's row and its account's, made when they are missing.
    async fn ensured(&self) -> Result<Certificate, AcmeError> {
        if let Some(found) = self.found().await? {
            return Ok(found);
        }
        let client = self.catalog.client().await?;
        let directory = &self.config.directory;
        if rows::account(&client, directory).await?.is_none() {
            let (_, key) = Key::generate_pkcs8().map_err(|error| AcmeError::Stored(error.to_string()))?;
            let key = crate::order::account_key_text(&key);
            let id = Uuid::now_v7();
            let sealed = self.sealed(&client, ACCOUNT_KEY, id, &key).await?;
            rows::insert_account(&client, id, directory, &sealed).await?;
        }
        if let Some(account) = rows::account(&client, directory).await? {
            rows::ensure_certificate(&client, account.id, &self.config.domains).await?;
        }
        let found = rows::certificate(&client, directory, &self.config.domains).await?;
        found.ok_or_else(|| AcmeError::Stored("the certificate's row was removed meanwhile".to_owned()))
    }

    pub(crate) async fn sealed(
        &self,
        client: &impl GenericClient,
        place: &'static str,
        row: Uuid,
        secret: &SecretString,
    ) -> Result<String, AcmeError> {
        Ok(platform_seal(client, &self.keys, place).await?.seal(row, secret)?)
    }

    pub(crate) async fn opened(
        &self,
        client: &impl GenericClient,
        place: &'static str,
        row: Uuid,
        sealed: &str,
    ) -> Result<SecretString, AcmeError> {
        let seal = platform_seal_for(client, &self.keys, place, sealed).await?;
        Ok(seal.open(row, sealed)?)
    }
}

/// Whether one is to be ordered now.
fn is_due(found: Option<&Certificate>, now: DateTime<Utc>) -> bool {
    let Some(found) = found else { return true };
    let is_wanted = found.issued.as_ref().is_none_or(|issued| stored_renew_at(issued) <= now);
    is_wanted && found.next_attempt_at <= now
}

/// How long nothing is to be looked at: less where certificates are short.
fn pause(found: Option<&Certificate>, now: DateTime<Utc>) -> Duration {
    let Some(issued) = found.and_then(|found| found.issued.as_ref()) else { return SOON };
    let left = (issued.expires_at - now).to_std().unwrap_or_default();
    (left / 20).clamp(SOON, SELDOM)
}
