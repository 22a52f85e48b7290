//! The worker's jobs that rotate keys.

use std::time::Duration;

use ::jobs::{Job, JobContext, JobError, JobOutcome, NewJob, Schedule};
use async_trait::async_trait;
use catalog::key_rotations::{self, KeyRotation, RotationTarget};
use catalog::{Catalog, CatalogError, master_keys};
use secrets::KeyRing;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::master_rotation::{Pass, rewrap_all};
use crate::reseal::reseal_all;
use crate::{DataKeyError, remove_superseded};

/// How long a rotation waits for a provider that is away.
const WAIT: Duration = Duration::from_secs(15);

/// How long a data key's old version is kept after its last use.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// Which rotation.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    rotation_id: Uuid,
}

/// Wraps all data keys with another master key, because somebody asked for it.
pub struct RotateMasterKey {
    catalog: Catalog,
    ring: KeyRing,
}

impl RotateMasterKey {
    /// The job's kind.
    pub const KIND: &'static str = "rotate_master_key";

    /// The job, for a worker.
    #[must_use]
    pub fn new(catalog: Catalog, ring: KeyRing) -> Self {
        Self { catalog, ring }
    }

    /// What to enqueue, in the transaction that notes the rotation.
    #[must_use]
    pub fn request(rotation: Uuid) -> NewJob {
        request(Self::KIND, rotation)
    }
}

/// Makes a new data key and seals everything with it, because somebody asked for it.
pub struct RotateDataKey {
    catalog: Catalog,
    ring: KeyRing,
}

impl RotateDataKey {
    /// The job's kind.
    pub const KIND: &'static str = "rotate_data_key";

    /// The job, for a worker.
    #[must_use]
    pub fn new(catalog: Catalog, ring: KeyRing) -> Self {
        Self { catalog, ring }
    }

    /// What to enqueue, in the transaction that notes the rotation.
    #[must_use]
    pub fn request(rotation: Uuid) -> NewJob {
        request(Self::KIND, rotation)
    }
}

/// Puts under the active master key what came under another one while it was rotated, and destroys data keys that seal
/// nothing any more.
pub struct KeyTidy {
    catalog: Catalog,
    ring: KeyRing,
}

impl KeyTidy {
    /// The job, for a worker.
    #[must_use]
    pub fn new(catalog: Catalog, ring: KeyRing) -> Self {
        Self { catalog, ring }
    }
}

fn request(kind: &'static str, rotation: Uuid) -> NewJob {
    NewJob::new(kind, serde_json::json!(Payload { rotation_id: rotation }))
        .unique(format!("{kind}:{rotation}"))
}

/// The rotation of a job, unless it has ended.
async fn running(catalog: &Catalog, payload: Value) -> Result<Option<KeyRotation>, JobError> {
    let payload: Payload = serde_json::from_value(payload).map_err(JobError::permanent)?;
    let client = catalog.client().await.map_err(JobError::retry)?;
    let rotation = key_rotations::get(&client, payload.rotation_id).await.map_err(JobError::retry)?;
    Ok(rotation.filter(|rotation| rotation.status == "running"))
}

/// What a pass means for the job. A provider that is away is waited for, however long: the rotation can't be finished
/// without it, and its row says why it stands still.
async fn ended(
    catalog: &Catalog,
    rotation: &KeyRotation,
    outcome: Result<Pass, DataKeyError>,
) -> Result<JobOutcome, JobError> {
    let written: Result<JobOutcome, CatalogError> = async {
        match outcome {
            Ok(Pass { interrupted: true, .. }) => Ok(JobOutcome::Later(Duration::ZERO)),
            Ok(Pass { failed, error, .. }) => {
                let client = catalog.client().await?;
                key_rotations::finish(&client, rotation.id, failed, error.as_deref()).await?;
                Ok(JobOutcome::Done)
            }
            Err(DataKeyError::Catalog(error)) => Err(error),
            Err(error) => {
                tracing::warn!(%error, rotation = %rotation.id, "a rotation of keys waits");
                let client = catalog.client().await?;
                key_rotations::stands_still(&client, rotation.id, &error.to_string()).await?;
                Ok(JobOutcome::Later(WAIT))
            }
        }
    }
    .await;
    written.map_err(JobError::retry)
}

#[async_trait]
impl Job for RotateMasterKey {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    async fn run(&self, payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        let Some(rotation) = running(&self.catalog, payload).await? else { return Ok(JobOutcome::Done) };
        let RotationTarget::MasterKey { to, .. } = &rotation.target else {
            return Err(JobError::permanent("the rotation is of a data key"));
        };
        let outcome = rewrap_all(&self.catalog, &self.ring, to, Some(rotation.id), &context.stopping).await;
        ended(&self.catalog, &rotation, outcome).await
    }
}

#[async_trait]
impl Job for RotateDataKey {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    async fn run(&self, payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        let Some(rotation) = running(&self.catalog, payload).await? else { return Ok(JobOutcome::Done) };
        let RotationTarget::DataKey { customer_id, to_version } = rotation.target else {
            return Err(JobError::permanent("the rotation is of a master key"));
        };
        let outcome = reseal_all(&self.catalog, &self.ring, customer_id, to_version, &context.stopping).await;
        ended(&self.catalog, &rotation, outcome).await
    }
}

#[async_trait]
impl Job for KeyTidy {
    fn kind(&self) -> &'static str {
        "key_tidy"
    }

    fn schedule(&self) -> Option<Schedule> {
        Some(Schedule::Every(Duration::from_secs(600)))
    }

    async fn run(&self, _payload: Value, context: &JobContext) -> Result<JobOutcome, JobError> {
        let Self { catalog, ring } = self;
        let client = catalog.client().await.map_err(JobError::retry)?;
        let active = master_keys::active(&client).await.map_err(JobError::retry)?;
        drop(client);
        if let Some(active) = active {
            let pass =
                rewrap_all(catalog, ring, &active, None, &context.stopping).await.map_err(JobError::retry)?;
            if let Some(error) = pass.error {
                tracing::error!(failed = pass.failed, error, "data keys don't open");
            }
        }
        let removed =
            remove_superseded(catalog, ring, KEPT, &context.stopping).await.map_err(JobError::retry)?;
        if removed > 0 {
            tracing::info!(removed, "data keys that seal nothing any more are destroyed");
        }
        Ok(JobOutcome::Done)
    }
}
