//! The monthly partitions: made ahead, and retired.

use chrono::NaiveDate;

use crate::{CatalogError, GenericClient, query};

/// Makes the partitions of this month and the next ones; how many were missing. Called by the worker every day: a
/// month that begins without a partition is slow to mend, though nothing is lost.
///
/// # Errors
/// When the database can't be asked.
pub async fn ensure_partitions(client: &impl GenericClient, months_ahead: i32) -> Result<i32, CatalogError> {
    Ok(query::one(client, "select admin_ensure_api_usage_partitions($1)", &[&months_ahead])
        .await?
        .try_get(0)?)
}

/// Drops the requests of the oldest month that lies more than `keep_months` whole months before this one, and answers
/// which month that was; `None` when no month is that old. To be called until then. The roll-ups of the month stay, and
/// a month that isn't rolled up yet is rolled up first.
///
/// # Errors
/// [`CatalogError::Unavailable`] when somebody reads the table for longer than three seconds: another time, then.
/// [`CatalogError::Invalid`] when `keep_months` is less than one.
pub async fn retire_oldest_month(
    client: &impl GenericClient,
    keep_months: i32,
) -> Result<Option<NaiveDate>, CatalogError> {
    Ok(query::one(client, "select admin_retire_api_usage($1)", &[&keep_months]).await?.try_get(0)?)
}
