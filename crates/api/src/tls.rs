//! The certificate that the server shows, from files that may change while it serves.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Where the certificate and its key are, both PEM.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    /// The server's certificate, and those between it and an authority that callers trust.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why a certificate can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file can't be read.
    #[error("{} can't be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file holds something else.
    #[error("{} has no {what} in PEM form", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// The two don't belong together, or are of a kind that isn't known.
    #[error("the certificate and the key can't be used together: {0}")]
    Unfit(#[from] rustls::Error),
}

/// A certificate with its key. Connections that are made show the newest one; those that are there keep theirs.
pub struct ServerCertificate {
    files: CertificateFiles,
    provider: Arc<CryptoProvider>,
    acceptor: TlsAcceptor,
    shown: Arc<Shown>,
}

/// What is shown, and the bytes of the files that it was read from.
struct Shown {
    key: RwLock<Arc<CertifiedKey>>,
    read: RwLock<Arc<(Vec<u8>, Vec<u8>)>>,
}

impl ServerCertificate {
    /// Reads the files.
    ///
    /// # Errors
    /// [`CertificateError`] says which file is wrong.
    pub fn open(files: CertificateFiles) -> Result<Self, CertificateError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let read = read(&files)?;
        let key = understood(&files, &read, &provider)?;
        let shown = Arc::new(Shown { key: RwLock::new(Arc::new(key)), read: RwLock::new(Arc::new(read)) });
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(shown.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { files, provider, acceptor: TlsAcceptor::from(Arc::new(config)), shown })
    }

    /// When what is shown now ends.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        let shown = Arc::clone(&self.shown.key.read().unwrap_or_else(PoisonError::into_inner));
        let certificate = Certificate::from_der(shown.cert.first()?).ok()?;
        Some(certificate.tbs_certificate.validity.not_after.to_system_time())
    }

    pub(crate) fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Reads the files again, and shows what they hold from now on if that is something new. `true`: it was. What doesn't
    /// fit is not taken: one file may have been replaced a moment before the other.
    ///
    /// # Errors
    /// [`CertificateError`]; what was shown before still is.
    pub fn reload(&self) -> Result<bool, CertificateError> {
        let found = read(&self.files)?;
        if found == **self.shown.read.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(false);
        }
        let key = understood(&self.files, &found, &self.provider)?;
        *self.shown.key.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
        *self.shown.read.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
        Ok(true)
    }

    /// Reloads the files whenever they change, until `stop` is cancelled. A file that can't be used is told once.
    pub async fn follow(self: Arc<Self>, stop: CancellationToken) {
        let mut told = String::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let certificate = Arc::clone(&self);
            let reloaded = tokio::task::spawn_blocking(move || certificate.reload()).await;
            match reloaded {
                Ok(Ok(is_new)) => {
                    told.clear();
                    if is_new {
                        tracing::info!("the server shows a new certificate");
                    }
                }
                Ok(Err(error)) if error.to_string() != told => {
                    told = error.to_string();
                    tracing::error!(%error, "the server's new certificate can't be used; the one before is shown");
                }
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.key.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn read(files: &CertificateFiles) -> Result<(Vec<u8>, Vec<u8>), CertificateError> {
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|source| CertificateError::Unreadable { path: path.clone(), source })
    };
    Ok((read(&files.certificate)?, read(&files.key)?))
}

fn understood(
    files: &CertificateFiles,
    (certificate, key): &(Vec<u8>, Vec<u8>),
    provider: &CryptoProvider,
) -> Result<CertifiedKey, CertificateError> {
    let empty = |path: &PathBuf, what| CertificateError::Empty { path: path.clone(), what };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|_| empty(&files.certificate, "certificate"))?;
    if chain.is_empty() {
        return Err(empty(&files.certificate, "certificate"));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| empty(&files.key, "private key"))?;
    Ok(CertifiedKey::from_der(chain, key, provider)?)
}

impl fmt::Debug for ServerCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ServerCertificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shown")
    }
}
