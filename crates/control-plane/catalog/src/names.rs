//! What customers, keys and operators are called, also those who are gone as long as their row is there.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{CatalogError, GenericClient, query};

/// The names of these customers.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_customers(
    client: &impl GenericClient,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>, CatalogError> {
    read(client, "select id, company_name from admin_customers where id = any($1)", ids).await
}

/// What these customers are called: their names, and their short names where they have one.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_customers_with_slugs(
    client: &impl GenericClient,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, (String, Option<String>)>, CatalogError> {
    let sql = "select id, company_name, company_domain from admin_customers where id = any($1)";
    let rows = query::rows(client, sql, &[&ids]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)))).collect()
}

/// The names of these operators.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_operators(
    client: &impl GenericClient,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>, CatalogError> {
    read(client, "select id, name from admin_operators where id = any($1)", ids).await
}

/// The names of these API keys with their beginnings, because many are called the same.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_api_keys(
    client: &impl GenericClient,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>, CatalogError> {
    let sql = "select id, case when name = '' then key_prefix else name || ' (' || key_prefix || ')' end
               from admin_api_keys where id = any($1)";
    read(client, sql, ids).await
}

async fn read(
    client: &impl GenericClient,
    sql: &str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>, CatalogError> {
    let rows = query::rows(client, sql, &[&ids]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
