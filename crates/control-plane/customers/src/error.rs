//! Why a use case was refused or failed. Each variant says what it means for the caller.

use catalog::{CatalogError, Transaction};
use data_keys::DataKeyError;
use domain::Forbidden;
use domain::operator::NotSignedIn;
use provisioning::StepError;

use crate::field::InvalidField;

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum UseCaseError {
    /// The caller gave wrong fields.
    #[error("{} wrong fields", .0.len())]
    Invalid(Vec<InvalidField>),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// Somebody else has it: a name, an address.
    #[error("{detail}")]
    Taken {
        /// The field that says it; none when it isn't typed.
        field: Option<&'static str>,
        /// What is taken.
        detail: String,
    },
    /// Whoever asks may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Only who is signed in does this.
    #[error(transparent)]
    NotSignedIn(#[from] NotSignedIn),
    /// It contradicts the present state.
    #[error("{0}")]
    Conflict(String),
    /// The object has changed since the caller read it.
    #[error("{0}")]
    Stale(String),
    /// The admin database is away; trying again helps.
    #[error("the admin database is away")]
    Unavailable(#[source] CatalogError),
    /// The admin database went away while the change was being committed: it may have been made. Only looking tells.
    #[error("it is not known whether the change was made: the admin database went away")]
    Unclear(#[source] CatalogError),
    /// Whoever holds the master key is away; trying again helps.
    #[error("the holder of the master key is away: {0}")]
    KeysAway(#[source] DataKeyError),
    /// The customer's own database can't be reached; trying again helps.
    #[error("the customer's database is away")]
    CustomerAway,
    /// Something that should not happen.
    #[error("{0}")]
    Unexpected(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl UseCaseError {
    /// No customer by this name.
    #[must_use]
    pub fn no_customer(name: &str) -> Self {
        Self::NotFound(format!("There is no customer {name:?}. List them with GET /api/admin/customers."))
    }
}

/// Ends a use case's transaction. When the connection breaks here nobody says whether it was done.
///
/// # Errors
/// [`UseCaseError::Unclear`] then.
pub async fn commit(transaction: Transaction<'_>) -> Result<(), UseCaseError> {
    transaction.commit().await.map_err(|error| match CatalogError::from(error) {
        error @ CatalogError::Unavailable(_) => UseCaseError::Unclear(error),
        error => error.into(),
    })
}

impl From<Vec<InvalidField>> for UseCaseError {
    fn from(fields: Vec<InvalidField>) -> Self {
        Self::Invalid(fields)
    }
}

impl From<CatalogError> for UseCaseError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Unavailable(_) => Self::Unavailable(error),
            CatalogError::Conflict { ref constraint, .. }
                if constraint == "admin_operations_one_at_a_time" =>
            {
                Self::Conflict(
                    "Another operation works on this customer. Wait until it has ended, then try again."
                        .to_owned(),
                )
            }
            // What got past our own checks and PostgreSQL refuses: a NUL in a name that is looked up, an old cursor.
            CatalogError::Invalid { constraint } => {
                let message = if constraint == "cursor" {
                    "is not a cursor of this list in this order: use the next_cursor of the page before"
                } else {
                    "can't be understood: it has a value that can't be stored"
                };
                let field = if constraint == "cursor" { constraint } else { String::new() };
                Self::Invalid(vec![InvalidField { field, message: message.to_owned() }])
            }
            other => Self::Unexpected(Box::new(other)),
        }
    }
}

impl From<StepError> for UseCaseError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Catalog(error) => error.into(),
            StepError::DataKey(error) => error.into(),
            other => Self::Unexpected(Box::new(other)),
        }
    }
}

impl From<secrets::EnvelopeError> for UseCaseError {
    fn from(error: secrets::EnvelopeError) -> Self {
        Self::Unexpected(Box::new(error))
    }
}

impl From<DataKeyError> for UseCaseError {
    fn from(error: DataKeyError) -> Self {
        match error {
            DataKeyError::Catalog(error) => error.into(),
            error if error.is_temporary() => Self::KeysAway(error),
            error => Self::Unexpected(Box::new(error)),
        }
    }
}
