//! The passwords of a customer's three roles: made once, sealed, and opened again when they are set.

use catalog::GenericClient;
use catalog::credentials::{self, Credential};
use domain::CustomerId;
use secrets::{KeyRing, SealContext, SecretString, password};
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

/// Makes the passwords that are missing. Those that are there stay: an earlier run may have set them already.
pub(crate) async fn ensure(
    client: &impl GenericClient,
    customer: CustomerId,
    database: &str,
    keys: &KeyRing,
) -> Result<(), StepError> {
    let key = data_keys::newest(client, keys, Some(customer)).await?;
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
pub async fn open(
    client: &impl GenericClient,
    credential: &Credential,
    keys: &KeyRing,
) -> Result<SecretString, StepError> {
    let (id, customer) = (credential.id, credential.customer_id);
    let key = data_keys::for_sealed(client, keys, Some(customer), &credential.password_encrypted).await?;
    Ok(key.open(seal_context(id, customer), &credential.password_encrypted)?)
}

/// Opens all three.
pub(crate) async fn of_customer(
    client: &impl GenericClient,
    customer: CustomerId,
    keys: &KeyRing,
) -> Result<DatabaseRoles, StepError> {
    let stored = credentials::of_customer(client, customer).await?;
    let role = async |name: &str| {
        let credential = stored
            .iter()
            .find(|credential| credential.role == name)
            .ok_or_else(|| StepError::Missing(format!("the customer has no {name} credential")))?;
        let password = open(client, credential, keys).await?;
        Ok::<_, StepError>(RoleCredential { name: credential.username.clone(), password })
    };
    Ok(DatabaseRoles {
        owner: role("owner").await?,
        app: role("app").await?,
        readonly: role("readonly").await?,
    })
}
