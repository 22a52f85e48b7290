//! `admin_api_usage_daily`: the roll-ups. A trigger keeps them true; this counts a day anew, to prove and to mend them.

use chrono::NaiveDate;

use crate::{CatalogError, GenericClient, query};

/// What counting a day anew came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// The day's requests are gone, its roll-ups were left alone.
    pub skipped: bool,
    /// How many rows of the roll-ups were wrong, missing or too many. Zero unless requests were changed by hand.
    pub groups_changed: i64,
    /// How many requests the roll-ups said there were.
    pub requests_before: i64,
    /// How many there are.
    pub requests_after: i64,
}

/// Counts the requests of a day (UTC) anew and mends the day's roll-ups. Safe while requests are inserted: those of this
/// day wait until the transaction of `client` ends.
///
/// # Errors
/// [`CatalogError::Unavailable`] when somebody keeps a transaction open that inserted requests of this day.
pub async fn rebuild_day(client: &impl GenericClient, day: NaiveDate) -> Result<Rebuilt, CatalogError> {
    let row = query::one(
        client,
        "select skipped, groups_changed, requests_before, requests_after from admin_rebuild_api_usage_daily($1)",
        &[&day],
    )
    .await?;
    Ok(Rebuilt {
        skipped: row.try_get("skipped")?,
        groups_changed: row.try_get("groups_changed")?,
        requests_before: row.try_get("requests_before")?,
        requests_after: row.try_get("requests_after")?,
    })
}
