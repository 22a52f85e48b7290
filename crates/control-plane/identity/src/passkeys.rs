//! Passkeys (WebAuthn): what an operator shows beside the password, bound to this server's domain, so that no other site can
//! ask for it.
//!
//! The browser is given a challenge, which is kept in the admin database with the session that asked: it is answered once,
//! by that session, within five minutes. A passkey must verify its holder (a PIN, a fingerprint): the browser that keeps the
//! password is often the machine that holds the passkey too, and whoever sits down at it would have both.

mod ceremony;
mod own;
mod relying_party;
mod sign_in;

use std::time::Duration;

use catalog::GenericClient;
use catalog::operator_passkeys::{self, ChallengePurpose, NewPasskey, PasskeyRow};
use customers::{FieldCheck, UseCaseError};
use serde_json::Value;
use uuid::Uuid;

pub(crate) use ceremony::told_of;
pub(crate) use own::no_passkey;
pub use relying_party::{NoPasskeys, RelyingParty};

use crate::SignInError;
use ceremony::{Asked, Registered};

/// How many passkeys an operator has at most.
pub const MOST: usize = 20;
/// How long a challenge may be answered.
const LONGEST_CHALLENGE: Duration = Duration::from_secs(5 * 60);

/// What somebody answers who makes a passkey.
#[derive(Debug)]
pub struct NewPasskeyAnswer<'a> {
    /// What they call it.
    pub name: &'a str,
    /// What the browser made: a `RegistrationResponseJSON`.
    pub credential: &'a Value,
}

/// Keeps what a session was asked, and gives what the browser is to be told.
async fn ask(
    client: &impl GenericClient,
    session: Uuid,
    purpose: ChallengePurpose,
    asked: Asked,
) -> Result<Value, SignInError> {
    operator_passkeys::keep_challenge(client, session, (purpose, &asked.kept), LONGEST_CHALLENGE).await?;
    Ok(asked.options)
}

/// Looks at what a browser made when it was asked for a new passkey.
async fn register(
    client: &impl GenericClient,
    relying_party: &RelyingParty,
    session: Uuid,
    answer: &NewPasskeyAnswer<'_>,
) -> Result<(String, Registered), SignInError> {
    let mut check = FieldCheck::default();
    let name = check.name("name", answer.name, 100).unwrap_or_default();
    let parsed = check.keep("credential", ceremony::parse_registration(answer.credential));
    check.finish().map_err(UseCaseError::from)?;
    let kept = operator_passkeys::take_challenge(client, session, ChallengePurpose::New).await?;
    let kept = kept.ok_or_else(|| {
        UseCaseError::Conflict(
            "Nothing was asked that this answers, or more than five minutes ago. Begin anew.".to_owned(),
        )
    })?;
    let mut check = FieldCheck::default();
    let registered = parsed.and_then(|parsed| {
        check.keep("credential", ceremony::finish_registration(relying_party, &kept, &parsed))
    });
    check.finish().map_err(UseCaseError::from)?;
    let registered = registered.ok_or(SignInError::PasskeyRefused(REFUSED))?;
    Ok((name, registered))
}

/// Keeps a new passkey.
async fn keep(
    client: &impl GenericClient,
    relying_party: &RelyingParty,
    operator: Uuid,
    (name, registered): (&str, &Registered),
) -> Result<PasskeyRow, SignInError> {
    let new = NewPasskey {
        operator_id: operator,
        name,
        credential_id: &registered.credential_id,
        domain: relying_party.domain(),
        public_key: &registered.public_key,
        transports: registered.transports,
        state: &registered.state,
    };
    operator_passkeys::insert(client, &new).await.map_err(|error| {
        if error.conflicts_with("admin_operator_passkeys_credential_key") {
            let detail = "This passkey is registered already.".to_owned();
            UseCaseError::Taken { field: None, detail }.into()
        } else {
            error.into()
        }
    })
}

/// Those that browsers show at this server's domain.
fn of_this_domain(rows: Vec<PasskeyRow>, relying_party: &RelyingParty) -> Vec<PasskeyRow> {
    rows.into_iter().filter(|row| row.domain == relying_party.domain()).collect()
}

/// What whoever shows the wrong passkey is told.
const REFUSED: &str =
    "This passkey doesn't open the account: it is none of it, or was made for another site.";
/// What whoever is too late is told.
const TOO_LATE: &str =
    "The passkey was asked for more than five minutes ago, or was shown before. Try again.";
/// What whoever shows a copy is told.
const COPIED: &str =
    "This passkey's counter has gone back, so there may be a copy of it. Come in another way, and remove it.";

impl From<ceremony::Broken> for SignInError {
    fn from(error: ceremony::Broken) -> Self {
        Self::UseCase(UseCaseError::Unexpected(Box::new(error)))
    }
}
