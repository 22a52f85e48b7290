//! Where Redis is, and who vouches for it.
#![forbid(unsafe_code)]

use redis::{Client, ErrorKind, RedisError, RedisResult, TlsCertificates};
use secrecy::{ExposeSecret as _, SecretString};

/// Where Redis is: `redis://`, or `rediss://` for a connection that is encrypted and whose certificate is verified, with the
/// name in it. Its text holds the password.
#[derive(Clone, Debug)]
pub struct RedisAddress {
    url: SecretString,
    authority: Option<String>,
}

impl RedisAddress {
    /// An address whose certificate somebody must have signed whom the machine trusts.
    #[must_use]
    pub fn new(url: SecretString) -> Self {
        Self { url, authority: None }
    }

    /// The same with this authority, PEM, in the place of those.
    #[must_use]
    pub fn with_authority(self, authority: Option<String>) -> Self {
        Self { authority, ..self }
    }

    /// The address itself, with the password.
    #[must_use]
    pub fn url(&self) -> &SecretString {
        &self.url
    }

    /// Whether the connection is encrypted and verified.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.url.expose_secret().starts_with("rediss://")
    }

    /// A client. Nobody is asked yet.
    ///
    /// # Errors
    /// When the address or the authority can't be understood, or no authority is there. The address isn't repeated.
    pub fn client(&self) -> RedisResult<Client> {
        let url = self.url.expose_secret();
        if !self.is_encrypted() {
            return Client::open(url);
        }
        if url.contains("#insecure") {
            return Err(RedisError::from((
                ErrorKind::InvalidClientConfig,
                "the certificate of Redis is always verified: take #insecure away, and name its authority",
            )));
        }
        // The client takes the process's; where it was chosen before, that holds.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let root_cert = self.authority.as_ref().map(|pem| pem.clone().into_bytes());
        Client::build_with_tls(url, TlsCertificates { client_tls: None, root_cert })
    }
}

impl From<SecretString> for RedisAddress {
    fn from(url: SecretString) -> Self {
        Self::new(url)
    }
}

impl From<&SecretString> for RedisAddress {
    fn from(url: &SecretString) -> Self {
        Self::new(url.clone())
    }
}

impl From<String> for RedisAddress {
    fn from(url: String) -> Self {
        Self::new(url.into())
    }
}
