//! Queries by cached prepared statements: the first use on a connection prepares, every further one is one round trip.

use deadpool_postgres::GenericClient;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::CatalogError;
use crate::broken_off::UnderWay;

/// A query's parameters.
pub(crate) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// All rows.
pub(crate) async fn rows(
    client: &impl GenericClient,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<Vec<Row>, CatalogError> {
    not_broken_off(async { client.query(&client.prepare_cached(sql).await?, parameters).await }).await
}

/// Exactly one row.
pub(crate) async fn one(
    client: &impl GenericClient,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<Row, CatalogError> {
    not_broken_off(async { client.query_one(&client.prepare_cached(sql).await?, parameters).await }).await
}

/// One row or none.
pub(crate) async fn optional(
    client: &impl GenericClient,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<Option<Row>, CatalogError> {
    not_broken_off(async { client.query_opt(&client.prepare_cached(sql).await?, parameters).await }).await
}

/// The number of rows that were changed.
pub(crate) async fn execute(
    client: &impl GenericClient,
    sql: &str,
    parameters: Parameters<'_>,
) -> Result<u64, CatalogError> {
    not_broken_off(async { client.execute(&client.prepare_cached(sql).await?, parameters).await }).await
}

/// Notes it when whoever waits for the statement gives it up.
async fn not_broken_off<T>(
    statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, CatalogError> {
    let under_way = UnderWay::begin();
    let outcome = statement.await;
    under_way.over();
    Ok(outcome?)
}
