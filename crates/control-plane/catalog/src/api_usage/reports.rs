//! What was used, over single requests: by day, key, route, status, outcome and module, with percentiles.

use chrono::NaiveDate;
use domain::ApiKeyId;
use serde::Serialize;
use tokio_postgres::Row;

use super::filter::UsageFilter;
use crate::filter::Filter;
use crate::{CatalogError, GenericClient, query, row};

/// What a number of requests amounts to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct UsageTotals {
    /// How many there were.
    pub total_requests: i64,
    /// Those answered with a status below 400.
    pub successful_requests: i64,
    /// The others.
    pub failed_requests: i64,
    /// Those of them that were our fault: answered with 500 and more.
    pub server_errors: i64,
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

/// The usage of a route.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageOfRoute {
    /// The method.
    pub method: String,
    /// The route's pattern.
    pub endpoint: String,
    /// What it amounts to.
    #[serde(flatten)]
    pub totals: UsageTotals,
}

/// The usage that was answered with a status.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageOfStatus {
    /// The status.
    pub status_code: i32,
    /// What it amounts to.
    #[serde(flatten)]
    pub totals: UsageTotals,
}

/// The usage that came to one outcome.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageOfOutcome {
    /// `ok`, or the last segment of the problem's type; none where an older client wrote the row.
    pub outcome: Option<String>,
    /// What it amounts to.
    #[serde(flatten)]
    pub totals: UsageTotals,
}

/// The usage of a feature module.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UsageOfModule {
    /// The module's key; none for routes of no module.
    pub module: Option<String>,
    /// What it amounts to.
    #[serde(flatten)]
    pub totals: UsageTotals,
}

/// How many groups are told of each kind.
const MOST_GROUPS: i64 = 200;

/// The busiest groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouped<T> {
    /// The busiest first, at most 200.
    pub rows: Vec<T>,
    /// How many there are besides.
    pub left_out: i64,
}

const TOTALS: &str = "count(*) as total_requests,
    count(*) filter (where status_code < 400) as successful_requests,
    count(*) filter (where status_code >= 400) as failed_requests,
    count(*) filter (where status_code >= 500) as server_errors,
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
        server_errors: row.try_get("server_errors")?,
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
    let narrowing = filter.narrowing();
    let mut conditions = Filter::new("true");
    conditions.and_if("created_at >= ?", &filter.time.from);
    conditions.and_if("created_at < ?", &filter.time.until);
    narrowing.narrow(&mut conditions);
    query::rows(client, &sql.replace("{conditions}", conditions.sql()), conditions.parameters()).await
}

/// The rows of a grouping, the busiest first. `columns` are ours, never a caller's.
async fn grouped<T>(
    client: &impl GenericClient,
    columns: &str,
    filter: &UsageFilter,
    read: impl Fn(&Row) -> Result<T, CatalogError>,
) -> Result<Grouped<T>, CatalogError> {
    let sql = format!(
        "select {columns}, {TOTALS}, count(*) over () as groups from admin_api_usage
         where {{conditions}} group by {columns} order by total_requests desc, {columns} limit {MOST_GROUPS}"
    );
    let rows = filtered(client, &sql, filter).await?;
    let groups: i64 = rows.first().map_or(Ok(0), |row| row.try_get("groups"))?;
    let rows = row::all(&rows, read)?;
    let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    Ok(Grouped { rows, left_out: groups - shown })
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
) -> Result<Grouped<UsageOfKey>, CatalogError> {
    grouped(client, "api_key_id", filter, |row| {
        Ok(UsageOfKey { api_key_id: ApiKeyId(row.try_get("api_key_id")?), totals: totals(row)? })
    })
    .await
}

/// The usage route by route, the busiest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_route(
    client: &impl GenericClient,
    filter: &UsageFilter,
) -> Result<Grouped<UsageOfRoute>, CatalogError> {
    grouped(client, "endpoint, method", filter, |row| {
        Ok(UsageOfRoute {
            method: row.try_get("method")?,
            endpoint: row.try_get("endpoint")?,
            totals: totals(row)?,
        })
    })
    .await
}

/// The usage status by status, the most frequent first.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_status(
    client: &impl GenericClient,
    filter: &UsageFilter,
) -> Result<Grouped<UsageOfStatus>, CatalogError> {
    grouped(client, "status_code", filter, |row| {
        Ok(UsageOfStatus { status_code: row.try_get("status_code")?, totals: totals(row)? })
    })
    .await
}

/// The usage outcome by outcome, the most frequent first.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_outcome(
    client: &impl GenericClient,
    filter: &UsageFilter,
) -> Result<Grouped<UsageOfOutcome>, CatalogError> {
    grouped(client, "outcome", filter, |row| {
        Ok(UsageOfOutcome { outcome: row.try_get("outcome")?, totals: totals(row)? })
    })
    .await
}

/// The usage module by module, the busiest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_module(
    client: &impl GenericClient,
    filter: &UsageFilter,
) -> Result<Grouped<UsageOfModule>, CatalogError> {
    grouped(client, "module", filter, |row| {
        Ok(UsageOfModule { module: row.try_get("module")?, totals: totals(row)? })
    })
    .await
}
