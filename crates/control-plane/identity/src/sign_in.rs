//! Signing in: first the password, then the second factor.

use catalog::audit::AuditEntry;
use catalog::operator_sessions::{LiveSession, NewSession};
use catalog::operators::OperatorRow;
use catalog::{CatalogError, GenericClient, Transaction, audit, operator_sessions, operators};
use chrono::{DateTime, Utc};
use customers::commit;
use domain::audit::AuditAction;
use domain::operator::{Actor, Role};
use secrets::bearer::{BearerKind, recovery_code, recovery_code_hash};
use secrets::{BearerToken, ExposeSecret, SecretString, TotpSecret};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::guesses::Subject;
use crate::service::{LONGEST_SESSION, LONGEST_SIGN_IN};
use crate::{Caller, Identity, SignInError, authenticator};

/// How many recovery codes there are.
pub(crate) const RECOVERY_CODES: usize = 10;

/// What somebody shows first.
#[derive(Debug)]
pub struct Password<'a> {
    /// The account.
    pub email: &'a str,
    /// Its password.
    pub password: &'a SecretString,
    /// Whether the token goes into a browser's cookie.
    pub in_cookie: bool,
}

/// What is to be done before the session is worth something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// Show the second factor: a code of the authenticator app, a passkey, or a recovery code.
    ShowCode,
    /// Set an authenticator app up, or a passkey: the account has neither.
    SetUpAuthenticator,
    /// Choose a password: somebody else knows this one.
    ChangePassword,
}

impl NextStep {
    /// As documents say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ShowCode => "show_code",
            Self::SetUpAuthenticator => "set_up_authenticator",
            Self::ChangePassword => "change_password",
        }
    }

    /// The next step of a session; `None` when everything is done.
    #[must_use]
    pub fn of(session: &LiveSession) -> Option<Self> {
        match (session.is_complete, session.has_second_factor(), session.password_must_change) {
            (false, true, _) => Some(Self::ShowCode),
            (false, false, _) => Some(Self::SetUpAuthenticator),
            (true, _, true) => Some(Self::ChangePassword),
            (true, _, false) => None,
        }
    }
}

/// A session, and the token that it is used with from now on.
#[derive(Debug)]
pub struct SignedIn {
    /// Shown once; the one before is worth nothing now.
    pub token: BearerToken,
    /// The session as it is now.
    pub session: LiveSession,
    /// For whoever loses the device; only when the app was just set up.
    pub recovery_codes: Vec<SecretString>,
}

impl Identity {
    /// The first step: begins a session for whoever knows the password.
    ///
    /// # Errors
    /// [`SignInError::Refused`] for a wrong address or password, [`SignInError::TooManyGuesses`],
    /// [`SignInError::Busy`].
    pub async fn sign_in(&self, shown: &Password<'_>, caller: &Caller) -> Result<SignedIn, SignInError> {
        let email = canonical(shown.email);
        let (account, network) = (Subject::account(&email), Subject::network(caller.ip_address));
        let found = {
            let client = self.client_for_sign_in().await?;
            network.take(&client).await?;
            if let Err(slowed) = account.take(&client).await {
                if matches!(slowed, SignInError::TooManyGuesses(_)) {
                    self.note_slowed(email, caller);
                }
                return Err(slowed);
            }
            operators::by_email(&client, &email).await?
        };
        // Without a connection: it takes a while.
        let hash = found.as_ref().map(|operator| &operator.password_hash);
        let is_right = self.passwords().verify(hash, shown.password).await?;
        let operator = match found {
            Some(operator) if is_right && operator.disabled_at.is_none() => operator,
            other => {
                if let Some(operator) = other {
                    // Not waited for: the refusal of an account that exists takes no longer than of one that doesn't.
                    let (identity, caller) = (self.clone(), caller.clone());
                    tokio::spawn(async move { identity.note_guess(operator.id, "password", &caller).await });
                }
                return Err(SignInError::Refused);
            }
        };

        let token = BearerToken::generate(BearerKind::Session);
        let new = NewSession {
            operator_id: operator.id,
            token_hash: &token.hash(),
            in_cookie: shown.in_cookie,
            longest: LONGEST_SIGN_IN,
            ip_address: caller.ip_address,
            user_agent: caller.user_agent.as_deref(),
            issuer: None,
            claim_challenge: None,
        };
        let mut client = self.client_for_sign_in().await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let (id, expires_at) = operator_sessions::insert(&transaction, &new).await?;
        account.forget(&transaction).await?;
        network.give_back(&transaction).await?;
        commit(transaction).await?;
        let session = live_session(operator, id, expires_at, shown.in_cookie);
        Ok(SignedIn { token, session, recovery_codes: Vec::new() })
    }

    /// The second step: completes the session of whoever shows a code of their app, or a recovery code. The first code of
    /// a new app confirms it, and yields the recovery codes.
    ///
    /// # Errors
    /// [`SignInError::Refused`] for a wrong or used code, [`SignInError::Over`] when there is no sign-in to go on with,
    /// [`SignInError::WrongStep`] when an app must be set up first, [`SignInError::TooManyGuesses`].
    pub async fn show_code(
        &self,
        session: &LiveSession,
        code: &SecretString,
        caller: &Caller,
    ) -> Result<SignedIn, SignInError> {
        if session.is_complete {
            return Err(SignInError::Over);
        }
        let (codes, network) = (Subject::code(session.operator_id), Subject::network(caller.ip_address));
        let mut client = self.client_for_sign_in().await?;
        network.take(&client).await?;
        codes.take(&client).await?;
        let operator = operators::get(&client, session.operator_id).await?.ok_or(SignInError::Over)?;
        // Beside passkeys an app counts when it was confirmed: somebody else may have begun to set it up.
        let app = match operator.totp_secret_sealed.clone() {
            Some(sealed) if operator.totp_confirmed_at.is_some() || operator.passkeys == 0 => {
                Some((authenticator::open(&client, self.keys(), operator.id, &sealed).await?, sealed))
            }
            _ if operator.passkeys > 0 => None,
            _ => return Err(SignInError::WrongStep("Set an authenticator app or a passkey up first.")),
        };

        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let Some(method) = use_code(&transaction, &operator, app.as_ref(), code).await? else {
            drop(transaction);
            drop(client);
            self.note_guess(operator.id, "code", caller).await;
            return Err(SignInError::Refused);
        };
        let mut recovery_codes = Vec::new();
        if !operator.has_second_factor() {
            let actor = caller.of(session);
            recovery_codes = new_recovery_codes(&transaction, &actor, operator.id, "set up").await?;
        }
        codes.forget(&transaction).await?;
        network.give_back(&transaction).await?;
        let (token, session) =
            complete(&transaction, session, json!({ "second_factor": method }), caller).await?;
        commit(transaction).await?;
        let session = LiveSession { has_authenticator: app.is_some(), ..session };
        Ok(SignedIn { token, session, recovery_codes })
    }
}

/// Completes a session whose second factor was shown. The audit row says which.
pub(crate) async fn complete(
    transaction: &Transaction<'_>,
    session: &LiveSession,
    mut told: Value,
    caller: &Caller,
) -> Result<(BearerToken, LiveSession), SignInError> {
    let token = BearerToken::generate(BearerKind::Session);
    let completed =
        operator_sessions::complete(transaction, session.id, &token.hash(), LONGEST_SESSION).await?;
    let expires_at = completed.ok_or(SignInError::Over)?;
    operators::signed_in(transaction, session.operator_id).await?;
    told["session_id"] = json!(session.id);
    told["in_cookie"] = json!(session.in_cookie);
    let (actor, action) = (caller.of(session), AuditAction::OperatorSignedIn);
    write(transaction, &actor, action, session.operator_id, Some(told)).await?;
    Ok((token, LiveSession { is_complete: true, expires_at, ..session.clone() }))
}

/// How addresses are stored and compared.
pub(crate) fn canonical(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Uses the code up, if it is one. Which kind it was.
async fn use_code(
    transaction: &Transaction<'_>,
    operator: &OperatorRow,
    app: Option<&(TotpSecret, String)>,
    code: &SecretString,
) -> Result<Option<&'static str>, CatalogError> {
    let typed: String = code.expose_secret().chars().filter(|letter| !letter.is_whitespace()).collect();
    if let Some((secret, sealed)) = app
        && let Some(step) = secret.step_of(&typed, Utc::now().timestamp(), operator.totp_last_step)
    {
        // Of two who show the same code at once, one comes in.
        let is_first = operators::use_step(transaction, operator.id, sealed, step).await?;
        return Ok(is_first.then_some("authenticator"));
    }
    if !operator.has_second_factor() {
        return Ok(None);
    }
    let used =
        operators::use_recovery_code(transaction, operator.id, &recovery_code_hash(code.expose_secret()))
            .await?;
    Ok(used.then_some("recovery code"))
}

/// Replaces the recovery codes by new ones, shown once.
pub(crate) async fn new_recovery_codes(
    transaction: &Transaction<'_>,
    actor: &Actor,
    operator: Uuid,
    why: &str,
) -> Result<Vec<SecretString>, CatalogError> {
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    let hashes: Vec<_> = codes.iter().map(|code| recovery_code_hash(code.expose_secret())).collect();
    operators::replace_recovery_codes(transaction, operator, &hashes).await?;
    let told = json!({ "second_factor": why, "recovery_codes": "new" });
    write(transaction, actor, AuditAction::OperatorSecondFactorChanged, operator, Some(told)).await?;
    Ok(codes)
}

/// An audit row about an operator.
pub(crate) async fn write(
    client: &impl GenericClient,
    actor: &Actor,
    action: AuditAction,
    operator: Uuid,
    new_values: Option<Value>,
) -> Result<(), CatalogError> {
    let entry = AuditEntry {
        customer_id: None,
        action,
        resource_type: "operator",
        resource_id: Some(operator.to_string()),
        old_values: None,
        new_values,
    };
    audit::insert(client, actor, &entry).await?;
    Ok(())
}

pub(crate) fn live_session(
    operator: OperatorRow,
    id: Uuid,
    expires_at: DateTime<Utc>,
    in_cookie: bool,
) -> LiveSession {
    LiveSession {
        id,
        operator_id: operator.id,
        email: operator.email,
        name: operator.name,
        roles: operator.roles,
        is_complete: false,
        in_cookie,
        password_must_change: operator.password_must_change,
        has_authenticator: operator.totp_confirmed_at.is_some(),
        has_passkey: operator.passkeys > 0,
        expires_at,
    }
}

/// The names of roles, for documents and audit rows.
pub(crate) fn names(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.as_str()).collect()
}
