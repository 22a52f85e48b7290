//! Wrapping every data key with another master key.

use catalog::data_keys::{self as rows, StoredDataKey};
use catalog::{Catalog, CatalogError, key_rotations};
use futures_util::stream::{self, StreamExt as _};
use secrets::{EnvelopeError, KeyError, KeyRing, KeyScope, WrappedDataKey};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::DataKeyError;

/// How many data keys are read at once; after each batch the progress is written down.
const BATCH: i64 = 100;

/// How many are wrapped at once: a network provider takes a moment for each.
const AT_ONCE: usize = 8;

/// How a pass over all data keys ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    /// How many data keys are left that don't open, and the words for the first.
    pub failed: i64,
    /// The words for the first.
    pub error: Option<String>,
}

/// Why one data key stays as it is.
enum Left {
    /// It doesn't open, and never will by itself.
    Unopened(String),
    /// The provider or the database is away: later.
    Later(DataKeyError),
}

/// Wraps every data key that isn't under the master key yet, and notes the progress of the rotation, if it is one.
///
/// Each row is replaced only if it is still what was read, and only after the new wrapping was opened again: a provider
/// that answers nonsense spoils nothing. Whoever reads meanwhile finds the old wrapping or the new one, and both open.
///
/// # Errors
/// When the admin database or a provider is away: what is done stays done, and another call goes on.
pub async fn rewrap_all(
    catalog: &Catalog,
    ring: &KeyRing,
    master_key_id: &str,
    rotation: Option<Uuid>,
    stop: &CancellationToken,
) -> Result<Pass, DataKeyError> {
    let (mut after, mut failed, mut error) = (None::<StoredDataKey>, 0, None);
    loop {
        // A connection for each batch, and none while the providers work.
        let batch =
            rows::not_wrapped_by(&catalog.client().await?, master_key_id, after.as_ref(), BATCH).await?;
        let Some(last) = batch.last().cloned() else { break };
        // A list of futures, because a closure over borrowed rows is not general enough for a spawned task.
        let rewrapping: Vec<_> =
            batch.into_iter().map(|stored| rewrap(catalog, ring, master_key_id, stored)).collect();
        let outcomes: Vec<_> = stream::iter(rewrapping).buffer_unordered(AT_ONCE).collect().await;
        for outcome in outcomes {
            match outcome {
                Ok(()) => {}
                Err(Left::Later(cause)) => return Err(cause),
                Err(Left::Unopened(words)) => {
                    failed += 1;
                    error.get_or_insert(words);
                }
            }
        }
        after = Some(last);
        if let Some(id) = rotation {
            note(catalog, id, master_key_id, failed, error.as_deref()).await?;
        }
        if stop.is_cancelled() {
            return Ok(Pass { interrupted: true, failed, error });
        }
    }
    Ok(Pass { interrupted: false, failed, error })
}

async fn note(
    catalog: &Catalog,
    rotation: Uuid,
    master_key_id: &str,
    failed: i64,
    error: Option<&str>,
) -> Result<(), CatalogError> {
    let client = catalog.client().await?;
    let remaining = rows::count_not_wrapped_by(&client, master_key_id).await?;
    key_rotations::progress(&client, rotation, (remaining, failed), error).await
}

async fn rewrap(
    catalog: &Catalog,
    ring: &KeyRing,
    master_key_id: &str,
    stored: StoredDataKey,
) -> Result<(), Left> {
    let of = || {
        let whose =
            stored.customer_id.map_or_else(|| "the platform".to_owned(), |id| format!("customer {id}"));
        format!("version {} of {whose}'s data key", stored.version)
    };
    let left = |error: KeyError| match error {
        // Somebody has to look, and the other rows don't wait for it.
        KeyError::Envelope(_) | KeyError::Unknown { .. } => Left::Unopened(format!("{}: {error}", of())),
        error => Left::Later(error.into()),
    };
    let scope = KeyScope::of(stored.customer_id);
    let key = ring
        .unwrap(&WrappedDataKey(stored.wrapped_key.clone()), scope, stored.version)
        .await
        .map_err(left)?;
    // Here everything else than success concerns all rows, not this one.
    let wrapped = ring.wrap(&key, master_key_id).await.map_err(|error| Left::Later(error.into()))?;
    let again =
        ring.unwrap(&wrapped, scope, stored.version).await.map_err(|error| Left::Later(error.into()))?;
    if !again.is_same(&key) {
        return Err(Left::Later(KeyError::Envelope(EnvelopeError::Unauthentic).into()));
    }
    let client = catalog.client().await.map_err(|error| Left::Later(error.into()))?;
    match rows::rewrap(&client, &stored, &wrapped.0).await {
        // Another worker was faster, or the customer is gone.
        Ok(_) => Ok(()),
        Err(error) => Err(Left::Later(error.into())),
    }
}
