//! API tokens: what operators let programs do in their name. A token may do at most what its operator may do at the time
//! of each request, and ends.

use catalog::operator_tokens::{NewToken, TokenRow};
use catalog::{CatalogError, Page, PageRequest, operator_tokens};
use chrono::{DateTime, TimeDelta, Utc};
use customers::{Actor, FieldCheck, Right, UseCaseError, commit};
use domain::audit::AuditAction;
use secrets::BearerToken;
use secrets::bearer::BearerKind;
use serde_json::json;
use uuid::Uuid;

use crate::Identity;
use crate::sign_in::write;

/// How long a token lives unless told otherwise, in days.
const DEFAULT_DAYS: i64 = 90;
/// How long at most.
const LONGEST_DAYS: i64 = 366;
/// How many that may be used one operator has at most.
const MOST: i64 = 50;

/// What somebody asks for, unchecked.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// What it is for.
    pub name: String,
    /// What it may do: texts of [`Right`].
    pub permissions: Vec<String>,
    /// Until when; 90 days from now when not given.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Identity {
    /// Makes a token, shown once.
    ///
    /// # Errors
    /// With every wrong field; a permission that the operator doesn't have is one.
    pub async fn create_token(
        &self,
        actor: &Actor,
        request: &TokenRequest,
    ) -> Result<(TokenRow, BearerToken), UseCaseError> {
        let account = actor.own_account()?;
        let mut check = FieldCheck::default();
        let name = check.name("name", &request.name, 100).unwrap_or_default();
        let permissions = check_permissions(&mut check, actor, &request.permissions);
        let now = Utc::now();
        let expires_at = request.expires_at.unwrap_or_else(|| now + TimeDelta::days(DEFAULT_DAYS));
        if expires_at <= now || expires_at > now + TimeDelta::days(LONGEST_DAYS) {
            check.wrong(
                "expires_at",
                format!("must be in the future, and at most {LONGEST_DAYS} days from now"),
            );
        }
        check.finish()?;

        let token = BearerToken::generate(BearerKind::Token);
        let new = NewToken {
            operator_id: account.operator_id(),
            name: &name,
            token_hash: &token.hash(),
            token_prefix: &token.shown_prefix(),
            permissions: &permissions,
            expires_at,
        };
        let mut client = self.client_of(&account).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        if operator_tokens::count_live(&transaction, account.operator_id()).await? >= MOST {
            return Err(UseCaseError::Conflict(format!(
                "You have {MOST} tokens that work. Revoke those that nobody uses first."
            )));
        }
        let row = operator_tokens::insert(&transaction, &new).await?;
        let told = json!({
            "token_id": row.id, "name": row.name, "prefix": row.token_prefix, "expires_at": row.expires_at,
            "permissions": row.permissions,
        });
        write(&transaction, actor, AuditAction::OperatorTokenCreated, row.operator_id, Some(told)).await?;
        commit(transaction).await?;
        Ok((row, token))
    }

    /// A page of the operator's own tokens, the newest first, also those that have ended.
    ///
    /// # Errors
    /// For whoever isn't signed in; for a cursor of another list.
    pub async fn own_tokens(
        &self,
        actor: &Actor,
        page: &PageRequest,
    ) -> Result<Page<TokenRow>, UseCaseError> {
        let account = actor.own_account()?;
        let client = self.client_of(&account).await?;
        Ok(operator_tokens::list(&client, account.operator_id(), page).await?)
    }

    /// Takes one of the operator's own tokens back.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when they have no such token.
    pub async fn revoke_own_token(&self, actor: &Actor, id: Uuid) -> Result<TokenRow, UseCaseError> {
        let account = actor.own_account()?;
        let mut client = self.client_of(&account).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let revoked = operator_tokens::revoke(&transaction, Some(account.operator_id()), id).await?;
        let row = revoked.ok_or_else(|| UseCaseError::NotFound("You have no such token.".to_owned()))?;
        let told = json!({ "token_id": row.id, "name": row.name, "prefix": row.token_prefix });
        write(&transaction, actor, AuditAction::OperatorTokenRevoked, row.operator_id, Some(told)).await?;
        commit(transaction).await?;
        Ok(row)
    }
}

fn check_permissions(check: &mut FieldCheck, actor: &Actor, wanted: &[String]) -> Vec<Right> {
    let mut permissions = Vec::new();
    for (position, text) in wanted.iter().enumerate() {
        let field = format!("permissions/{position}");
        let Some(right) = check.keep(&field, text.parse::<Right>()) else { continue };
        if !actor.rights().has(right) {
            check.wrong(field, format!("{right} is more than you may do yourself"));
        } else if !permissions.contains(&right) {
            permissions.push(right);
        }
    }
    if wanted.is_empty() {
        check.wrong("permissions", "must not be empty: a token without permissions can do nothing");
    }
    permissions
}
