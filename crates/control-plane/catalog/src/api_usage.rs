//! `admin_api_usage`: one row per keyed request, partitioned by month.

mod copying;
mod counting;
mod daily;
mod filter;
mod movers;
mod partitions;
mod reports;
mod requests;
mod response_times;
mod series;
mod simulation;
mod sources;
mod span;
mod tally;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::{ApiKeyId, CustomerId};
use serde::Serialize;
use uuid::Uuid;

pub(crate) use copying::copy;
pub(crate) use counting::{DREW_ON_LIMITS, first_whole_day};
pub use counting::{ModuleUsage, accepted_since, module_usage};
pub use daily::{Rebuilt, rebuild_day};
pub use filter::UsageFilter;
pub use movers::{Mover, Movers, movers, movers_need_requests};
pub use partitions::{ensure_partitions, retire_oldest_month};
pub use reports::{
    Grouped, UsageOfDay, UsageOfKey, UsageOfModule, UsageOfOutcome, UsageOfRoute, UsageOfStatus, UsageTotals,
    by_day, by_key, by_module, by_outcome, by_route, by_status, totals_of,
};
pub use requests::{RequestFilter, RequestRow, requests};
pub use response_times::response_time_bounds;
pub use series::{Series, SeriesGroup, SeriesRequest, requests_kept_since, series};
pub use simulation::{Simulation, TriedLimit, simulate};
pub use sources::Grouping;
pub use span::{Interval, Span, SpanError};
pub use tally::Tally;

use crate::{CatalogError, GenericClient, query};

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
    /// The key of the route's feature module.
    pub module: Option<String>,
    /// `ok`, or the last segment of the problem's type; none in rows of older clients.
    pub outcome: Option<String>,
}

/// Writes a batch of requests in one statement. Requests that were written before are skipped, so a batch whose
/// fate is unknown is simply written again. Answers how many were new.
///
/// # Errors
/// [`CatalogError::Invalid`] when a value is out of range; nothing is written then.
pub async fn insert_batch(client: &impl GenericClient, records: &[UsageRecord]) -> Result<u64, CatalogError> {
    Ok(insert_new(client, records).await?.len() as u64)
}

/// The same; answers which were new.
pub(crate) async fn insert_new(
    client: &impl GenericClient,
    records: &[UsageRecord],
) -> Result<HashSet<Uuid>, CatalogError> {
    if records.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = query::rows(
        client,
        "insert into admin_api_usage (id, created_at, customer_id, api_key_id, request_id, endpoint, method,
             status_code, response_time_ms, request_size_bytes, response_size_bytes, module, outcome)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[],
             $7::text[], $8::integer[], $9::integer[], $10::bigint[], $11::bigint[], $12::text[], $13::text[])
         on conflict (id, created_at) do nothing returning id",
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
            &column(records, |record| record.module.as_deref()),
            &column(records, |record| record.outcome.as_deref()),
        ],
    )
    .await?;
    rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
}

fn column<'a, T>(records: &'a [UsageRecord], value: impl Fn(&'a UsageRecord) -> T) -> Vec<T> {
    records.iter().map(value).collect()
}
