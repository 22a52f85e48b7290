//! The certificates of running instances: replaced before they end, and when another authority signs.

use std::net::SocketAddr;

use postgres_server::certificate::{self, CertificateAuthority, ServerCertificate};
use postgres_server::connect;
use provisioning::{BackendError, InstanceSpec};

use crate::LocalProvisioner;
use crate::errors::backend_error;

/// What an instance shows to whoever connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceCertificate {
    /// The certificate.
    pub shown: ServerCertificate,
    /// Whether nothing is left to be done: it is what it should be, by the authority that signs now.
    pub is_settled: bool,
}

impl LocalProvisioner {
    /// Who signs the certificates of this home's instances.
    #[must_use]
    pub fn authority(&self) -> &CertificateAuthority {
        &self.authority
    }

    /// Makes a new certificate for a running instance when it is time, by an authority that its clients know: they trust
    /// `published`. Connections that are there go on; new ones are shown the new certificate. Then looks at what the
    /// instance really shows, and tells it to read its files again when that is another one: a kill may have come between.
    ///
    /// `None` when the instance doesn't run: it gets its own when it starts.
    ///
    /// # Errors
    /// When it can't be made, or what the instance shows isn't by an authority of ours.
    pub async fn tend_certificate(
        &self,
        spec: &InstanceSpec,
        published: &str,
    ) -> Result<Option<InstanceCertificate>, BackendError> {
        let data_dir = self.layout.instance(spec.instance).data();
        if !data_dir.exists() {
            return Ok(None);
        }
        let lock = self.lock(spec.instance).await?;
        if !data_dir.exists() {
            // It was destroyed while the lock was waited for, and with it the lock's file.
            lock.remove()?;
            return Ok(None);
        }
        let postmaster = self.postmaster(&self.layout.instance(spec.instance));
        let Some(running) = postmaster.running() else { return Ok(None) };
        let hosts = self.certificate_hosts();
        let is_new = self
            .authority
            .renew_server_certificate(&data_dir, &hosts, &self.user, published)
            .map_err(backend_error)?;
        if is_new {
            postmaster.reload();
            tracing::info!(instance = %spec.instance, "an instance has a new certificate");
        }
        let Some(address) = self.listen.first() else { return Ok(None) };
        let trusted = self.authority.trusted().map_err(backend_error)?;
        let address = SocketAddr::new(*address, running.port);
        let shown = connect::shown_certificate(address, "localhost", &trusted).await;
        let shown = shown.inspect_err(|_| postmaster.reload()).map_err(backend_error)?;
        let is_read = certificate::on_disk(&data_dir).is_some_and(|on_disk| on_disk == shown);
        if !is_read {
            postmaster.reload();
        }
        let about = self.authority.about(&shown).map_err(backend_error)?;
        Ok(about.map(|shown| InstanceCertificate { shown, is_settled: is_read && shown.is_by_signer }))
    }
}
