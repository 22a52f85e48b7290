//! Why somebody doesn't come in.

use std::time::Duration;

use catalog::CatalogError;
use customers::UseCaseError;
use data_keys::DataKeyError;

use crate::passkeys::NoPasskeys;

/// Why somebody doesn't come in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Address, password or code are wrong. Which of them, nobody is told.
    #[error("the email address, the password or the code is wrong")]
    Refused,
    /// The passkey isn't taken, for this reason.
    #[error("{0}")]
    PasskeyRefused(&'static str),
    /// Nobody can use passkeys here.
    #[error(transparent)]
    NoPasskeys(#[from] NoPasskeys),
    /// Too many guesses were made; the next is looked at after this time.
    #[error("too many guesses: the next is looked at in {} s", .0.as_secs())]
    TooManyGuesses(Duration),
    /// Too many passwords are being looked at.
    #[error("too many sign-ins at once")]
    Busy,
    /// The sign-in was ended, completed, or has taken too long.
    #[error("the sign-in is over")]
    Over,
    /// The account has a second factor, or has none to be shown.
    #[error("{0}")]
    WrongStep(&'static str),
    /// What a use case answers.
    #[error(transparent)]
    UseCase(#[from] UseCaseError),
}

impl From<CatalogError> for SignInError {
    fn from(error: CatalogError) -> Self {
        Self::UseCase(error.into())
    }
}

impl From<DataKeyError> for SignInError {
    fn from(error: DataKeyError) -> Self {
        Self::UseCase(error.into())
    }
}
