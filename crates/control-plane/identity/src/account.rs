//! What operators change of their own account.

use catalog::operators::OperatorRow;
use catalog::{CatalogError, operator_sessions, operators};
use customers::{Actor, FieldCheck, UseCaseError, commit};
use domain::audit::AuditAction;
use domain::operator::OwnAccount;
use secrets::SecretString;
use serde_json::json;

use crate::guesses::Subject;
use crate::passwords::Passwords;
use crate::sign_in::{new_recovery_codes, write};
use crate::{Caller, Identity, SignInError};

impl Identity {
    /// Gives the account another password, for whoever knows the present one. Their other sessions end; tokens go on.
    ///
    /// # Errors
    /// [`SignInError::Refused`] when the present one is wrong, [`SignInError::TooManyGuesses`], and with the field when
    /// the new one is easily guessed or the same.
    pub async fn change_password(
        &self,
        actor: &Actor,
        present: &SecretString,
        new: &SecretString,
    ) -> Result<(), SignInError> {
        let account = actor.own_account().map_err(UseCaseError::from)?;
        let operator = {
            let client = self.client_of(&account).await?;
            let operator = operators::get(&client, account.operator_id()).await?.ok_or(SignInError::Over)?;
            let mut check = FieldCheck::default();
            Passwords::check(&mut check, "new_password", new, &[&operator.email, &operator.name]);
            check.finish().map_err(UseCaseError::from)?;
            operator
        };
        let guesses = self.check_present_password(actor, &account, &operator, present).await?;
        if self.passwords().verify(Some(&operator.password_hash), new).await? {
            let mut check = FieldCheck::default();
            check.wrong("new_password", "must be another one than the present password");
            check.finish().map_err(UseCaseError::from)?;
        }
        let hash = self.passwords().hash(new).await?;

        let mut client = self.client_of(&account).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        operators::set_password(&transaction, operator.id, &hash, false).await?;
        guesses.forget(&transaction).await?;
        let ended =
            operator_sessions::revoke_all(&transaction, operator.id, Some(account.session_id())).await?;
        let told = json!({ "by": "the operator", "sessions_ended": ended });
        write(&transaction, actor, AuditAction::OperatorPasswordChanged, operator.id, Some(told)).await?;
        commit(transaction).await?;
        Ok(())
    }

    /// Looks whether it is the account's password. It is a guess until then: the guesses, to be forgotten when all went well.
    pub(crate) async fn check_present_password(
        &self,
        actor: &Actor,
        account: &OwnAccount<'_>,
        operator: &OperatorRow,
        present: &SecretString,
    ) -> Result<Subject, SignInError> {
        let guesses = Subject::account(&operator.email);
        guesses.take(&self.client_of(account).await?).await?;
        // Without a connection: it takes a while.
        if self.passwords().verify(Some(&operator.password_hash), present).await? {
            return Ok(guesses);
        }
        let caller = Caller { ip_address: actor.ip_address, user_agent: actor.user_agent.clone() };
        self.note_guess(operator.id, "present password", &caller).await;
        Err(SignInError::Refused)
    }

    /// Replaces the recovery codes by new ones, shown once.
    ///
    /// # Errors
    /// For whoever isn't signed in.
    pub async fn new_recovery_codes(&self, actor: &Actor) -> Result<Vec<SecretString>, UseCaseError> {
        let account = actor.own_account()?;
        let mut client = self.client_of(&account).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let codes = new_recovery_codes(&transaction, actor, account.operator_id(), "unchanged").await?;
        commit(transaction).await?;
        Ok(codes)
    }
}
