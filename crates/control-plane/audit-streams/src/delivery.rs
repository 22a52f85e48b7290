//! The worker's side: takes streams that have something to tell, and tells it.

use std::sync::Arc;
use std::time::Duration;

use catalog::audit_streams::{self, Stream};
use catalog::{Catalog, CatalogError};
use chrono::TimeDelta;
use data_keys::platform_seal_for;
use object_storage::{Bucket, BucketAddress};
use secrets::{KeyRing, SecretString};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::endpoint::Endpoint;
use crate::manage::{AUTHORIZATION, SIGNING_SECRET};
use crate::senders::{Batch, BucketSender, HttpsSender, NotTold, Sender, SyslogSender};
use crate::told::fitting;

/// How often is looked for something to tell.
const EVERY: Duration = Duration::from_secs(1);
/// How many streams one worker tells at once.
const AT_ONCE: usize = 8;
/// How many rows are read at once.
const ROWS: i64 = 500;
/// For how long a stream is one worker's: longer than any sender's patience.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// The longest pause after failures, in seconds.
const LONGEST_PAUSE: i64 = 300;

/// Opens a bucket with the worker's own credentials; says why not.
pub type OpenBucket = Arc<dyn Fn(BucketAddress) -> Result<Bucket, String> + Send + Sync>;

/// Tells streams what is new. Several workers share them. Cheap to clone.
#[derive(Clone)]
pub struct AuditDelivery {
    catalog: Catalog,
    keys: KeyRing,
    worker: String,
    open_bucket: OpenBucket,
}

impl AuditDelivery {
    /// A worker by this name.
    #[must_use]
    pub fn new(catalog: Catalog, keys: KeyRing, worker: String, open_bucket: OpenBucket) -> Self {
        Self { catalog, keys, worker, open_bucket }
    }

    /// Delivers until it is told to stop. A delivery that is under way is ended: the next worker sends it again.
    pub async fn run(self, stop: CancellationToken) {
        let mut under_way = JoinSet::new();
        while !stop.is_cancelled() {
            while under_way.len() < AT_ONCE {
                match self.next().await {
                    Ok(Some(stream)) => {
                        let (delivery, stop) = (self.clone(), stop.clone());
                        under_way.spawn(async move {
                            let tell = delivery.tell_all(stream);
                            stop.run_until_cancelled_owned(tell).await;
                        });
                    }
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(%error, "streams of the audit log wait for the admin database");
                        break;
                    }
                }
            }
            let pause = stop.run_until_cancelled(tokio::time::sleep(EVERY));
            pause.await;
            while under_way.try_join_next().is_some() {}
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Tells everything that is due, once; how many streams that were. For tests.
    ///
    /// # Errors
    /// When the admin database can't be asked.
    pub async fn run_once(&self) -> Result<usize, CatalogError> {
        let mut streams = 0;
        while let Some(stream) = self.next().await? {
            self.tell_all(stream).await;
            streams += 1;
        }
        Ok(streams)
    }

    async fn next(&self) -> Result<Option<Stream>, CatalogError> {
        let client = self.catalog.client().await?;
        audit_streams::lease(&client, &self.worker, LEASE).await
    }

    /// Tells a stream all there is. Whatever goes wrong is noted, and tried again after a growing pause.
    async fn tell_all(&self, stream: Stream) {
        let Err(error) = self.try_tell_all(&stream).await else { return };
        let shift = u32::try_from(stream.failed_attempts).unwrap_or_default().min(16);
        let pause = TimeDelta::seconds((1_i64 << shift).min(LONGEST_PAUSE));
        tracing::warn!(stream = stream.name, %error, "the audit log couldn't be told; it is tried again");
        let noted = async {
            let client = self.catalog.client().await?;
            audit_streams::failed(&client, stream.id, &self.worker, pause, &error.to_string()).await
        };
        if let Err(error) = noted.await {
            // The lease runs out by itself.
            tracing::warn!(stream = stream.name, %error, "the failure couldn't be noted");
        }
    }

    async fn try_tell_all(&self, stream: &Stream) -> Result<(), NotTold> {
        let sender = self.sender(stream).await?;
        loop {
            let client = self.catalog.client().await.map_err(|error| NotTold::of(&error))?;
            let rows = audit_streams::next_rows(&client, stream.id, ROWS).await;
            let rows = rows.map_err(|error| NotTold::of(&error))?;
            if rows.is_empty() {
                let released = audit_streams::release(&client, stream.id, &self.worker).await;
                return released.map_err(|error| NotTold::of(&error));
            }
            // No connection is held while the other side is asked.
            drop(client);
            let (rows, lines) = fitting(rows).map_err(|error| NotTold::of(&error))?;
            let batch = Batch { rows, lines };
            sender.send(&batch).await?;
            let client = self.catalog.client().await.map_err(|error| NotTold::of(&error))?;
            let is_ours =
                audit_streams::delivered(&client, stream.id, &self.worker, LEASE, &batch.rows).await;
            if !is_ours.map_err(|error| NotTold::of(&error))? {
                return Ok(());
            }
        }
    }

    async fn sender(&self, stream: &Stream) -> Result<Box<dyn Sender>, NotTold> {
        let endpoint: Endpoint = stream.endpoint.parse().map_err(|error| NotTold::of(&error))?;
        let ca_certificate = stream.ca_certificate.as_deref();
        Ok(match endpoint {
            Endpoint::Https(url) => {
                let secret =
                    self.opened(stream, SIGNING_SECRET, stream.signing_secret_sealed.as_deref()).await?;
                let secret = secret.ok_or_else(|| NotTold("it has no signing secret".to_owned()))?;
                let authorization =
                    self.opened(stream, AUTHORIZATION, stream.authorization_sealed.as_deref()).await?;
                Box::new(HttpsSender::new(url, secret, authorization, ca_certificate)?)
            }
            Endpoint::Bucket(address) => {
                Box::new(BucketSender((self.open_bucket)(address).map_err(NotTold)?))
            }
            Endpoint::Syslog { host, port, is_encrypted } => {
                Box::new(SyslogSender::new(&host, port, is_encrypted, ca_certificate)?)
            }
        })
    }

    async fn opened(
        &self,
        stream: &Stream,
        place: &'static str,
        sealed: Option<&str>,
    ) -> Result<Option<SecretString>, NotTold> {
        let Some(sealed) = sealed else { return Ok(None) };
        let client = self.catalog.client().await.map_err(|error| NotTold::of(&error))?;
        let seal = platform_seal_for(&client, &self.keys, place, sealed).await;
        let seal = seal.map_err(|error| NotTold::of(&error))?;
        seal.open(stream.id, sealed).map(Some).map_err(|error| NotTold::of(&error))
    }
}
