//! Who is signed in where.

use catalog::operator_sessions::{LiveSession, SessionRow};
use catalog::{CatalogError, operator_sessions};
use customers::{Actor, UseCaseError, commit};
use domain::audit::AuditAction;
use serde_json::json;
use uuid::Uuid;

use crate::service::LONGEST_IDLE;
use crate::sign_in::write;
use crate::{Caller, Identity};

impl Identity {
    /// Ends this session, also one that isn't complete.
    ///
    /// # Errors
    /// When the admin database can't be asked.
    pub async fn sign_out(&self, session: &LiveSession, caller: &Caller) -> Result<(), UseCaseError> {
        let mut client = self.client_for_sign_in().await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        if operator_sessions::revoke(&transaction, session.operator_id, session.id).await? {
            let told = json!({ "session_id": session.id });
            let (actor, action) = (caller.of(session), AuditAction::OperatorSessionEnded);
            write(&transaction, &actor, action, session.operator_id, Some(told)).await?;
        }
        commit(transaction).await
    }

    /// The operator's own sessions, the newest first.
    ///
    /// # Errors
    /// For whoever isn't signed in.
    pub async fn own_sessions(&self, actor: &Actor) -> Result<Vec<SessionRow>, UseCaseError> {
        let account = actor.own_account()?;
        let client = self.client_of(&account).await?;
        Ok(operator_sessions::of_operator(&client, account.operator_id(), LONGEST_IDLE).await?)
    }

    /// Ends one of the operator's own sessions.
    ///
    /// # Errors
    /// [`UseCaseError::NotFound`] when they have no such session.
    pub async fn end_own_session(&self, actor: &Actor, id: Uuid) -> Result<(), UseCaseError> {
        let account = actor.own_account()?;
        let mut client = self.client_of(&account).await?;
        let transaction = client.transaction().await.map_err(CatalogError::from)?;
        if !operator_sessions::revoke(&transaction, account.operator_id(), id).await? {
            return Err(UseCaseError::NotFound("You have no such session: it may have ended.".to_owned()));
        }
        let told = json!({ "session_id": id });
        write(&transaction, actor, AuditAction::OperatorSessionEnded, account.operator_id(), Some(told))
            .await?;
        commit(transaction).await
    }
}
