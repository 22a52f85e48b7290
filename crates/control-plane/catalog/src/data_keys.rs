//! `admin_data_keys`: one wrapped key per customer, with which all of the customer's secrets are sealed.

use domain::CustomerId;

use crate::{CatalogError, GenericClient, query};

/// Stores a customer's wrapped data key.
///
/// # Errors
/// [`CatalogError::Conflict`] when the customer has one.
pub async fn insert(
    client: &impl GenericClient,
    customer: CustomerId,
    wrapped_key: &str,
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "insert into admin_data_keys (customer_id, wrapped_key) values ($1, $2)",
        &[&customer.uuid(), &wrapped_key],
    )
    .await?;
    Ok(())
}

/// A customer's wrapped data key.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(client: &impl GenericClient, customer: CustomerId) -> Result<Option<String>, CatalogError> {
    let row = query::optional(
        client,
        "select wrapped_key from admin_data_keys where customer_id = $1",
        &[&customer.uuid()],
    )
    .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// Destroys a customer's data key: nothing sealed with it can ever be opened again.
///
/// # Errors
/// When the database can't be asked.
pub async fn delete(client: &impl GenericClient, customer: CustomerId) -> Result<(), CatalogError> {
    query::execute(client, "delete from admin_data_keys where customer_id = $1", &[&customer.uuid()]).await?;
    Ok(())
}
