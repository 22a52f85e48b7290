//! What a provider may answer instead of what was asked for.

use bounded_answer::AnswerError;
use bytes::Bytes;
use secrets::{KeyError, SecretString};

/// A provider didn't do what it was asked for. Says nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It can't be reached, or is in trouble itself. Trying again helps.
    #[error("{0}")]
    Away(String),
    /// It refuses. Trying again doesn't help.
    #[error("{0}")]
    Refused(String),
}

impl ProviderError {
    /// What went wrong on the way. The address is left out: it may have a path of its own.
    pub(crate) fn unreachable(error: &reqwest::Error) -> Self {
        let mut innermost: &dyn std::error::Error = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        Self::Away(if error.is_timeout() {
            "it doesn't answer in time".to_owned()
        } else {
            innermost.to_string()
        })
    }

    /// What a provider says, whatever its status is.
    pub(crate) async fn read(answer: reqwest::Response) -> Result<Bytes, Self> {
        bounded_answer::read(answer, bounded_answer::DOCUMENT).await.map_err(|error| match error {
            AnswerError::BrokenOff(error) => Self::unreachable(&error),
            AnswerError::TooLarge(_) => Self::Refused(error.to_string()),
        })
    }

    /// The same, of which nothing may be shown.
    pub(crate) async fn read_secret(answer: reqwest::Response) -> Result<SecretString, Self> {
        let text = Vec::from(Self::read(answer).await?);
        let text = String::from_utf8(text).map_err(|_| Self::Refused("its answer is no text".to_owned()))?;
        Ok(SecretString::from(text))
    }

    /// What a status means: the provider's own trouble passes, a refusal doesn't.
    pub(crate) fn of_status(status: reqwest::StatusCode, words: String) -> Self {
        let words = format!("{} ({words})", status.as_u16());
        if status.is_server_error() || status.as_u16() == 429 {
            Self::Away(words)
        } else {
            Self::Refused(words)
        }
    }

    /// The same, with what was asked for by which setting.
    pub(crate) fn of_setting(self, what: &str) -> Self {
        match self {
            Self::Away(reason) => Self::Away(format!("{what}: {reason}")),
            Self::Refused(reason) => Self::Refused(format!("{what}: {reason}")),
        }
    }

    pub(crate) fn unexpected(what: &str) -> Self {
        Self::Refused(format!("its answer has no {what}"))
    }

    pub(crate) fn of(self, provider: &'static str) -> KeyError {
        match self {
            Self::Away(reason) => KeyError::Away { provider, reason },
            Self::Refused(reason) => KeyError::Refused { provider, reason },
        }
    }
}
