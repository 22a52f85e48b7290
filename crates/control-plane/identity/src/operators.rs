//! What owners do with operators: make them, give and take roles, let them in and keep them out, and help who lost a
//! password or a device.

use catalog::audit::AuditEntry;
use catalog::operators::{self as rows, NewOperator, OperatorRow};
use catalog::{
    CatalogError, GenericClient, Page, PageRequest, Transaction, audit, operator_identities,
    operator_passkeys, operator_sessions, operator_tokens,
};
use customers::{Actor, FieldCheck, Right, UseCaseError, commit, version};
use domain::Rights;
use domain::audit::AuditAction;
use domain::operator::Role;
use secrets::SecretString;
use secrets::bearer::one_time_password;
use secrets::token::sha256_hex;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::sign_in::{canonical, names, write};
use crate::{Identity, SignInError, impersonation};

/// What somebody asks for, unchecked.
#[derive(Debug, Clone)]
pub struct NewOperatorRequest {
    /// What they sign in with.
    pub email: String,
    /// What people call them.
    pub name: String,
    /// What they may do: texts of [`Role`].
    pub roles: Vec<String>,
}

/// What is to change, unchecked. What isn't given stays.
#[derive(Debug, Clone, Default)]
pub struct OperatorChanges {
    /// What people call them.
    pub name: Option<String>,
    /// What they may do: texts of [`Role`].
    pub roles: Option<Vec<String>>,
    /// Whether they are kept out.
    pub disabled: Option<bool>,
}

/// The version of an operator, as an entity tag: made of what owners change. Every sign-in changes the row.
#[must_use]
pub fn tag(row: &OperatorRow) -> String {
    let told = json!([row.id, row.name, names(&row.roles), row.disabled_at.is_some()]);
    format!("\"{}\"", &sha256_hex(&told.to_string())[..16])
}

impl Identity {
    /// A page of the operators, by address.
    ///
    /// # Errors
    /// For whoever may not see them; for a cursor of another list.
    pub async fn operators(
        &self,
        actor: &Actor,
        page: &PageRequest,
    ) -> Result<Page<OperatorRow>, UseCaseError> {
        let permit = actor.permit(Right::OperatorsRead)?;
        Ok(rows::list(&self.client(&permit).await?, page).await?)
    }

    /// One operator.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when there is none by this id.
    pub async fn operator(&self, actor: &Actor, id: Uuid) -> Result<OperatorRow, UseCaseError> {
        let permit = actor.permit(Right::OperatorsRead)?;
        known(&self.client(&permit).await?, id).await
    }

    /// Makes an operator, and the password with which they sign in the first time: it is shown once, and they choose
    /// another one then.
    ///
    /// # Errors
    /// With every wrong field; [`UseCaseError::Taken`] when the address is.
    pub async fn create_operator(
        &self,
        actor: &Actor,
        request: &NewOperatorRequest,
    ) -> Result<(OperatorRow, SecretString), SignInError> {
        let permit = actor.permit(Right::OperatorsWrite).map_err(UseCaseError::from)?;
        let mut check = FieldCheck::default();
        let email = check.email("email", &request.email).map(|email| canonical(&email)).unwrap_or_default();
        let name = check.name("name", &request.name, 200).unwrap_or_default();
        let roles = check_roles(&mut check, &request.roles);
        check.finish().map_err(UseCaseError::from)?;

        let password = one_time_password();
        let hash = self.passwords().hash(&password).await?;
        let mut client = self.client(&permit).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let new = NewOperator { email: &email, name: &name, roles: &roles, password_hash: &hash };
        let row = rows::insert(&transaction, &new).await.map_err(|error| {
            if error.conflicts_with("admin_operators_email_key") {
                let detail = format!("There is an operator with the address {email} already.");
                UseCaseError::Taken { field: Some("email"), detail }
            } else {
                error.into()
            }
        })?;
        let told = Some(values(&row));
        write(&transaction, actor, AuditAction::OperatorCreated, row.id, told).await?;
        commit(transaction).await?;
        Ok((row, password))
    }

    /// Changes name, roles, and whether they may come in. Who is kept out has no session and no token any more, and who loses
    /// the right acts in no customer's place any more.
    ///
    /// # Errors
    /// [`UseCaseError::Conflict`] when nobody would be an owner any more, [`UseCaseError::Stale`] when `if_match` names
    /// another version.
    pub async fn update_operator(
        &self,
        actor: &Actor,
        id: Uuid,
        changes: &OperatorChanges,
        if_match: Option<&str>,
    ) -> Result<OperatorRow, UseCaseError> {
        let permit = actor.permit(Right::OperatorsWrite)?;
        let mut check = FieldCheck::default();
        let name = changes.name.as_ref().and_then(|name| check.name("name", name, 200));
        let roles = changes.roles.as_ref().map(|roles| check_roles(&mut check, roles));
        check.finish()?;

        let mut client = self.client(&permit).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        // Two owners who take each other's role at once: the second finds that it is the last.
        rows::lock_roles(&transaction).await?;
        let before = rows::lock(&transaction, id).await?.ok_or_else(no_operator)?;
        version::check_tag(if_match, &tag(&before))?;
        let roles = roles.unwrap_or_else(|| before.roles.clone());
        let is_disabled = changes.disabled.unwrap_or(before.disabled_at.is_some());
        let stays_owner = roles.contains(&Role::Owner) && !is_disabled;
        if !stays_owner && is_owner(&before) && rows::count_other_owners(&transaction, id).await? == 0 {
            return Err(UseCaseError::Conflict(format!(
                "{} is the last owner. Make somebody else an owner first.",
                before.email
            )));
        }
        let name = name.as_deref().unwrap_or(&before.name);
        let after = rows::update(&transaction, id, name, &roles, is_disabled).await?;
        if values(&before) != values(&after) {
            if is_disabled {
                operator_sessions::revoke_all(&transaction, id, None).await?;
                operator_tokens::revoke_all(&transaction, id).await?;
                impersonation::end_all(&transaction, actor, id).await?;
            }
            let rights = Rights::of_roles(&after.roles);
            impersonation::end_without_right(&transaction, actor, id, rights).await?;
            let entry = AuditEntry {
                customer_id: None,
                action: AuditAction::OperatorUpdated,
                resource_type: "operator",
                resource_id: Some(id.to_string()),
                old_values: Some(values(&before)),
                new_values: Some(values(&after)),
            };
            audit::insert(&transaction, actor, &entry).await?;
        }
        commit(transaction).await?;
        Ok(after)
    }

    /// Gives an operator who can't come in a new password for one sign-in, shown once. Their sessions end, and who they are at
    /// providers of identities is forgotten: an account there that somebody took over opens nothing here any more, before the
    /// next sign-in by it with a verified address.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when there is none by this id.
    pub async fn reset_password(
        &self,
        actor: &Actor,
        id: Uuid,
    ) -> Result<(OperatorRow, SecretString), SignInError> {
        let permit = actor.permit(Right::OperatorsWrite).map_err(UseCaseError::from)?;
        let password = one_time_password();
        let hash = self.passwords().hash(&password).await?;
        let mut client = self.client(&permit).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let row = self.locked(&transaction, id).await?;
        rows::set_password(&transaction, id, &hash, true).await?;
        impersonation::end_all(&transaction, actor, id).await?;
        let ended = operator_sessions::revoke_all(&transaction, id, None).await?;
        let forgotten = operator_identities::forget(&transaction, id).await?;
        let told = json!({ "by": "an owner", "sessions_ended": ended, "identities_forgotten": forgotten });
        write(&transaction, actor, AuditAction::OperatorPasswordChanged, id, Some(told)).await?;
        commit(transaction).await?;
        Ok((OperatorRow { password_must_change: true, ..row }, password))
    }

    /// Takes the authenticator app, the passkeys and the recovery codes of an operator away: at the next sign-in they set a new
    /// second factor up.
    /// Their sessions end, and who they are at providers of identities is forgotten.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when there is none by this id.
    pub async fn reset_second_factor(&self, actor: &Actor, id: Uuid) -> Result<OperatorRow, UseCaseError> {
        let permit = actor.permit(Right::OperatorsWrite)?;
        let mut client = self.client(&permit).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let row = self.locked(&transaction, id).await?;
        rows::remove_second_factor(&transaction, id).await?;
        let passkeys = operator_passkeys::remove_all(&transaction, id).await?;
        impersonation::end_all(&transaction, actor, id).await?;
        let ended = operator_sessions::revoke_all(&transaction, id, None).await?;
        let forgotten = operator_identities::forget(&transaction, id).await?;
        let told = json!({
            "second_factor": "removed by an owner", "passkeys_removed": passkeys, "sessions_ended": ended,
            "identities_forgotten": forgotten,
        });
        write(&transaction, actor, AuditAction::OperatorSecondFactorChanged, id, Some(told)).await?;
        commit(transaction).await?;
        Ok(OperatorRow { totp_secret_sealed: None, totp_confirmed_at: None, passkeys: 0, ..row })
    }

    /// Ends all sessions of an operator, and takes all their tokens back. How many of each.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when there is none by this id.
    pub async fn sign_out_everywhere(&self, actor: &Actor, id: Uuid) -> Result<(u64, u64), UseCaseError> {
        let permit = actor.permit(Right::OperatorsWrite)?;
        let mut client = self.client(&permit).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        self.locked(&transaction, id).await?;
        let sessions = operator_sessions::revoke_all(&transaction, id, None).await?;
        let tokens = operator_tokens::revoke_all(&transaction, id).await?;
        impersonation::end_all(&transaction, actor, id).await?;
        let told = json!({ "sessions_ended": sessions, "tokens_revoked": tokens });
        write(&transaction, actor, AuditAction::OperatorSessionEnded, id, Some(told)).await?;
        commit(transaction).await?;
        Ok((sessions, tokens))
    }

    async fn locked(&self, transaction: &Transaction<'_>, id: Uuid) -> Result<OperatorRow, UseCaseError> {
        rows::lock(transaction, id).await?.ok_or_else(no_operator)
    }
}

/// The operator by this id.
pub(crate) async fn known(client: &impl GenericClient, id: Uuid) -> Result<OperatorRow, UseCaseError> {
    rows::get(client, id).await?.ok_or_else(no_operator)
}

fn no_operator() -> UseCaseError {
    UseCaseError::NotFound(
        "There is no operator by this id. List them with GET /api/admin/operators.".to_owned(),
    )
}

fn is_owner(row: &OperatorRow) -> bool {
    row.roles.contains(&Role::Owner) && row.disabled_at.is_none()
}

fn check_roles(check: &mut FieldCheck, wanted: &[String]) -> Vec<Role> {
    let mut roles = Vec::new();
    for (position, text) in wanted.iter().enumerate() {
        let role = check.keep(&format!("roles/{position}"), text.parse::<Role>());
        roles.extend(role.filter(|role| !roles.contains(role)));
    }
    if wanted.is_empty() {
        let all = names(Role::ALL).join(", ");
        check.wrong("roles", format!("must name at least one of {all}"));
    }
    roles
}

fn values(row: &OperatorRow) -> Value {
    json!({
        "email": row.email, "name": row.name, "roles": names(&row.roles), "disabled": row.disabled_at.is_some(),
    })
}
