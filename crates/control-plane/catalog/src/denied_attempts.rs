//! `admin_denied_attempts`: refusals of customers' callers, and which of them the audit log tells of. They are found in the
//! daily roll-ups of usage, which count every request that showed a known key.

use chrono::NaiveDate;
use domain::{ApiKeyId, CustomerId};
use uuid::Uuid;

use crate::{CatalogError, GenericClient, query, row};

/// The refusals that say that somebody tries what they may not: kinds of problems.
pub const DENIED: [&str; 9] = [
    "api-key-expired",
    "api-key-revoked",
    "customer-suspended",
    "membership-ended",
    "module-disabled",
    "network-not-allowed",
    "permission-missing",
    "subscription-canceled",
    "subscription-expired",
];

/// How many are read at once.
const AT_ONCE: i64 = 500;

/// Refusals of one key on one day, for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeniedAttempts {
    /// Whose key.
    pub customer_id: CustomerId,
    /// The key.
    pub api_key_id: ApiKeyId,
    /// The day, UTC.
    pub day: NaiveDate,
    /// Why: the kind of problem.
    pub outcome: String,
    /// How many.
    pub requests: i64,
    /// Where: the routes, the most tried first, five at most.
    pub routes: Vec<String>,
    /// Whether the day is over.
    pub is_final: bool,
}

/// What the audit log doesn't tell of yet: what is new today, and what a day that is over came to.
///
/// # Errors
/// When the database can't be asked.
pub async fn unrecorded(
    client: &impl GenericClient,
    today: NaiveDate,
) -> Result<Vec<DeniedAttempts>, CatalogError> {
    // As far back as notes are kept: a worker that was away, and a server that was cut off, lose no day.
    let sql = "select counted.customer_id, counted.api_key_id, counted.usage_date, counted.outcome, counted.requests,
                      counted.routes, counted.usage_date < $1::date as is_final
               from (
                   select customer_id, api_key_id, usage_date, outcome, sum(requests)::bigint as requests,
                          (array_agg(route order by requests desc, route))[1:5] as routes
                   from (
                       select customer_id, api_key_id, usage_date, outcome, method || ' ' || endpoint as route,
                              sum(requests) as requests
                       from admin_api_usage_daily
                       where usage_date between $1::date - 7 and $1::date and outcome = any($2)
                       group by 1, 2, 3, 4, 5
                   ) by_route
                   group by 1, 2, 3, 4
               ) counted
               join admin_customers customer on customer.id = counted.customer_id
               left join admin_denied_attempts told using (customer_id, api_key_id, usage_date, outcome)
               where told.requests is null
                     or (counted.usage_date < $1::date and counted.requests > told.requests)
               order by counted.usage_date, counted.customer_id, counted.api_key_id, counted.outcome
               limit $3";
    let rows = query::rows(client, sql, &[&today, &DENIED.as_slice(), &AT_ONCE]).await?;
    row::all(&rows, |row| {
        Ok(DeniedAttempts {
            customer_id: CustomerId(row.try_get::<_, Uuid>("customer_id")?),
            api_key_id: ApiKeyId(row.try_get::<_, Uuid>("api_key_id")?),
            day: row.try_get("usage_date")?,
            outcome: row.try_get("outcome")?,
            requests: row.try_get("requests")?,
            routes: row.try_get("routes")?,
            is_final: row.try_get("is_final")?,
        })
    })
}

/// Notes that the audit log tells of it. `false`: somebody else has noted as many meanwhile.
///
/// # Errors
/// When the database can't be asked.
pub async fn note(client: &impl GenericClient, attempts: &DeniedAttempts) -> Result<bool, CatalogError> {
    let sql = "insert into admin_denied_attempts as told
                   (customer_id, api_key_id, usage_date, outcome, requests, is_final)
               values ($1, $2, $3, $4, $5, $6)
               on conflict (customer_id, api_key_id, usage_date, outcome) do update
               set requests = excluded.requests, is_final = excluded.is_final
               where told.requests < excluded.requests";
    let (customer, key) = (attempts.customer_id.uuid(), attempts.api_key_id.uuid());
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&customer, &key, &attempts.day, &attempts.outcome, &attempts.requests, &attempts.is_final];
    Ok(query::execute(client, sql, &parameters).await? == 1)
}

/// Removes what can't be asked for any more; how many.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove_old(client: &impl GenericClient, today: NaiveDate) -> Result<u64, CatalogError> {
    query::execute(client, "delete from admin_denied_attempts where usage_date < $1::date - 7", &[&today])
        .await
}
