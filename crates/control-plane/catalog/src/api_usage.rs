//! `admin_api_usage`: one row per keyed request, partitioned by month.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{ApiKeyId, CustomerId};
use serde::Serialize;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::filter::Filter;
use crate::page::TimeRange;
use crate::{CatalogError, GenericClient, query, row};

/// A request that was answered. `id` and `created_at` are chosen when it is: together they make the insert safe to
/// repeat.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageRecord {
    /// The row. [`Uuid::now_v7`], made once per request.
    pub id: Uuid,
    /// When the request was answered.
    pub created_at: DateTime<Utc>,
    /// Whose key it was.
    pub customer_id: CustomerId,
    /// The key.
    pub api_key_id: ApiKeyId,
    /// The request's id as the answer's `X-Request-Id` tells it, if it is a UUID.
    pub request_id: Option<Uuid>,
    /// The route's pattern, such as `/api/v1/deals/{id}`.
    pub endpoint: String,
    /// The method.
    pub method: String,
    /// The answer's status.
    pub status_code: u16,
    /// How long it took.
    pub response_time_ms: Option<i32>,
    /// The size of the request's body.
    pub request_size_bytes: Option<i64>,
    /// The size of the answer's body.
    pub response_size_bytes: Option<i64>,
}

/// Writes a batch of requests in one statement. Requests that were written before are skipped, so a batch whose
/// fate is unknown is simply written again. Answers how many were new.
///
/// # Errors
/// [`CatalogError::Invalid`] when a value is out of range; nothing is written then.
pub async fn insert_batch(client: &impl GenericClient, records: &[UsageRecord]) -> Result<u64, CatalogError> {
    if records.is_empty() {
        return Ok(0);
    }
    query::execute(
        client,
        "insert into admin_api_usage (id, created_at, customer_id, api_key_id, request_id, endpoint, method,
             status_code, response_time_ms, request_size_bytes, response_size_bytes)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[],
             $7::text[], $8::integer[], $9::integer[], $10::bigint[], $11::bigint[])
         on conflict (id, created_at) do nothing",
        &[
            &column(records, |record| record.id),
            &column(records, |record| record.created_at),
            &column(records, |record| record.customer_id.uuid()),
            &column(records, |record| record.api_key_id.uuid()),
            &column(records, |record| record.request_id),
            &column(records, |record| record.endpoint.as_str()),
            &column(records, |record| record.method.as_str()),
            &column(records, |record| i32::from(record.status_code)),
            &column(records, |record| record.response_time_ms),
            &column(records, |record| record.request_size_bytes),
            &column(records, |record| record.response_size_bytes),
        ],
    )
    .await
}

fn column<'a, T>(records: &'a [UsageRecord], value: impl Fn(&'a UsageRecord) -> T) -> Vec<T> {
    records.iter().map(value).collect()
}

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

/// Whose usage, and of when.
#[derive(Debug, Clone, Copy, Default)]
pub struct UsageFilter {
    /// One customer's; everybody's without.
    pub customer: Option<CustomerId>,
    /// One key's.
    pub api_key: Option<ApiKeyId>,
    /// In this time. Give it a beginning: each month is a partition, and only those in question are read.
    pub time: TimeRange,
}

/// What a number of requests amounts to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct UsageTotals {
    /// How many there were.
    pub total_requests: i64,
    /// Those answered with a status below 400.
    pub successful_requests: i64,
    /// The others.
    pub failed_requests: i64,
    /// The mean time of an answer.
    pub avg_response_time_ms: Option<f64>,
    /// Half were answered in this time.
    pub p50_response_time_ms: Option<i32>,
    /// Nineteen of twenty were answered in this time.
    pub p95_response_time_ms: Option<i32>,
    /// Ninety-nine of a hundred were answered in this time.
    pub p99_response_time_ms: Option<i32>,
    /// The slowest answer.
    pub max_response_time_ms: Option<i32>,
    /// The bodies of the requests.
    pub request_size_bytes: i64,
    /// The bodies of the answers.
    pub response_size_bytes: i64,
}

/// The usage of a day (in UTC).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageOfDay {
    /// The day.
    pub usage_date: NaiveDate,
    /// What it amounts to.
    #[serde(flatten)]
    pub totals: UsageTotals,
}

/// The usage of a key.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageOfKey {
    /// The key.
    pub api_key_id: ApiKeyId,
    /// What it amounts to.
    #[serde(flatten)]
    pub totals: UsageTotals,
}

const TOTALS: &str = "count(*) as total_requests,
    count(*) filter (where status_code < 400) as successful_requests,
    count(*) filter (where status_code >= 400) as failed_requests,
    avg(response_time_ms)::float8 as avg_response_time_ms,
    percentile_disc(array[0.5, 0.95, 0.99]) within group (order by response_time_ms) as percentiles,
    max(response_time_ms) as max_response_time_ms,
    coalesce(sum(request_size_bytes), 0)::bigint as request_size_bytes,
    coalesce(sum(response_size_bytes), 0)::bigint as response_size_bytes";

fn totals(row: &Row) -> Result<UsageTotals, CatalogError> {
    let percentiles: Option<Vec<Option<i32>>> = row.try_get("percentiles")?;
    let percentile = |index: usize| percentiles.as_ref().and_then(|all| all.get(index).copied().flatten());
    Ok(UsageTotals {
        total_requests: row.try_get("total_requests")?,
        successful_requests: row.try_get("successful_requests")?,
        failed_requests: row.try_get("failed_requests")?,
        avg_response_time_ms: row.try_get("avg_response_time_ms")?,
        p50_response_time_ms: percentile(0),
        p95_response_time_ms: percentile(1),
        p99_response_time_ms: percentile(2),
        max_response_time_ms: row.try_get("max_response_time_ms")?,
        request_size_bytes: row.try_get("request_size_bytes")?,
        response_size_bytes: row.try_get("response_size_bytes")?,
    })
}

/// Runs a query whose `{conditions}` are the filter.
async fn filtered(
    client: &impl GenericClient,
    sql: &str,
    filter: &UsageFilter,
) -> Result<Vec<Row>, CatalogError> {
    let (customer, key) = (filter.customer.map(CustomerId::uuid), filter.api_key.map(ApiKeyId::uuid));
    let mut conditions = Filter::new("true");
    conditions.and_if("customer_id = ?", &customer);
    conditions.and_if("api_key_id = ?", &key);
    conditions.and_if("created_at >= ?", &filter.time.from);
    conditions.and_if("created_at < ?", &filter.time.until);
    query::rows(client, &sql.replace("{conditions}", conditions.sql()), conditions.parameters()).await
}

/// The usage as a whole.
///
/// # Errors
/// When the database can't be asked.
pub async fn totals_of(
    client: &impl GenericClient,
    filter: &UsageFilter,
) -> Result<UsageTotals, CatalogError> {
    let sql = format!("select {TOTALS} from admin_api_usage where {{conditions}}");
    filtered(client, &sql, filter).await?.first().map_or_else(|| Ok(UsageTotals::default()), totals)
}

/// The usage day by day, the newest first. Days without a request are left out.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_day(
    client: &impl GenericClient,
    filter: &UsageFilter,
) -> Result<Vec<UsageOfDay>, CatalogError> {
    let sql = format!(
        "select (created_at at time zone 'UTC')::date as usage_date, {TOTALS} from admin_api_usage
         where {{conditions}} group by 1 order by 1 desc"
    );
    row::all(&filtered(client, &sql, filter).await?, |row| {
        Ok(UsageOfDay { usage_date: row.try_get("usage_date")?, totals: totals(row)? })
    })
}

/// The usage key by key, the busiest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_key(
    client: &impl GenericClient,
    filter: &UsageFilter,
) -> Result<Vec<UsageOfKey>, CatalogError> {
    let sql = format!(
        "select api_key_id, {TOTALS} from admin_api_usage
         where {{conditions}} group by 1 order by total_requests desc, api_key_id"
    );
    row::all(&filtered(client, &sql, filter).await?, |row| {
        Ok(UsageOfKey { api_key_id: ApiKeyId(row.try_get("api_key_id")?), totals: totals(row)? })
    })
}
