//! What was used of a quota, for a counter that was forgotten. Requests that a server hasn't handed over yet are not among
//! them.

use chrono::{DateTime, NaiveTime, Utc};
use domain::{ApiKeyId, CustomerId};

use crate::api_usage::DREW_ON_LIMITS;
use crate::{CatalogError, GenericClient, api_usage, query, row};

/// How many requests drew on the quota of a key since the moment: those of the key and of all that replaced it. Or of a
/// person, by the id that stands for them: it is in no row, and they may be counted for other customers, too.
///
/// # Errors
/// When the database can't be asked.
pub async fn used_by_key(
    client: &impl GenericClient,
    customer: CustomerId,
    quota_key: ApiKeyId,
    since: DateTime<Utc>,
) -> Result<i64, CatalogError> {
    let rows = query::rows(
        client,
        "select id from admin_api_keys where customer_id = $1 and (id = $2 or quota_key_id = $2)",
        &[&customer.uuid(), &quota_key.uuid()],
    )
    .await?;
    let mut keys = row::all(&rows, |row| Ok(ApiKeyId(row.try_get(0)?)))?;
    keys.push(quota_key);
    api_usage::accepted_since(client, customer, &keys, since).await
}

/// How many requests a customer made since the moment that the guard let through; of one route only, if it is given as
/// method and path.
///
/// # Errors
/// When the database can't be asked.
pub async fn used_by_customer(
    client: &impl GenericClient,
    customer: CustomerId,
    route: Option<(&str, &str)>,
    since: DateTime<Utc>,
) -> Result<i64, CatalogError> {
    let (method, endpoint) = route.unzip();
    // A route that answers GET answers HEAD too, and both draw on its limit.
    let methods: Vec<_> = method.into_iter().chain((method == Some("GET")).then_some("HEAD")).collect();
    let whole_days = api_usage::first_whole_day(since);
    // One statement reads both, so that no request is counted twice or missed.
    let sql = format!(
        "select (
             select coalesce(sum(requests), 0)::bigint from admin_api_usage_daily
             where customer_id = $1 and usage_date >= $3 and {DREW_ON_LIMITS}
               and ($5::text is null or (method = any($7) and endpoint = $6))
         ) + (
             select count(*) from admin_api_usage
             where customer_id = $1 and created_at >= $2 and created_at < $4 and {DREW_ON_LIMITS}
               and ($5::text is null or (method = any($7) and endpoint = $6))
         )"
    );
    let row = query::one(
        client,
        &sql,
        &[
            &customer.uuid(),
            &since,
            &whole_days,
            &whole_days.and_time(NaiveTime::MIN).and_utc(),
            &method,
            &endpoint,
            &methods,
        ],
    )
    .await?;
    Ok(row.try_get(0)?)
}

/// How often a customer used a module since its count began anew: what the row says.
///
/// # Errors
/// When the database can't be asked.
pub async fn used_of_module(
    client: &impl GenericClient,
    customer: CustomerId,
    module_key: &str,
) -> Result<i64, CatalogError> {
    let row = query::optional(
        client,
        "select case when held.reset_date <= now() then 0 else held.usage_count end
         from admin_customer_modules held join admin_feature_modules module on module.id = held.module_id
         where held.customer_id = $1 and module.module_key = $2",
        &[&customer.uuid(), &module_key],
    )
    .await?;
    row.map_or(Ok(0), |row| Ok(row.try_get(0)?))
}
