//! Looking into the admin database, where a test can see what the API doesn't tell.

use serde_json::Value;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};

/// A connection to the admin database.
///
/// # Errors
/// When it can't be reached.
pub(crate) async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// The rows of a query, each as a JSON object.
pub(crate) async fn objects(
    client: &Client,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Value>, tokio_postgres::Error> {
    let rows = client.query(&format!("select to_jsonb(found) from ({sql}) as found"), parameters).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
