//! Why a step could not be done.

use catalog::CatalogError;
use data_keys::DataKeyError;
use secrets::EnvelopeError;

use crate::backend::BackendError;

/// Why a step could not be done.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The backend could not do it.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The catalog could not be read or written.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A stored secret doesn't open.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The customer's data key can't be had.
    #[error(transparent)]
    DataKey(DataKeyError),
    /// Something that an earlier step made isn't there.
    #[error("{0}")]
    Missing(String),
    /// Another worker has the operation now; nothing was written.
    #[error("another worker has taken the operation over")]
    LeaseLost,
}

impl From<DataKeyError> for StepError {
    fn from(error: DataKeyError) -> Self {
        match error {
            DataKeyError::Catalog(error) => Self::Catalog(error),
            error => Self::DataKey(error),
        }
    }
}
