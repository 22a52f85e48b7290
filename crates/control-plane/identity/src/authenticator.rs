//! The authenticator app of an account: RFC 6238. Its secret is sealed with the platform's data key.

use catalog::operator_sessions::LiveSession;
use catalog::{GenericClient, operators};
use data_keys::{platform_seal, platform_seal_for};
use secrets::{KeyRing, SecretString, TotpSecret};
use uuid::Uuid;

use crate::{Identity, SignInError};

/// Where secrets of apps are sealed for.
const PLACE: &str = "admin_operators.totp_secret_sealed";
/// The name that apps show.
const ISSUER: &str = "Sixty";

/// What an app needs to know.
#[derive(Debug)]
pub struct NewAuthenticator {
    /// In base32, to be typed in.
    pub secret: SecretString,
    /// `otpauth://...`, to be read from a QR code.
    pub url: SecretString,
}

impl Identity {
    /// Makes the secret of a new app, for a sign-in to an account without one. The first code that is shown confirms it;
    /// until then it can be made anew.
    ///
    /// # Errors
    /// [`SignInError::WrongStep`] when the account has a second factor, [`SignInError::Over`] when the sign-in is complete.
    pub async fn set_up_authenticator(&self, session: &LiveSession) -> Result<NewAuthenticator, SignInError> {
        const HAS_ONE: SignInError = SignInError::WrongStep(
            "The account has a second factor: show it. Who lost it uses a recovery code, or has an owner reset it.",
        );
        if session.is_complete {
            return Err(SignInError::Over);
        }
        if session.has_second_factor() {
            return Err(HAS_ONE);
        }
        let client = self.client_for_sign_in().await?;
        let (new, sealed) = sealed_secret(&client, self.keys(), session.operator_id, &session.email).await?;
        // Asked again by the statement: another sign-in may have confirmed one since.
        if !operators::begin_second_factor(&client, session.operator_id, &sealed).await? {
            return Err(HAS_ONE);
        }
        Ok(new)
    }
}

/// A secret for an account's app, for its holder and to be kept.
pub(crate) async fn sealed_secret(
    client: &impl GenericClient,
    keys: &KeyRing,
    operator: Uuid,
    email: &str,
) -> Result<(NewAuthenticator, String), SignInError> {
    let secret = TotpSecret::generate();
    let seal = platform_seal(client, keys, PLACE).await?;
    let sealed = seal.seal(operator, secret.base32()).map_err(customers::UseCaseError::from)?;
    Ok((NewAuthenticator { secret: secret.base32().clone(), url: secret.url(ISSUER, email) }, sealed))
}

/// The secret of an account's app.
pub(crate) async fn open(
    client: &impl GenericClient,
    keys: &KeyRing,
    operator: Uuid,
    sealed: &str,
) -> Result<TotpSecret, SignInError> {
    let seal = platform_seal_for(client, keys, PLACE, sealed).await?;
    let text = seal.open(operator, sealed).map_err(customers::UseCaseError::from)?;
    TotpSecret::parse(&text)
        .map_err(|error| SignInError::UseCase(customers::UseCaseError::Unexpected(Box::new(error))))
}
