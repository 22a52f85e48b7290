//! Notifications from the admin database, over a connection of their own.

use std::future::poll_fn;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::AsyncMessage;
use tokio_postgres_rustls::MakeRustlsConnect;
use uuid::Uuid;

use crate::CatalogError;

/// How long what another session tells may take until it is heard. Less than the gateway waits for a subscription.
const HEARING: Duration = Duration::from_millis(1500);

/// Between it and PostgreSQL something shares sessions among clients: it takes `listen` and passes nothing on.
#[derive(Debug, thiserror::Error)]
#[error(
    "nothing is heard of what another session tells: the admin database's address leads to a pooler in transaction \
     mode. Use PostgreSQL's own address, or a pool in session mode"
)]
struct Deaf;

/// Something that was told on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The channel.
    pub channel: String,
    /// What was told.
    pub payload: String,
}

/// Hears what is told on some channels from the moment it was made.
///
/// A lost connection loses notifications: after an error, make a new listener and read anew what it was about.
#[derive(Debug)]
pub struct Listener {
    /// Keeps the session alive; the server forgets the subscription when it ends.
    client: tokio_postgres::Client,
    received: mpsc::UnboundedReceiver<Result<Notification, CatalogError>>,
    connection: JoinHandle<()>,
}

impl Listener {
    pub(crate) async fn connect(
        config: &tokio_postgres::Config,
        tls: MakeRustlsConnect,
    ) -> Result<Self, CatalogError> {
        let (client, mut connection) = config.connect(tls).await.map_err(CatalogError::unavailable)?;
        // Unbounded, because a full channel would stop the connection from being read, and with it the answers.
        let (sender, received) = mpsc::unbounded_channel();
        let connection = tokio::spawn(async move {
            loop {
                let message = match poll_fn(|context| connection.poll_message(context)).await {
                    Some(Ok(AsyncMessage::Notification(told))) => Ok(Notification {
                        channel: told.channel().to_owned(),
                        payload: told.payload().to_owned(),
                    }),
                    Some(Ok(_)) => continue,
                    Some(Err(error)) => Err(CatalogError::unavailable(error)),
                    None => return,
                };
                let is_last = message.is_err();
                if sender.send(message).is_err() || is_last {
                    return;
                }
            }
        });
        // From here on the task is stopped by the listener's drop.
        Ok(Self { client, received, connection })
    }

    /// Hears what is told on these channels from now on.
    pub(crate) async fn listen(&self, channels: &[&str]) -> Result<(), CatalogError> {
        for channel in channels {
            let quoted = channel.replace('"', "\"\"");
            self.client.batch_execute(&format!("listen \"{quoted}\"")).await?;
        }
        Ok(())
    }

    /// Makes sure that it would hear what another session tells, before it listens to anything. A session's own words prove
    /// nothing: they come with the answer.
    pub(crate) async fn prove(&mut self, other: &tokio_postgres::Client) -> Result<(), CatalogError> {
        let channel = format!("sixty_heard_{}", Uuid::new_v4().simple());
        self.listen(&[&channel]).await?;
        other.batch_execute(&format!("notify {channel}")).await?;
        timeout(HEARING, self.next()).await.map_err(|_| CatalogError::unavailable(Deaf))??;
        Ok(self.client.batch_execute(&format!("unlisten {channel}")).await?)
    }

    /// The next notification. May be dropped while it waits without losing any.
    ///
    /// # Errors
    /// [`CatalogError::Unavailable`] when the connection is lost; it stays lost.
    pub async fn next(&mut self) -> Result<Notification, CatalogError> {
        match self.received.recv().await {
            Some(message) => message,
            None => Err(CatalogError::unavailable("the listening connection is closed")),
        }
    }
}

impl Listener {
    /// Asks the server for a sign of life.
    ///
    /// # Errors
    /// [`CatalogError::Unavailable`] when the connection is lost. A connection that is merely silent gives no answer at
    /// all: set a time limit.
    pub async fn probe(&self) -> Result<(), CatalogError> {
        Ok(self.client.batch_execute("").await?)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
