//! Sessions and API tokens of other operators, for whoever manages operators: seen one by one, and ended one by one. What
//! ends everything at once is [`Identity::sign_out_everywhere`].

use catalog::operator_sessions::SessionRow;
use catalog::operator_tokens::TokenRow;
use catalog::{CatalogError, Page, PageRequest, operator_sessions, operator_tokens};
use customers::{Actor, Right, UseCaseError, commit};
use domain::audit::AuditAction;
use serde_json::json;
use uuid::Uuid;

use crate::Identity;
use crate::operators::known;
use crate::service::LONGEST_IDLE;
use crate::sign_in::write;

impl Identity {
    /// Where an operator is signed in, the newest first.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when there is no such operator.
    pub async fn sessions_of(&self, actor: &Actor, operator: Uuid) -> Result<Vec<SessionRow>, UseCaseError> {
        // Where somebody works from, and with what, is for whoever can do something about it.
        let permit = actor.permit(Right::OperatorsWrite)?;
        let client = self.client(&permit).await?;
        known(&client, operator).await?;
        Ok(operator_sessions::of_operator(&client, operator, LONGEST_IDLE).await?)
    }

    /// Ends one session of an operator, at once.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when they have no such session.
    pub async fn end_session_of(&self, actor: &Actor, operator: Uuid, id: Uuid) -> Result<(), UseCaseError> {
        let permit = actor.permit(Right::OperatorsWrite)?;
        let mut client = self.client(&permit).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        if !operator_sessions::revoke(&transaction, operator, id).await? {
            let gone = "This operator has no such session: it may have ended.";
            return Err(UseCaseError::NotFound(gone.to_owned()));
        }
        let told = json!({ "session_id": id });
        write(&transaction, actor, AuditAction::OperatorSessionEnded, operator, Some(told)).await?;
        commit(transaction).await
    }

    /// A page of an operator's API tokens, the newest first, also those that have ended.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when there is no such operator.
    pub async fn tokens_of(
        &self,
        actor: &Actor,
        operator: Uuid,
        page: &PageRequest,
    ) -> Result<Page<TokenRow>, UseCaseError> {
        let permit = actor.permit(Right::OperatorsWrite)?;
        let client = self.client(&permit).await?;
        known(&client, operator).await?;
        Ok(operator_tokens::list(&client, operator, page).await?)
    }

    /// Takes one API token of an operator back, at once and for good.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when they have no such token.
    pub async fn revoke_token_of(
        &self,
        actor: &Actor,
        operator: Uuid,
        id: Uuid,
    ) -> Result<TokenRow, UseCaseError> {
        let permit = actor.permit(Right::OperatorsWrite)?;
        let mut client = self.client(&permit).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        let revoked = operator_tokens::revoke(&transaction, Some(operator), id).await?;
        let gone = || UseCaseError::NotFound("This operator has no such token.".to_owned());
        let row = revoked.ok_or_else(gone)?;
        let told = json!({ "token_id": row.id, "name": row.name, "prefix": row.token_prefix });
        write(&transaction, actor, AuditAction::OperatorTokenRevoked, operator, Some(told)).await?;
        commit(transaction).await?;
        Ok(row)
    }
}
