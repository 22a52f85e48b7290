//! The data key that a secret is sealed or opened with.

use std::sync::Arc;

use catalog::data_keys::{self as rows, StoredDataKey};
use catalog::{GenericClient, master_keys};
use domain::CustomerId;
use secrets::envelope::sealed_version;
use secrets::{DataKey, KeyRing, KeyScope, OperatorSeal, WrappedDataKey};

use crate::DataKeyError;

/// A data key that can be used.
pub type OpenedKey = Arc<DataKey>;

/// The key that seals a customer's secrets now (`None`: the platform's own).
///
/// # Errors
/// [`DataKeyError::Missing`] when there is none; else when it can't be read or opened.
pub async fn newest(
    client: &impl GenericClient,
    ring: &KeyRing,
    customer: Option<CustomerId>,
) -> Result<OpenedKey, DataKeyError> {
    let stored = rows::newest(client, customer).await?;
    open(ring, &stored.ok_or(DataKeyError::Missing(customer, None))?).await
}

/// The key that opens this sealed text of a customer's (`None`: the platform's own).
///
/// # Errors
/// [`DataKeyError::Missing`] when its version is gone; else when it can't be read or opened.
pub async fn for_sealed(
    client: &impl GenericClient,
    ring: &KeyRing,
    customer: Option<CustomerId>,
    sealed: &str,
) -> Result<OpenedKey, DataKeyError> {
    let version = sealed_version(sealed)?;
    let stored = rows::version(client, customer, version).await?;
    open(ring, &stored.ok_or(DataKeyError::Missing(customer, Some(version)))?).await
}

/// The master key that wraps new data keys. An installation without any begins with the first of the ring.
///
/// # Errors
/// [`DataKeyError::NoMasterKey`] when the ring is empty.
pub async fn active_master_key(client: &impl GenericClient, ring: &KeyRing) -> Result<String, DataKeyError> {
    if let Some(id) = master_keys::active(client).await? {
        return Ok(id);
    }
    let (known, mut away) = ring.keys().await;
    let Some(first) = known.first() else {
        return Err(away.pop().map_or(DataKeyError::NoMasterKey, DataKeyError::Key));
    };
    Ok(master_keys::begin_with(client, &first.id, first.provider).await?)
}

/// A new customer's first data key, wrapped. Asks whoever holds the master key, so it is no work for a transaction.
///
/// # Errors
/// When the admin database can't be asked, or the key can't be wrapped.
pub async fn new_customer_key(
    client: &impl GenericClient,
    ring: &KeyRing,
    customer: CustomerId,
) -> Result<WrappedDataKey, DataKeyError> {
    let master = active_master_key(client, ring).await?;
    Ok(ring.wrap(&DataKey::generate(customer), &master).await?)
}

/// Seals the platform's own secrets of one place, such as `admin_idempotency_keys.response_body_sealed`. The platform's
/// data key is made when it is first needed.
///
/// # Errors
/// When the admin database can't be asked, or the key can't be opened.
pub async fn platform_seal(
    client: &impl GenericClient,
    ring: &KeyRing,
    place: &'static str,
) -> Result<OperatorSeal, DataKeyError> {
    let stored = match rows::newest(client, None).await? {
        Some(stored) => stored,
        None => first_platform_key(client, ring).await?,
    };
    Ok(OperatorSeal::new(open(ring, &stored).await?, place))
}

/// The seal that opens this text of the platform's.
///
/// # Errors
/// As [`for_sealed`].
pub async fn platform_seal_for(
    client: &impl GenericClient,
    ring: &KeyRing,
    place: &'static str,
    sealed: &str,
) -> Result<OperatorSeal, DataKeyError> {
    Ok(OperatorSeal::new(for_sealed(client, ring, None, sealed).await?, place))
}

async fn first_platform_key(
    client: &impl GenericClient,
    ring: &KeyRing,
) -> Result<StoredDataKey, DataKeyError> {
    add_version(client, ring, None, 1).await?;
    // Perhaps another server was faster: what is stored counts.
    rows::version(client, None, 1).await?.ok_or(DataKeyError::Missing(None, Some(1)))
}

/// Makes a version of a data key, unless it is there.
pub(crate) async fn add_version(
    client: &impl GenericClient,
    ring: &KeyRing,
    customer: Option<CustomerId>,
    version: i32,
) -> Result<(), DataKeyError> {
    let master = active_master_key(client, ring).await?;
    let key = DataKey::generate_version(KeyScope::of(customer), version);
    let wrapped_key = ring.wrap(&key, &master).await?.0;
    rows::insert_version(client, &StoredDataKey { customer_id: customer, version, wrapped_key }).await?;
    Ok(())
}

pub(crate) async fn open(ring: &KeyRing, stored: &StoredDataKey) -> Result<OpenedKey, DataKeyError> {
    let wrapped = WrappedDataKey(stored.wrapped_key.clone());
    Ok(ring.data_key(&wrapped, KeyScope::of(stored.customer_id), stored.version).await?)
}
