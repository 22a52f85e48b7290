//! `admin_operator_identities`: who operators are at a provider of identities.

use uuid::Uuid;

use crate::{CatalogError, GenericClient, query};

/// The operator whom a provider calls so.
///
/// # Errors
/// When the database can't be asked.
pub async fn operator_of(
    client: &impl GenericClient,
    issuer: &str,
    subject: &str,
) -> Result<Option<Uuid>, CatalogError> {
    let sql = "select operator_id from admin_operator_identities where issuer = $1 and subject = $2";
    let found = query::optional(client, sql, &[&issuer, &subject]).await?;
    Ok(found.map(|row| row.try_get(0)).transpose()?)
}

/// Notes whom a provider calls so. `false`: the operator, or the name, is somebody else's there.
///
/// # Errors
/// When the database can't be asked.
pub async fn link(
    client: &impl GenericClient,
    operator: Uuid,
    issuer: &str,
    subject: &str,
) -> Result<bool, CatalogError> {
    let sql = "insert into admin_operator_identities (operator_id, issuer, subject) values ($1, $2, $3)
               on conflict do nothing";
    Ok(query::execute(client, sql, &[&operator, &issuer, &subject]).await? == 1)
}

/// Forgets who an operator is at every provider: the next sign-in there finds them by their address anew.
///
/// # Errors
/// When the database can't be asked.
pub async fn forget(client: &impl GenericClient, operator: Uuid) -> Result<u64, CatalogError> {
    query::execute(client, "delete from admin_operator_identities where operator_id = $1", &[&operator]).await
}
