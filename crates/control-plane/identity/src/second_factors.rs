//! Second factors of whoever is signed in: who may change them, and the authenticator app beside passkeys.
//!
//! A new second factor, and one fewer, is asked for with the present password: whoever finds a session open makes no way in
//! for themselves. Who signs in at a provider may have no password that they know; they do it within ten minutes of signing
//! in.

use std::time::Duration;

use catalog::operators::OperatorRow;
use catalog::{CatalogError, Transaction, operator_passkeys, operator_sessions, operators};
use chrono::Utc;
use customers::{Actor, FieldCheck, UseCaseError, commit};
use domain::audit::AuditAction;
use domain::operator::OwnAccount;
use secrets::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::authenticator::{NewAuthenticator, open, sealed_secret};
use crate::guesses::Subject;
use crate::passkeys::{no_passkey, told_of};
use crate::sign_in::write;
use crate::{Caller, Identity, SignInError};

/// How long after a sign-in at a provider it stands for the password.
const RECENT: Duration = Duration::from_secs(10 * 60);

impl Identity {
    /// Makes the secret of an app for an operator who has passkeys and no app. The first code that is shown confirms it.
    ///
    /// # Errors
    /// [`SignInError::Refused`] when the password is wrong, [`SignInError::TooManyGuesses`]; a conflict when they have an app.
    pub async fn ask_for_authenticator(
        &self,
        actor: &Actor,
        password: Option<&SecretString>,
    ) -> Result<NewAuthenticator, SignInError> {
        let account = actor.own_account().map_err(UseCaseError::from)?;
        self.confirm_who_it_is(actor, &account, password).await?;
        let client = self.client_of(&account).await?;
        let operator = operators::get(&client, account.operator_id()).await?.ok_or(SignInError::Over)?;
        let (new, sealed) = sealed_secret(&client, self.keys(), operator.id, &operator.email).await?;
        if !operators::begin_another_app(&client, operator.id, &sealed).await? {
            return Err(UseCaseError::Conflict(
                "You have an authenticator app. To change to another one, remove it first.".to_owned(),
            )
            .into());
        }
        Ok(new)
    }

    /// Confirms the app by its first code.
    ///
    /// # Errors
    /// [`SignInError::Refused`] for a wrong code, [`SignInError::TooManyGuesses`]; a conflict when there is none to confirm.
    pub async fn confirm_authenticator(&self, actor: &Actor, code: &SecretString) -> Result<(), SignInError> {
        let account = actor.own_account().map_err(UseCaseError::from)?;
        let mut client = self.client_of(&account).await?;
        let codes = Subject::code(account.operator_id());
        codes.take(&client).await?;
        let operator = operators::get(&client, account.operator_id()).await?.ok_or(SignInError::Over)?;
        let sealed = operator.totp_secret_sealed.filter(|_| operator.totp_confirmed_at.is_none());
        let sealed = sealed.ok_or_else(|| {
            UseCaseError::Conflict("There is no authenticator app to confirm. Begin anew.".to_owned())
        })?;
        let secret = open(&client, self.keys(), operator.id, &sealed).await?;
        let typed: String = code.expose_secret().chars().filter(|letter| !letter.is_whitespace()).collect();
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let is_right = match secret.step_of(&typed, Utc::now().timestamp(), 0) {
            Some(step) => operators::confirm_another_app(&transaction, operator.id, &sealed, step).await?,
            None => false,
        };
        if !is_right {
            drop(transaction);
            drop(client);
            let caller = Caller { ip_address: actor.ip_address, user_agent: actor.user_agent.clone() };
            self.note_guess(operator.id, "code", &caller).await;
            return Err(SignInError::Refused);
        }
        codes.forget(&transaction).await?;
        let told = json!({ "second_factor": "authenticator added" });
        write(&transaction, actor, AuditAction::OperatorSecondFactorChanged, operator.id, Some(told)).await?;
        Ok(commit(transaction).await?)
    }

    /// Takes the app away from an operator who has passkeys. Their other sessions end: somebody may have come in with it.
    ///
    /// # Errors
    /// [`SignInError::Refused`] when the password is wrong, [`SignInError::TooManyGuesses`]; a conflict when it is the last
    /// second factor; [`UseCaseError::NotFound`] when they have none.
    pub async fn remove_authenticator(
        &self,
        actor: &Actor,
        password: Option<&SecretString>,
    ) -> Result<(), SignInError> {
        self.remove_second_factor(actor, SecondFactor::Authenticator, password).await
    }

    /// Takes a second factor away, with the present password. The last one stays, and other sessions end.
    pub(crate) async fn remove_second_factor(
        &self,
        actor: &Actor,
        which: SecondFactor,
        password: Option<&SecretString>,
    ) -> Result<(), SignInError> {
        let account = actor.own_account().map_err(UseCaseError::from)?;
        self.confirm_who_it_is(actor, &account, password).await?;
        let mut client = self.client_of(&account).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        // Of the last two that are removed at once, one stays.
        let operator =
            operators::lock(&transaction, account.operator_id()).await?.ok_or(SignInError::Over)?;
        let mut told = which.remove(&transaction, &operator).await?;
        if is_without_second_factor(&transaction, operator.id).await? {
            return Err(UseCaseError::Conflict(
                "This is your last second factor. Add another one first, or have an owner reset your second factor.".to_owned(),
            )
            .into());
        }
        let ended =
            operator_sessions::revoke_all(&transaction, operator.id, Some(account.session_id())).await?;
        told["sessions_ended"] = json!(ended);
        write(&transaction, actor, AuditAction::OperatorSecondFactorChanged, operator.id, Some(told)).await?;
        Ok(commit(transaction).await?)
    }

    /// Lets nobody change second factors who merely found a session open.
    pub(crate) async fn confirm_who_it_is(
        &self,
        actor: &Actor,
        account: &OwnAccount<'_>,
        password: Option<&SecretString>,
    ) -> Result<(), SignInError> {
        let client = self.client_of(account).await?;
        let Some(password) = password else {
            let (at_provider, is_recent) =
                operator_sessions::origin(&client, account.session_id(), RECENT).await?;
            if at_provider && is_recent {
                return Ok(());
            }
            let mut check = FieldCheck::default();
            check.wrong(
                "password",
                if at_provider {
                    "is missing: who signs in with the OpenID provider shows theirs, or signs in there again and is back within \
                     ten minutes"
                } else {
                    "is missing: second factors are changed with the present password"
                },
            );
            return Ok(check.finish().map_err(UseCaseError::from)?);
        };
        let operator = operators::get(&client, account.operator_id()).await?.ok_or(SignInError::Over)?;
        drop(client);
        let guesses = self.check_present_password(actor, account, &operator, password).await?;
        Ok(guesses.forget(&self.client_of(account).await?).await?)
    }
}

/// A second factor that is to be removed.
pub(crate) enum SecondFactor {
    /// The app.
    Authenticator,
    /// This passkey.
    Passkey(Uuid),
}

impl SecondFactor {
    /// Removes it. What the audit log says of it.
    async fn remove(
        self,
        transaction: &Transaction<'_>,
        operator: &OperatorRow,
    ) -> Result<Value, UseCaseError> {
        match self {
            Self::Authenticator if operator.totp_confirmed_at.is_none() => {
                Err(UseCaseError::NotFound("You have no authenticator app.".to_owned()))
            }
            Self::Authenticator => {
                operators::remove_app(transaction, operator.id).await?;
                Ok(json!({ "second_factor": "authenticator removed" }))
            }
            Self::Passkey(id) => {
                let row = operator_passkeys::remove(transaction, operator.id, id).await?;
                let row = row.ok_or_else(no_passkey)?;
                Ok(json!({ "second_factor": "passkey removed", "passkey": told_of(&row) }))
            }
        }
    }
}

/// Whether the last second factor of the account is gone. Asked anew: a row that was read before a removal, or waited for at its
/// lock, doesn't know.
async fn is_without_second_factor(
    transaction: &Transaction<'_>,
    operator: Uuid,
) -> Result<bool, CatalogError> {
    Ok(operators::get(transaction, operator).await?.is_none_or(|operator| !operator.has_second_factor()))
}
