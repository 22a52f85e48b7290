//! Sealing every secret of a customer, or of the platform, with the newest version of its data key.

use catalog::sealed_places::{self, SealedPlace, SealedSecret};
use catalog::{Catalog, GenericClient};
use domain::CustomerId;
use secrets::{KeyRing, OperatorSeal, SealContext};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::master_rotation::Pass;
use crate::open::{OpenedKey, add_version, for_sealed, newest};
use crate::{DataKeyError, open};

/// Makes the version, if it isn't there, and seals everything anew that an older one has sealed. Secrets that are written
/// meanwhile stay as they are: each row is replaced only if it is still what was read.
///
/// # Errors
/// When the admin database or the holder of the master key is away: what is done stays done, and another call goes on.
pub async fn reseal_all(
    catalog: &Catalog,
    ring: &KeyRing,
    customer: Option<CustomerId>,
    version: i32,
    stop: &CancellationToken,
) -> Result<Pass, DataKeyError> {
    let client = catalog.client().await?;
    match catalog::data_keys::version(&client, customer, version).await? {
        Some(_) => {}
        // Nothing to rotate: the customer is gone.
        None if customer.is_some() && catalog::data_keys::newest(&client, customer).await?.is_none() => {
            return Ok(Pass { interrupted: false, failed: 0, error: None });
        }
        None => add_version(&client, ring, customer, version).await?,
    }
    drop(client);
    let (mut failed, mut error) = (0, None);
    for place in sealed_places::of(customer) {
        let mut after = Uuid::nil();
        loop {
            let client = catalog.client().await?;
            let key = newest(&client, ring, customer).await?;
            let batch = sealed_places::older_than(&client, place, customer, key.version(), after).await?;
            let Some(last) = batch.last() else { break };
            after = last.row;
            for secret in &batch {
                match reseal(&client, ring, customer, &key, secret).await {
                    Ok(()) => {}
                    Err(cause @ DataKeyError::Catalog(_)) => return Err(cause),
                    Err(cause) if cause.is_temporary() => return Err(cause),
                    Err(cause) => {
                        failed += 1;
                        error.get_or_insert(format!("{} of row {}: {cause}", place.name, secret.row));
                    }
                }
            }
            if stop.is_cancelled() {
                return Ok(Pass { interrupted: true, failed, error });
            }
        }
    }
    Ok(Pass { interrupted: false, failed, error })
}

async fn reseal(
    client: &impl GenericClient,
    ring: &KeyRing,
    customer: Option<CustomerId>,
    key: &OpenedKey,
    secret: &SealedSecret,
) -> Result<(), DataKeyError> {
    let old = for_sealed(client, ring, customer, &secret.sealed).await?;
    let SealedPlace { table, column, name, .. } = secret.place;
    let sealed = match customer {
        Some(customer) => {
            let context = SealContext { table, column, row: secret.row, customer };
            key.seal(context, &old.open(context, &secret.sealed)?)?
        }
        None => {
            let plain = OperatorSeal::new(old, name).open(secret.row, &secret.sealed)?;
            OperatorSeal::new(open::OpenedKey::clone(key), name).seal(secret.row, &plain)?
        }
    };
    sealed_places::replace(client, secret, &sealed).await?;
    Ok(())
}
