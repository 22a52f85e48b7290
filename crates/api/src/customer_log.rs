//! The logs in the customers' own databases, for what operators do in their place.

use async_trait::async_trait;
use crm::impersonation::{self, ImpersonationNote};
use customer_db::{CustomerDatabases, Error};
use identity::impersonation::{CustomerLog, LogError, Note};

/// Writes into the customers' databases.
pub struct DatabaseLog(pub CustomerDatabases);

#[async_trait]
impl CustomerLog for DatabaseLog {
    async fn write(&self, note: &Note<'_>) -> Result<(), LogError> {
        let told = ImpersonationNote {
            action: note.action,
            key: note.id.uuid(),
            impersonator: note.impersonator,
            address: note.address,
            told: &note.told,
        };
        impersonation::note(&self.0, note.customer, &told).await.map_err(|error| match error {
            error if impersonation::has_no_place(&error) => LogError::TooOld(Box::new(error)),
            Error::Database(_) | Error::Isolation(_) => LogError::Refused(Box::new(error)),
            _ => LogError::Away(Box::new(error)),
        })
    }
}
