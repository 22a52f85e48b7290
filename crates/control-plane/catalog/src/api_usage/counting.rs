//! Counts since a moment, for counters that were forgotten: whole days come from the roll-ups, the rest of the first day
//! from the requests. One statement reads both, so that no request is counted twice or missed.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use domain::{ApiKeyId, CustomerId};
use serde::Serialize;

use crate::{CatalogError, GenericClient, query, row};

/// The first day that begins at the moment or after it.
pub(crate) fn first_whole_day(since: DateTime<Utc>) -> NaiveDate {
    let day = since.date_naive();
    if since.time() == NaiveTime::MIN {
        day
    } else {
        day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)
    }
}

/// What [`domain::usage::UsageRecord::drew_on_limits`] says, of a row of `admin_api_usage` or `admin_api_usage_daily`. A 403
/// of which nobody noted what became of it drew on nothing.
pub(crate) const DREW_ON_LIMITS: &str = "(status_code not in (401, 403, 429) or (
     status_code = 403 and coalesce(module, '') <> '' and coalesce(outcome, '') not in ('', 'module-limit-reached')
))";

/// How many requests the customer made since the moment that drew on the quota of these keys (or of the people whom such
/// ids stand for): all that the guard let through. Requests that a server hasn't handed over yet are not among them.
///
/// # Errors
/// When the database can't be asked.
pub async fn accepted_since(
    client: &impl GenericClient,
    customer: CustomerId,
    keys: &[ApiKeyId],
    since: DateTime<Utc>,
) -> Result<i64, CatalogError> {
    let keys: Vec<_> = keys.iter().map(|key| key.uuid()).collect();
    let whole_days = first_whole_day(since);
    let sql = format!(
        "select (
             select coalesce(sum(requests), 0)::bigint from admin_api_usage_daily
             where customer_id = $5 and usage_date >= $3 and api_key_id = any($1) and {DREW_ON_LIMITS}
         ) + (
             select count(*) from admin_api_usage
             where api_key_id = any($1) and created_at >= $2 and created_at < $4
               and customer_id = $5 and {DREW_ON_LIMITS}
         )"
    );
    let whole_days_from = whole_days.and_time(NaiveTime::MIN).and_utc();
    let parameters: query::Parameters<'_> = &[&keys, &since, &whole_days, &whole_days_from, &customer.uuid()];
    Ok(query::one(client, &sql, parameters).await?.try_get(0)?)
}

/// How much of a module a customer used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleUsage {
    /// The module's key.
    pub module: String,
    /// How many of its requests drew on its limit.
    pub requests: i64,
}

/// How many requests of each module a customer made since the moment, as far as they count towards the module's limit:
/// all that the guard let through. By the modules' keys; modules that weren't used are left out.
///
/// # Errors
/// When the database can't be asked.
pub async fn module_usage(
    client: &impl GenericClient,
    customer: CustomerId,
    since: DateTime<Utc>,
) -> Result<Vec<ModuleUsage>, CatalogError> {
    let whole_days = first_whole_day(since);
    let sql = format!(
        "select module, sum(requests)::bigint as requests from (
             select module, requests from admin_api_usage_daily
             where customer_id = $1 and usage_date >= $3 and {DREW_ON_LIMITS} and module <> ''
             union all
             select module, 1 from admin_api_usage
             where customer_id = $1 and created_at >= $2 and created_at < $4 and {DREW_ON_LIMITS} and module <> ''
         ) used group by module order by module"
    );
    let whole_days_from = whole_days.and_time(NaiveTime::MIN).and_utc();
    let rows = query::rows(client, &sql, &[&customer.uuid(), &since, &whole_days, &whole_days_from]).await?;
    row::all(&rows, |row| {
        Ok(ModuleUsage { module: row.try_get("module")?, requests: row.try_get("requests")? })
    })
}
