//! The certificate that the server shows, and who looks after it.

use std::sync::Arc;

use acme::{Answers, Keeper, Standing};
use api::{ChallengeAnswers, ServerCertificate};
use async_trait::async_trait;
use catalog::Catalog;
use rustls::sign::CertifiedKey;
use secrets::{ExposeSecret as _, KeyRing};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::CertificateSource;

/// What the server shows of itself, and what keeps it new.
pub(crate) struct ShownCertificate {
    certificate: Option<Arc<ServerCertificate>>,
    keeper: Option<Keeper>,
    standing: Option<watch::Receiver<Standing>>,
}

/// What an authority is answered.
struct FromCatalog(Answers);

#[async_trait]
impl ChallengeAnswers for FromCatalog {
    async fn answer(&self, name: &str) -> Option<CertifiedKey> {
        self.0.answer(name).await
    }
}

impl ShownCertificate {
    /// Nothing is ordered and nobody is asked yet.
    pub(crate) fn prepare(
        source: CertificateSource,
        catalog: &Catalog,
        keys: &KeyRing,
    ) -> anyhow::Result<Self> {
        let (certificate, keeper) = match source {
            CertificateSource::None => (None, None),
            CertificateSource::Files(certificate) => (Some(certificate), None),
            CertificateSource::Acme(config) => {
                let answers = Answers::new(&config, catalog.clone());
                let certificate = ServerCertificate::issued(Arc::new(FromCatalog(answers)))?;
                let keeper = Keeper::new(*config, catalog.clone(), keys.clone())?;
                (Some(Arc::new(certificate)), Some(keeper))
            }
        };
        let standing = keeper.as_ref().map(Keeper::standing);
        Ok(Self { certificate, keeper, standing })
    }

    pub(crate) fn certificate(&self) -> Option<Arc<ServerCertificate>> {
        self.certificate.clone()
    }

    /// How the order stands, if it is ordered.
    pub(crate) fn standing(&self) -> Option<watch::Receiver<Standing>> {
        self.standing.clone()
    }

    /// Keeps it new until `stop`.
    pub(crate) fn follow(self, stop: &CancellationToken) {
        let Some(certificate) = self.certificate else { return };
        match (self.keeper, self.standing) {
            (Some(keeper), Some(standing)) => {
                tokio::spawn(show(certificate, standing));
                tokio::spawn(keeper.run(stop.clone()));
            }
            _ => drop(tokio::spawn(certificate.follow(stop.clone()))),
        }
    }
}

/// Shows whatever is new, until there is no keeper any more.
async fn show(certificate: Arc<ServerCertificate>, mut standing: watch::Receiver<Standing>) {
    loop {
        let issued = standing.borrow_and_update().issued.clone();
        if let Some(issued) = issued
            && let Err(error) = certificate.show(&issued.chain, issued.key.expose_secret())
        {
            tracing::error!(%error, "the server's new certificate can't be shown; the one before is");
        }
        if standing.changed().await.is_err() {
            return;
        }
    }
}
