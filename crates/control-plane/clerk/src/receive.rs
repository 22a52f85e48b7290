//! The door of the webhook: a message is looked at, written down, and answered.

use catalog::clerk::messages::{self, NewMessage};
use catalog::{Catalog, CatalogError, jobs};
use chrono::Utc;
use serde_json::Value;

use crate::process;
use crate::signature::{BadSignature, SignedHead, WebhookSecrets};

/// What became of a message at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is written down, and will be done.
    New,
    /// It was there already.
    Known,
}

/// Why a message wasn't taken.
#[derive(Debug, thiserror::Error)]
pub enum NotReceived {
    /// It isn't its sender's.
    #[error(transparent)]
    BadSignature(#[from] BadSignature),
    /// Signed, and not what a webhook of Clerk says.
    #[error("the body is not a message of Clerk: it needs a type and a timestamp in milliseconds")]
    Malformed,
    /// It can't be written down; it will be sent again.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// Where messages come in.
#[derive(Clone, Debug)]
pub struct Webhook {
    catalog: Catalog,
    secrets: WebhookSecrets,
}

impl Webhook {
    /// A door for messages that are signed with one of these secrets.
    #[must_use]
    pub fn new(catalog: Catalog, secrets: WebhookSecrets) -> Self {
        Self { catalog, secrets }
    }
}

/// Takes a message: once it is answered, it is in the admin database together with the job that does what it says.
///
/// # Errors
/// [`NotReceived`] says why not.
pub async fn receive(webhook: &Webhook, head: &SignedHead<'_>, body: &[u8]) -> Result<Received, NotReceived> {
    webhook.secrets.verify(head, body, Utc::now().timestamp())?;
    let payload: Value = serde_json::from_slice(body).map_err(|_| NotReceived::Malformed)?;
    let (event_type, occurred_at) = crate::event::head(&payload).ok_or(NotReceived::Malformed)?;
    let new = NewMessage { id: head.id, event_type, payload: &payload, occurred_at };
    let mut client = webhook.catalog.client().await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let is_new = messages::insert(&transaction, &new).await?;
    if is_new {
        jobs::enqueue(&transaction, &process::job(head.id)).await?;
    }
    transaction.commit().await.map_err(CatalogError::from)?;
    Ok(if is_new { Received::New } else { Received::Known })
}
