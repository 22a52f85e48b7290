//! What operators do with their own passkeys.

use catalog::operator_passkeys::{self as rows, ChallengePurpose, PasskeyRow};
use catalog::{CatalogError, Transaction, operators};
use customers::{Actor, FieldCheck, UseCaseError, commit};
use domain::audit::AuditAction;
use secrets::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ceremony::{self, Holder, told_of};
use super::{MOST, NewPasskeyAnswer, ask, keep, register};
use crate::second_factors::SecondFactor;
use crate::sign_in::write;
use crate::{Identity, SignInError};

impl Identity {
    /// The operator's own passkeys, the oldest first.
    ///
    /// # Errors
    /// For whoever isn't signed in.
    pub async fn own_passkeys(&self, actor: &Actor) -> Result<Vec<PasskeyRow>, UseCaseError> {
        let account = actor.own_account()?;
        Ok(rows::of_operator(&self.client_of(&account).await?, account.operator_id()).await?)
    }

    /// Asks the operator's browser for a new passkey; what it is to be told.
    ///
    /// # Errors
    /// [`SignInError::Refused`] when the password is wrong, [`SignInError::TooManyGuesses`], [`SignInError::NoPasskeys`]; a
    /// conflict when there are too many.
    pub async fn ask_for_passkey(
        &self,
        actor: &Actor,
        password: Option<&SecretString>,
    ) -> Result<Value, SignInError> {
        let account = actor.own_account().map_err(UseCaseError::from)?;
        let relying_party = self.relying_party()?;
        self.confirm_who_it_is(actor, &account, password).await?;
        let client = self.client_of(&account).await?;
        let operator = operators::get(&client, account.operator_id()).await?.ok_or(SignInError::Over)?;
        let present = rows::of_operator(&client, operator.id).await?;
        check_room(&present)?;
        let holder = Holder { id: operator.id, email: &operator.email, name: &operator.name };
        let present = super::of_this_domain(present, relying_party);
        let asked = ceremony::ask_for_new(relying_party, &holder, &present)?;
        ask(&client, account.session_id(), ChallengePurpose::New, asked).await
    }

    /// Keeps a new passkey.
    ///
    /// # Errors
    /// With every wrong field; a conflict when nothing was asked, or there are too many; [`UseCaseError::Taken`] when it is
    /// registered.
    pub async fn add_passkey(
        &self,
        actor: &Actor,
        answer: &NewPasskeyAnswer<'_>,
    ) -> Result<PasskeyRow, SignInError> {
        let account = actor.own_account().map_err(UseCaseError::from)?;
        let relying_party = self.relying_party()?;
        let mut client = self.client_of(&account).await?;
        let (name, registered) = register(&client, relying_party, account.session_id(), answer).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        // Of two that are added at once, the second is counted after the first.
        operators::lock(&transaction, account.operator_id()).await?.ok_or(SignInError::Over)?;
        check_room(&rows::of_operator(&transaction, account.operator_id()).await?)?;
        let row = keep(&transaction, relying_party, account.operator_id(), (&name, &registered)).await?;
        tell(&transaction, actor, "passkey added", &row).await?;
        commit(transaction).await?;
        Ok(row)
    }

    /// Calls one of the operator's own passkeys otherwise.
    ///
    /// # Errors
    /// With the field; [`UseCaseError::NotFound`] when they have no such one.
    pub async fn rename_passkey(
        &self,
        actor: &Actor,
        id: Uuid,
        name: &str,
    ) -> Result<PasskeyRow, UseCaseError> {
        let account = actor.own_account()?;
        let mut check = FieldCheck::default();
        let name = check.name("name", name, 100).unwrap_or_default();
        check.finish()?;
        let mut client = self.client_of(&account).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let row = rows::rename(&transaction, account.operator_id(), id, &name).await?;
        let row = row.ok_or_else(no_passkey)?;
        tell(&transaction, actor, "passkey renamed", &row).await?;
        commit(transaction).await?;
        Ok(row)
    }

    /// Removes one of the operator's own passkeys. Their other sessions end: somebody may have come in with it.
    ///
    /// # Errors
    /// [`SignInError::Refused`] when the password is wrong, [`SignInError::TooManyGuesses`]; a conflict when they have no
    /// other second factor; [`UseCaseError::NotFound`] when they have no such one.
    pub async fn remove_passkey(
        &self,
        actor: &Actor,
        id: Uuid,
        password: Option<&SecretString>,
    ) -> Result<(), SignInError> {
        self.remove_second_factor(actor, SecondFactor::Passkey(id), password).await
    }
}

fn check_room(present: &[PasskeyRow]) -> Result<(), UseCaseError> {
    if present.len() < MOST {
        return Ok(());
    }
    Err(UseCaseError::Conflict(format!("You have {MOST} passkeys. Remove those that nobody uses first.")))
}

pub(crate) fn no_passkey() -> UseCaseError {
    UseCaseError::NotFound("You have no such passkey: it may have been removed.".to_owned())
}

/// An audit row about a passkey.
async fn tell(
    transaction: &Transaction<'_>,
    actor: &Actor,
    what: &str,
    row: &PasskeyRow,
) -> Result<(), CatalogError> {
    let told = json!({ "second_factor": what, "passkey": told_of(row) });
    write(transaction, actor, AuditAction::OperatorSecondFactorChanged, row.operator_id, Some(told)).await
}
