//! `admin_database_credentials`: the roles of customers' databases and their sealed passwords.

use domain::CustomerId;
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query};

/// A row of `admin_database_credentials`.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The row: part of what the password's seal is bound to.
    pub id: Uuid,
    /// Whose database it opens.
    pub customer_id: CustomerId,
    /// `owner`, `app` or `readonly`.
    pub role: String,
    /// The role's name in PostgreSQL.
    pub username: String,
    /// The sealed password.
    pub password_encrypted: String,
}

/// Writes a credential. One that is there already stays as it is, so that a step that runs twice doesn't change
/// a password that the first run may have set.
///
/// # Errors
/// When the database can't be asked.
pub async fn insert_if_absent(
    client: &impl GenericClient,
    credential: &Credential,
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "insert into admin_database_credentials (id, customer_id, role, username, password_encrypted)
         values ($1, $2, $3, $4, $5) on conflict (customer_id, role) do nothing",
        &[
            &credential.id,
            &credential.customer_id.uuid(),
            &credential.role,
            &credential.username,
            &credential.password_encrypted,
        ],
    )
    .await?;
    Ok(())
}

/// A customer's credentials.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_customer(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Vec<Credential>, CatalogError> {
    let rows = query::rows(
        client,
        "select id, role, username, password_encrypted from admin_database_credentials where customer_id = $1",
        &[&customer.uuid()],
    )
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Credential {
                id: row.try_get("id")?,
                customer_id: customer,
                role: row.try_get("role")?,
                username: row.try_get("username")?,
                password_encrypted: row.try_get("password_encrypted")?,
            })
        })
        .collect()
}

/// Removes a customer's credentials.
///
/// # Errors
/// When the database can't be asked.
pub async fn delete(client: &impl GenericClient, customer: CustomerId) -> Result<(), CatalogError> {
    query::execute(
        client,
        "delete from admin_database_credentials where customer_id = $1",
        &[&customer.uuid()],
    )
    .await?;
    Ok(())
}
