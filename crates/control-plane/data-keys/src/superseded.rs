//! Destroying versions of data keys that seal nothing any more.

use std::time::Duration;

use catalog::{Catalog, data_keys, sealed_places};
use chrono::Utc;
use secrets::{KeyRing, KeyScope};
use tokio_util::sync::CancellationToken;

use crate::reseal::reseal_all;
use crate::{DataKeyError, newest};

/// Destroys versions that don't seal since this long ago, each after a last look for what is still sealed with it.
/// Answers how many.
///
/// The pause is for those who took the key before the new one was made, and write what they sealed with it only now: it
/// has to be longer than any use case or step.
///
/// # Errors
/// When the admin database or the holder of the master key is away.
pub async fn remove_superseded(
    catalog: &Catalog,
    ring: &KeyRing,
    unused_for: Duration,
    stop: &CancellationToken,
) -> Result<u64, DataKeyError> {
    let before = Utc::now() - unused_for;
    let superseded = data_keys::superseded_before(&catalog.client().await?, before).await?;
    let mut removed = 0;
    for key in superseded {
        if stop.is_cancelled() {
            break;
        }
        let customer = key.customer_id;
        let version = newest(&catalog.client().await?, ring, customer).await?.version();
        let pass = reseal_all(catalog, ring, customer, version, stop).await?;
        let client = catalog.client().await?;
        if pass.interrupted || sealed_places::count_older_than(&client, customer, key.version + 1).await? > 0
        {
            // Some of it doesn't open. Nothing is destroyed that somebody may still find the key for.
            continue;
        }
        data_keys::delete_version(&client, &key).await?;
        ring.forget(KeyScope::of(customer), key.version);
        removed += 1;
    }
    Ok(removed)
}
