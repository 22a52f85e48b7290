//! The two ceremonies of WebAuthn, by the library: asking for a new passkey, and asking to be shown one. Nothing here knows
//! a database; whoever calls keeps what was asked, and gives it back with the answer, once.

use std::fmt;

use catalog::operator_passkeys::{PasskeyRow, PasskeyState};
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::{AllowedCredentials, AuthenticationVerificationOptions};
use webauthn_rp::request::register::{RegistrationVerificationOptions, UserHandle};
use webauthn_rp::request::{Credentials as _, PublicKeyCredentialDescriptor, UserVerificationRequirement};
use webauthn_rp::response::auth::error::AuthCeremonyErr;
use webauthn_rp::response::register::{DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, AuthenticatorAttachment, Backup, CredentialId};
use webauthn_rp::{
    AuthenticatedCredential, NonDiscoverableAuthentication16, NonDiscoverableAuthenticationServerState,
    NonDiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration,
    RegistrationServerState,
};

use super::relying_party::RelyingParty;

/// The name that browsers show for this server.
const NAME: &str = "Sixty";
/// How long an operator's id is: it is what authenticators call them by.
const HANDLE: usize = 16;

/// What is asked of a browser.
pub(super) struct Asked {
    /// For the browser: what `PublicKeyCredential.parse...OptionsFromJSON()` takes.
    pub(super) options: Value,
    /// What the answer is held against.
    pub(super) kept: Vec<u8>,
}

/// Who makes a passkey.
pub(super) struct Holder<'a> {
    pub(super) id: Uuid,
    pub(super) email: &'a str,
    pub(super) name: &'a str,
}

/// A passkey that was made.
pub(super) struct Registered {
    pub(super) credential_id: Vec<u8>,
    pub(super) public_key: Vec<u8>,
    pub(super) transports: u8,
    pub(super) state: PasskeyState,
}

/// Why a passkey doesn't open an account.
#[derive(Debug)]
pub(super) enum NotTaken {
    /// Its counter has gone back.
    Copied,
    /// The challenge is too old.
    TooLate,
    /// Anything else.
    Wrong(String),
}

/// What we kept can't be read, or can't be written: none of the browser's doing.
#[derive(Debug, thiserror::Error)]
#[error("a passkey's {0}")]
pub(super) struct Broken(String);

fn broken<E: fmt::Display>(what: &'static str) -> impl FnOnce(E) -> Broken {
    move |error| Broken(format!("{what}: {error}"))
}

/// Asks for a new passkey, on no authenticator that has one of these.
pub(super) fn ask_for_new(
    relying_party: &RelyingParty,
    holder: &Holder<'_>,
    present: &[PasskeyRow],
) -> Result<Asked, Broken> {
    let handle = handle(holder.id);
    let present = present.iter().map(descriptor).collect::<Result<_, _>>()?;
    let mut wanted =
        PublicKeyCredentialCreationOptions::second_factor(relying_party.id(), (&handle).into(), present);
    wanted.authenticator_selection.user_verification = UserVerificationRequirement::Required;
    wanted.extensions.cred_props = None;
    let (kept, options) = wanted.start_ceremony().map_err(broken("options"))?;
    let mut options = serde_json::to_value(&options).map_err(broken("options"))?;
    // For people only: no authenticator signs them, and the library takes fewer names than people have.
    options["rp"]["name"] = NAME.into();
    options["user"]["name"] = holder.email.into();
    options["user"]["displayName"] = holder.name.into();
    Ok(Asked { options, kept: kept.encode().map_err(broken("challenge"))? })
}

/// What a browser made, as it tells it.
pub(super) fn parse_registration(answer: &Value) -> Result<Registration, String> {
    let text = answer.to_string();
    Registration::from_json_relaxed(text.as_bytes())
        .map_err(|error| format!("is no answer of a browser that made a passkey: {error}"))
}

/// Looks at what was made.
///
/// # Errors
/// With what is wrong, for the field.
pub(super) fn finish_registration(
    relying_party: &RelyingParty,
    kept: &[u8],
    answer: &Registration,
) -> Result<Registered, String> {
    let asked = RegistrationServerState::<HANDLE>::decode(kept).map_err(|error| error.to_string())?;
    let options = RegistrationVerificationOptions::<&str, &str> {
        allowed_origins: &[relying_party.origin()],
        // Some authenticators say more than they were asked.
        error_on_unsolicited_extensions: false,
        ..RegistrationVerificationOptions::default()
    };
    let made = asked
        .verify(relying_party.id(), answer, &options)
        .map_err(|error| format!("is no passkey for {}: {error}", relying_party.origin()))?;
    let Ok(public_key) = made.static_state().encode();
    let Ok(transports) = made.transports().encode();
    Ok(Registered {
        credential_id: made.id().as_ref().to_vec(),
        public_key,
        transports,
        state: state_of(made.dynamic_state()),
    })
}

/// Asks to be shown one of these passkeys.
pub(super) fn ask_to_show(relying_party: &RelyingParty, present: &[PasskeyRow]) -> Result<Asked, Broken> {
    let mut allowed = AllowedCredentials::with_capacity(present.len());
    for row in present {
        allowed.push(descriptor(row)?.into());
    }
    let mut wanted = NonDiscoverableCredentialRequestOptions::second_factor(relying_party.id(), allowed)
        .map_err(broken("options"))?;
    wanted.options().user_verification = UserVerificationRequirement::Required;
    let (kept, options) = wanted.start_ceremony().map_err(broken("options"))?;
    let options = serde_json::to_value(&options).map_err(broken("options"))?;
    Ok(Asked { options, kept: kept.encode().map_err(broken("challenge"))? })
}

/// What an authenticator signed, and which passkey it says it is.
pub(super) struct Shown(NonDiscoverableAuthentication16);

impl Shown {
    /// As the browser tells it.
    pub(super) fn parse(answer: &Value) -> Result<Self, String> {
        let text = answer.to_string();
        NonDiscoverableAuthentication16::from_json_relaxed(text.as_bytes())
            .map(Self)
            .map_err(|error| format!("is no answer of a browser that was asked for a passkey: {error}"))
    }

    pub(super) fn credential_id(&self) -> Vec<u8> {
        self.0.raw_id().as_ref().to_vec()
    }

    /// Looks whether it is this passkey, and answers this challenge.
    pub(super) fn verify(
        &self,
        relying_party: &RelyingParty,
        kept: &[u8],
        row: &PasskeyRow,
    ) -> Result<PasskeyState, NotTaken> {
        let wrong = |error: &dyn fmt::Display| NotTaken::Wrong(error.to_string());
        let asked = NonDiscoverableAuthenticationServerState::decode(kept).map_err(|error| wrong(&error))?;
        let handle = handle(row.operator_id);
        let id =
            CredentialId::<&[u8]>::decode(row.credential_id.as_slice()).map_err(|error| wrong(&error))?;
        let key = StaticState::decode(row.public_key.as_slice()).map_err(|error| wrong(&error))?;
        let mut known = AuthenticatedCredential::new(id, &handle, key, dynamic_state(&row.state))
            .map_err(|error| wrong(&error))?;
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &[relying_party.origin()],
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        asked.verify(relying_party.id(), &self.0, &mut known, &options).map_err(|error| match error {
            AuthCeremonyErr::SignatureCounter => NotTaken::Copied,
            AuthCeremonyErr::Timeout => NotTaken::TooLate,
            error => wrong(&error),
        })?;
        Ok(state_of(known.dynamic_state()))
    }
}

fn handle(operator: Uuid) -> UserHandle<HANDLE> {
    let Ok(handle) = UserHandle::<HANDLE>::decode(*operator.as_bytes());
    handle
}

fn descriptor(row: &PasskeyRow) -> Result<PublicKeyCredentialDescriptor<Vec<u8>>, Broken> {
    Ok(PublicKeyCredentialDescriptor {
        id: CredentialId::<Vec<u8>>::decode(row.credential_id.clone()).map_err(broken("id"))?,
        transports: AuthTransports::decode(row.transports).map_err(broken("transports"))?,
    })
}

fn state_of(state: DynamicState) -> PasskeyState {
    let backup = match state.backup {
        Backup::NotEligible => "never",
        Backup::Eligible => "possible",
        Backup::Exists => "done",
    };
    let attachment = match state.authenticator_attachment {
        AuthenticatorAttachment::None => None,
        AuthenticatorAttachment::Platform => Some("platform"),
        AuthenticatorAttachment::CrossPlatform => Some("cross-platform"),
    };
    PasskeyState {
        sign_count: state.sign_count,
        backup: backup.to_owned(),
        attachment: attachment.map(str::to_owned),
    }
}

fn dynamic_state(state: &PasskeyState) -> DynamicState {
    DynamicState {
        // None is taken that didn't verify its holder.
        user_verified: true,
        backup: match state.backup.as_str() {
            "done" => Backup::Exists,
            "possible" => Backup::Eligible,
            _ => Backup::NotEligible,
        },
        sign_count: state.sign_count,
        authenticator_attachment: match state.attachment.as_deref() {
            Some("platform") => AuthenticatorAttachment::Platform,
            Some("cross-platform") => AuthenticatorAttachment::CrossPlatform,
            _ => AuthenticatorAttachment::None,
        },
    }
}

/// What is told of a passkey in the audit log: nothing that is used to sign in.
pub(crate) fn told_of(row: &PasskeyRow) -> Value {
    json!({ "passkey_id": row.id, "name": row.name, "domain": row.domain, "backup": row.state.backup })
}
