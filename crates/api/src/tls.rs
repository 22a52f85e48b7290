//! The certificate that the server shows: from files that may change while it serves, or from an authority that is asked for it.

mod challenge;

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
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

pub use challenge::ChallengeAnswers;

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
    /// What an authority gave isn't in PEM form.
    #[error("what was issued has no {0} in PEM form")]
    NotPem(&'static str),
}

/// A certificate with its key. Connections that are made show the newest one; those that are there keep theirs.
pub struct ServerCertificate {
    source: Source,
    provider: Arc<CryptoProvider>,
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
}

/// Where it comes from.
enum Source {
    /// From files; and the bytes that what is shown was read from.
    Files { files: CertificateFiles, read: RwLock<Arc<(Vec<u8>, Vec<u8>)>> },
    /// From an authority, whose questions are answered with these.
    Issued(Arc<dyn ChallengeAnswers>),
}

/// What is shown; nothing until there is a first one.
struct Shown {
    key: RwLock<Option<Arc<CertifiedKey>>>,
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
        let source = Source::Files { files, read: RwLock::new(Arc::new(read)) };
        Self::new(source, provider, Some(Arc::new(key)))
    }

    /// One that an authority issues: [`ServerCertificate::show`] is told what it is. Until then nobody can come in but the
    /// authority with its questions.
    ///
    /// # Errors
    /// When TLS can't be had at all.
    pub fn issued(answers: Arc<dyn ChallengeAnswers>) -> Result<Self, CertificateError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        Self::new(Source::Issued(answers), provider, None)
    }

    fn new(
        source: Source,
        provider: Arc<CryptoProvider>,
        key: Option<Arc<CertifiedKey>>,
    ) -> Result<Self, CertificateError> {
        let shown = Arc::new(Shown { key: RwLock::new(key) });
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(shown.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { source, provider, config: Arc::new(config), shown })
    }

    /// Shows this from now on: the certificate with those between it and an authority, and its key, both PEM.
    ///
    /// # Errors
    /// [`CertificateError`]; what was shown before still is.
    pub fn show(&self, certificate: &str, key: &str) -> Result<(), CertificateError> {
        let bytes = (certificate.as_bytes().to_vec(), key.as_bytes().to_vec());
        let key = parsed(&bytes, &self.provider, CertificateError::NotPem)?;
        self.put(key);
        Ok(())
    }

    fn put(&self, key: CertifiedKey) {
        *self.shown.key.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(key));
    }

    fn now(&self) -> Option<Arc<CertifiedKey>> {
        self.shown.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When what is shown now ends.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        let certificate = Certificate::from_der(self.now()?.cert.first()?).ok()?;
        Some(certificate.tbs_certificate.validity.not_after.to_system_time())
    }

    /// Agrees with a caller on the encryption. `None`: it was an authority, which has its answer.
    ///
    /// # Errors
    /// When they don't agree.
    pub(crate) async fn accept(&self, stream: TcpStream) -> std::io::Result<Option<TlsStream<TcpStream>>> {
        match &self.source {
            Source::Files { .. } => {
                TlsAcceptor::from(Arc::clone(&self.config)).accept(stream).await.map(Some)
            }
            Source::Issued(answers) => challenge::accept(stream, &self.config, &**answers).await,
        }
    }

    /// Reads the files again, if it comes from files, and shows what they hold from now on if that is something new. `true`: it
    /// was. What doesn't fit is not taken: one file may have been replaced a moment before the other.
    ///
    /// # Errors
    /// [`CertificateError`]; what was shown before still is.
    pub fn reload(&self) -> Result<bool, CertificateError> {
        let Source::Files { files, read: known } = &self.source else { return Ok(false) };
        let found = read(files)?;
        if found == **known.read().unwrap_or_else(PoisonError::into_inner) {
            return Ok(false);
        }
        self.put(understood(files, &found, &self.provider)?);
        *known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
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
        self.key.read().unwrap_or_else(PoisonError::into_inner).clone()
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
    read: &(Vec<u8>, Vec<u8>),
    provider: &CryptoProvider,
) -> Result<CertifiedKey, CertificateError> {
    parsed(read, provider, |what| {
        let path = if what == KEY { &files.key } else { &files.certificate };
        CertificateError::Empty { path: path.clone(), what }
    })
}

/// What is missing when there is no certificate.
const CERTIFICATE: &str = "certificate";
/// What is missing when there is no key.
const KEY: &str = "private key";

fn parsed(
    (certificate, key): &(Vec<u8>, Vec<u8>),
    provider: &CryptoProvider,
    missing: impl Fn(&'static str) -> CertificateError,
) -> Result<CertifiedKey, CertificateError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|_| missing(CERTIFICATE))?;
    if chain.is_empty() {
        return Err(missing(CERTIFICATE));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| missing(KEY))?;
    Ok(CertifiedKey::from_der(chain, key, provider)?)
}

impl fmt::Debug for ServerCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = match &self.source {
            Source::Files { files, .. } => Some(files),
            Source::Issued(_) => None,
        };
        formatter.debug_struct("ServerCertificate").field("files", &files).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Shown")
    }
}
