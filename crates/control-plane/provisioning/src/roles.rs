//! The passwords of a customer's three roles: made once, sealed, and opened again when they are set.

use catalog::credentials::{self, Credential};
use catalog::{GenericClient, data_keys};
use domain::CustomerId;
use secrets::{DataKey, MasterKey, SealContext, SecretString, WrappedDataKey, password};
use uuid::Uuid;

use crate::backend::{DatabaseRoles, RoleCredential};
use crate::error::StepError;

/// The roles of every customer's database: the last part of their names.
const ROLES: [&str; 3] = ["owner", "app", "readonly"];

/// Where a role's password is sealed to.
#[must_use]
pub fn seal_context(credential: Uuid, customer: CustomerId) -> SealContext<'static> {
    SealContext {
        table: "admin_database_credentials",
        column: "password_encrypted",
        row: credential,
        customer,
    }
}

/// A customer's data key, opened with the master key.
///
/// # Errors
/// When the customer has none, or it doesn't open.
pub async fn data_key(
    client: &impl GenericClient,
    customer: CustomerId,
    master_key: &MasterKey,
) -> Result<DataKey, StepError> {
    let wrapped = data_keys::get(client, customer)
        .await?
        .ok_or_else(|| StepError::Missing("the customer has no data key".to_owned()))?;
    Ok(DataKey::unwrap(&WrappedDataKey(wrapped), customer, master_key)?)
}

/// Makes the passwords that are missing. Those that are there stay: an earlier run may have set them already.
pub(crate) async fn ensure(
    client: &impl GenericClient,
    customer: CustomerId,
    database: &str,
    master_key: &MasterKey,
) -> Result<(), StepError> {
    let key = data_key(client, customer, master_key).await?;
    for role in ROLES {
        let id = Uuid::now_v7();
        let password_encrypted = key.seal(seal_context(id, customer), &password::generate())?;
        let username = format!("{database}_{role}");
        let credential =
            Credential { id, customer_id: customer, role: role.to_owned(), username, password_encrypted };
        credentials::insert_if_absent(client, &credential).await?;
    }
    Ok(())
}

/// Opens one of a customer's passwords.
///
/// # Errors
/// When it doesn't open.
pub fn open(credential: &Credential, key: &DataKey) -> Result<SecretString, StepError> {
    Ok(key.open(seal_context(credential.id, credential.customer_id), &credential.password_encrypted)?)
}

/// Opens all three.
pub(crate) async fn of_customer(
    client: &impl GenericClient,
    customer: CustomerId,
    master_key: &MasterKey,
) -> Result<DatabaseRoles, StepError> {
    let key = data_key(client, customer, master_key).await?;
    let stored = credentials::of_customer(client, customer).await?;
    let role = |name: &str| {
        let credential = stored
            .iter()
            .find(|credential| credential.role == name)
            .ok_or_else(|| StepError::Missing(format!("the customer has no {name} credential")))?;
        Ok::<_, StepError>(RoleCredential {
            name: credential.username.clone(),
            password: open(credential, &key)?,
        })
    };
    Ok(DatabaseRoles { owner: role("owner")?, app: role("app")?, readonly: role("readonly")? })
}
