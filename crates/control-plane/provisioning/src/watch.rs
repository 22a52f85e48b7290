//! Watching operations from the server: one listening connection, any number of watchers.

use std::time::Duration;

use catalog::operations::{self, Operation};
use catalog::{Catalog, CatalogError};
use domain::OperationId;
use tokio::sync::broadcast;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often a watcher looks by itself. Notifications make it fast, this makes it certain.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Tells watchers which operations changed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OperationWatcher {
    catalog: Catalog,
    changes: broadcast::Sender<OperationId>,
}

impl OperationWatcher {
    /// Starts listening, until told to stop. A lost connection is made anew.
    #[must_use]
    pub fn start(catalog: Catalog, stop: CancellationToken) -> Self {
        let (changes, _) = broadcast::channel(1024);
        let watcher = Self { catalog, changes };
        let task = watcher.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task.listen_for_ever() => {}
            }
        });
        watcher
    }

    async fn listen_for_ever(&self) {
        loop {
            if let Ok(mut listener) = self.catalog.listen(&[operations::CHANNEL]).await {
                while let Ok(notification) = listener.next().await {
                    let id = notification.payload.split(' ').next().and_then(|id| id.parse().ok());
                    if let Some(id) = id {
                        // No receivers is fine: nobody watches.
                        let _ = self.changes.send(id);
                    }
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Begins to watch. Subscribe before reading the operation, or a change between the two is missed.
    #[must_use]
    pub fn subscribe(&self, id: OperationId) -> Changes {
        Changes { id, receiver: self.changes.subscribe() }
    }

    /// Waits until the operation has ended, at most until the deadline. `None` when it hasn't by then. The catalog
    /// being away is waited out.
    pub async fn wait_until_finished(&self, id: OperationId, deadline: Instant) -> Option<Operation> {
        let mut changes = self.subscribe(id);
        loop {
            if let Ok(Some(operation)) = self.read(id).await
                && operation.status.is_finished()
            {
                return Some(operation);
            }
            tokio::time::timeout_at(deadline, changes.next()).await.ok()?;
        }
    }

    async fn read(&self, id: OperationId) -> Result<Option<Operation>, CatalogError> {
        let client = self.catalog.client().await?;
        operations::get(&client, id).await
    }
}

/// Changes of one operation.
#[derive(Debug)]
pub struct Changes {
    id: OperationId,
    receiver: broadcast::Receiver<OperationId>,
}

impl Changes {
    /// Returns when the operation may have changed: it was said to, notifications were lost, or half a second
    /// went by.
    pub async fn next(&mut self) {
        let deadline = Instant::now() + LOOK_EVERY;
        loop {
            match tokio::time::timeout_at(deadline, self.receiver.recv()).await {
                Ok(Ok(id)) if id != self.id => {}
                Ok(Err(broadcast::error::RecvError::Closed)) => {
                    tokio::time::sleep_until(deadline).await;
                    return;
                }
                _ => return,
            }
        }
    }
}
