//! Why a data key can't be had.

use catalog::CatalogError;
use domain::CustomerId;
use secrets::{EnvelopeError, KeyError};

/// Why a data key can't be had.
#[derive(Debug, thiserror::Error)]
pub enum DataKeyError {
    /// The admin database can't be asked.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The data key can't be opened or wrapped.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is none.
    #[error("{} has no data key{}", .0.map_or_else(|| "the platform".to_owned(), |id| format!("customer {id}")),
        .1.map_or_else(String::new, |version| format!(" of version {version}")))]
    Missing(Option<CustomerId>, Option<i32>),
    /// No master key is configured.
    #[error("no master key is configured")]
    NoMasterKey,
}

impl DataKeyError {
    /// Whether the same call can succeed later without anybody changing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Catalog(error) => error.is_temporary(),
            Self::Key(error) => error.is_temporary(),
            Self::Missing(..) | Self::NoMasterKey => false,
        }
    }
}

impl From<EnvelopeError> for DataKeyError {
    fn from(error: EnvelopeError) -> Self {
        Self::Key(error.into())
    }
}
