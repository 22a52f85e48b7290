//! Why there is no new certificate. What is said here is kept in the admin database and shown to operators: nothing secret.

use std::time::Duration;

use catalog::CatalogError;
use data_keys::DataKeyError;
use secrets::envelope::EnvelopeError;

/// Why there is no new certificate.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The authority can't be reached, or says no.
    #[error("the authority at {directory}: {said}")]
    Authority {
        /// Its directory.
        directory: String,
        /// What it said, or what went wrong on the way.
        said: String,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// It has looked, and doesn't believe that a name is ours.
    #[error(
        "the authority at {directory} didn't find this server under its names (port 443 of each must reach it): {said}"
    )]
    Refused {
        /// Its directory.
        directory: String,
        /// What it says of each name.
        said: String,
    },
    /// It doesn't ask in the one way that is answered here.
    #[error(
        "the authority at {directory} doesn't prove {domain} by TLS-ALPN-01, and nothing else is answered here"
    )]
    NoChallenge {
        /// Its directory.
        directory: String,
        /// The name.
        domain: String,
    },
    /// What it gave can't be used.
    #[error("the certificate that was issued can't be used: {0}")]
    Unusable(String),
    /// The admin database can't be asked.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A key can't be sealed or opened.
    #[error("a key of the certificate can't be sealed or opened: {0}")]
    Key(#[from] DataKeyError),
    /// What is stored is no key, or another row's.
    #[error("a stored key can't be used: {0}")]
    Stored(String),
}

impl From<EnvelopeError> for AcmeError {
    fn from(error: EnvelopeError) -> Self {
        Self::Stored(error.to_string())
    }
}

impl AcmeError {
    /// How long the authority wants to be left alone, if it said so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Authority { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
