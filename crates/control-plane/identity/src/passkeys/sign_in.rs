//! Coming in with a passkey, and making the first one.

use catalog::operator_passkeys::{self as rows, ChallengePurpose, PasskeyRow};
use catalog::operator_sessions::LiveSession;
use catalog::{CatalogError, Client, operators};
use customers::{FieldCheck, UseCaseError, commit};
use domain::audit::AuditAction;
use serde_json::{Value, json};

use super::ceremony::{self, Holder, NotTaken, Shown, told_of};
use super::{COPIED, NewPasskeyAnswer, REFUSED, TOO_LATE, ask, keep, register};
use crate::guesses::Subject;
use crate::sign_in::{complete, new_recovery_codes, write};
use crate::{Caller, Identity, SignInError, SignedIn};

/// Whoever has one shows it, and makes none.
const HAS_ONE: SignInError = SignInError::WrongStep(
    "The account has a second factor: show it. Who lost it uses a recovery code, or has an owner reset it.",
);

impl Identity {
    /// Asks the browser of somebody who has shown the password for one of the account's passkeys; what it is to be told.
    ///
    /// # Errors
    /// [`SignInError::Over`] when there is no sign-in to go on with, [`SignInError::WrongStep`] when the account has none
    /// that this server's domain is shown, [`SignInError::NoPasskeys`].
    pub async fn ask_to_show_passkey(&self, session: &LiveSession) -> Result<Value, SignInError> {
        if session.is_complete {
            return Err(SignInError::Over);
        }
        let relying_party = self.relying_party()?;
        let client = self.client_for_sign_in().await?;
        let present = rows::of_operator(&client, session.operator_id).await?;
        let has_any = !present.is_empty();
        let present = super::of_this_domain(present, relying_party);
        if present.is_empty() {
            return Err(SignInError::WrongStep(if has_any {
                "The account's passkeys were made while this server had another address (SIXTY_PUBLIC_URL). Show a code of \
                 the authenticator app, or a recovery code."
            } else {
                "The account has no passkey. Show a code of the authenticator app, or a recovery code."
            }));
        }
        ask(&client, session.id, ChallengePurpose::SignIn, ceremony::ask_to_show(relying_party, &present)?)
            .await
    }

    /// Completes the session of whoever shows one of the account's passkeys. Each challenge is answered once, right or wrong,
    /// and each answer is a guess at the account's second factor.
    ///
    /// # Errors
    /// [`SignInError::PasskeyRefused`] when it isn't taken, [`SignInError::Over`] when there is no sign-in to go on with,
    /// [`SignInError::TooManyGuesses`], [`SignInError::NoPasskeys`]; with the field when it is no answer of a browser.
    pub async fn show_passkey(
        &self,
        session: &LiveSession,
        credential: &Value,
        caller: &Caller,
    ) -> Result<SignedIn, SignInError> {
        if session.is_complete {
            return Err(SignInError::Over);
        }
        let relying_party = self.relying_party()?;
        let mut check = FieldCheck::default();
        let parsed = check.keep("credential", Shown::parse(credential));
        check.finish().map_err(UseCaseError::from)?;
        let shown = parsed.ok_or(SignInError::PasskeyRefused(REFUSED))?;

        let (codes, network) = (Subject::code(session.operator_id), Subject::network(caller.ip_address));
        let mut client = self.client_for_sign_in().await?;
        network.take(&client).await?;
        codes.take(&client).await?;
        let Some(kept) = rows::take_challenge(&client, session.id, ChallengePurpose::SignIn).await? else {
            return self.refuse(session, client, NotTaken::TooLate, caller).await;
        };
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let row = rows::lock(&transaction, session.operator_id, &shown.credential_id()).await?;
        let verified = match &row {
            Some(row) => shown.verify(relying_party, &kept, row).map(|state| (row, state)),
            None => Err(NotTaken::Wrong("it is none of this account's".to_owned())),
        };
        let (row, state) = match verified {
            Ok(verified) => verified,
            Err(why) => {
                drop(transaction);
                return self.refuse(session, client, why, caller).await;
            }
        };
        rows::used(&transaction, row.id, &state).await?;
        codes.forget(&transaction).await?;
        network.give_back(&transaction).await?;
        let (token, session) = complete(&transaction, session, told_of_use(row), caller).await?;
        commit(transaction).await?;
        Ok(SignedIn { token, session, recovery_codes: Vec::new() })
    }

    /// Asks the browser of somebody who has shown the password of an account without a second factor for a passkey; what it is
    /// to be told.
    ///
    /// # Errors
    /// [`SignInError::WrongStep`] when the account has a second factor, [`SignInError::Over`] when the sign-in is complete,
    /// [`SignInError::NoPasskeys`].
    pub async fn ask_for_first_passkey(&self, session: &LiveSession) -> Result<Value, SignInError> {
        check_is_first(session)?;
        let holder = Holder { id: session.operator_id, email: &session.email, name: &session.name };
        let asked = ceremony::ask_for_new(self.relying_party()?, &holder, &[])?;
        ask(&self.client_for_sign_in().await?, session.id, ChallengePurpose::New, asked).await
    }

    /// Keeps the first passkey of an account without a second factor, and so completes the session. Yields the recovery codes.
    ///
    /// # Errors
    /// As [`Identity::ask_for_first_passkey`]; with every wrong field; a conflict when nothing was asked;
    /// [`UseCaseError::Taken`] when it is registered.
    pub async fn add_first_passkey(
        &self,
        session: &LiveSession,
        answer: &NewPasskeyAnswer<'_>,
        caller: &Caller,
    ) -> Result<SignedIn, SignInError> {
        check_is_first(session)?;
        let relying_party = self.relying_party()?;
        let mut client = self.client_for_sign_in().await?;
        let (name, registered) = register(&client, relying_party, session.id, answer).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        // Asked again after the lock: another sign-in may have set a second factor up since.
        let operator = operators::lock(&transaction, session.operator_id).await?.ok_or(SignInError::Over)?;
        let present = rows::of_operator(&transaction, operator.id).await?;
        if operator.totp_confirmed_at.is_some() || !present.is_empty() {
            return Err(HAS_ONE);
        }
        operators::forget_unconfirmed(&transaction, operator.id).await?;
        let row = keep(&transaction, relying_party, operator.id, (&name, &registered)).await?;
        let actor = caller.of(session);
        let told = json!({ "second_factor": "passkey added", "passkey": told_of(&row) });
        write(&transaction, &actor, AuditAction::OperatorSecondFactorChanged, operator.id, Some(told))
            .await?;
        let recovery_codes = new_recovery_codes(&transaction, &actor, operator.id, "set up").await?;
        let (token, session) = complete(&transaction, session, told_of_use(&row), caller).await?;
        commit(transaction).await?;
        Ok(SignedIn { token, session: LiveSession { has_passkey: true, ..session }, recovery_codes })
    }

    /// Writes down that a passkey wasn't taken. Guesses are slowed, so that these rows are few.
    async fn refuse(
        &self,
        session: &LiveSession,
        client: Client,
        why: NotTaken,
        caller: &Caller,
    ) -> Result<SignedIn, SignInError> {
        drop(client);
        let (what, told) = match why {
            NotTaken::Copied => ("passkey whose counter went back", COPIED),
            NotTaken::TooLate => ("passkey, too late or again", TOO_LATE),
            NotTaken::Wrong(error) => {
                tracing::debug!(error, session = %session.id, "a passkey isn't taken");
                ("passkey", REFUSED)
            }
        };
        self.note_guess(session.operator_id, what, caller).await;
        Err(SignInError::PasskeyRefused(told))
    }
}

fn told_of_use(row: &PasskeyRow) -> Value {
    json!({ "second_factor": "passkey", "passkey": told_of(row) })
}

fn check_is_first(session: &LiveSession) -> Result<(), SignInError> {
    match (session.is_complete, session.has_second_factor()) {
        (true, _) => Err(SignInError::Over),
        (false, true) => Err(HAS_ONE),
        (false, false) => Ok(()),
    }
}
