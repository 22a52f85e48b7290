//! The session of `sixty login`, in a file that only its owner can read.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Access;
use super::exit::Failure;
use crate::config::{read_private, write_private};

/// Who is signed in where.
#[derive(Debug)]
pub(crate) struct SignedIn {
    /// The server that gave the token.
    pub(crate) url: Url,
    /// The session's token.
    pub(crate) token: SecretString,
}

/// What is in the file.
#[derive(Serialize, Deserialize)]
struct File {
    url: Url,
    token: String,
}

/// The session of this machine, if there is one.
pub(crate) fn read(access: &Access) -> Result<Option<SignedIn>, Failure> {
    let path = &access.session_file;
    if !path.exists() {
        return Ok(None);
    }
    let text = read_private(path).map_err(|error| Failure::NoToken(format!("{error:#}")))?;
    let File { url, token } = serde_json::from_str(text.expose_secret()).map_err(|_| {
        Failure::NoToken(format!("{} is no session: remove it with `sixty logout`", path.display()))
    })?;
    Ok(Some(SignedIn { url, token: token.into() }))
}

/// Keeps a session. There is one at a time.
pub(crate) fn keep(access: &Access, session: &SignedIn) -> Result<(), Failure> {
    let unexpected = |error: &dyn std::fmt::Display| Failure::Unexpected(format!("{error:#}"));
    if let Some(folder) = access.session_file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| unexpected(&error))?;
    }
    let file = File { url: session.url.clone(), token: session.token.expose_secret().to_owned() };
    let text = serde_json::to_string(&file).map_err(|error| unexpected(&error))?;
    write_private(&access.session_file, &text.into()).map_err(|error| unexpected(&error))
}

/// Forgets the session, whether there is one or not.
pub(crate) fn forget(access: &Access) -> Result<(), Failure> {
    match std::fs::remove_file(&access.session_file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::Unexpected(format!("{} can't be removed: {error}", access.session_file.display())))
        }
        _ => Ok(()),
    }
}
