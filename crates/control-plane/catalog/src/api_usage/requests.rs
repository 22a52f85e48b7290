//! Single requests, the newest first.

use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use domain::{ApiKeyId, CustomerId};
use tokio_postgres::Row;
use uuid::Uuid;

use super::filter::UsageFilter;
use crate::filter::Filter;
use crate::page::{Cursor, Page, PageRequest};
use crate::{CatalogError, GenericClient, query, row};

const SORT: &str = "-created_at";
/// How long is looked for a page before what was found is answered with a cursor to go on.
const PATIENCE: Duration = Duration::from_secs(2);
/// How much time the first look goes back over, and the longest one.
const FIRST_LOOK: TimeDelta = TimeDelta::hours(1);
const LONGEST_LOOK: TimeDelta = TimeDelta::days(1);

/// A request as it was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestRow {
    /// The row.
    pub id: Uuid,
    /// When it was answered.
    pub created_at: DateTime<Utc>,
    /// Whose key it was.
    pub customer_id: CustomerId,
    /// Their slug, if their row is still there.
    pub customer_slug: Option<String>,
    /// Their name, likewise.
    pub company_name: Option<String>,
    /// The key.
    pub api_key_id: ApiKeyId,
    /// Its beginning, if its row is still there.
    pub api_key_prefix: Option<String>,
    /// The request's id, as the answer told it.
    pub request_id: Option<Uuid>,
    /// The method.
    pub method: String,
    /// The route's pattern.
    pub endpoint: String,
    /// The answer's status.
    pub status_code: i32,
    /// What came of it.
    pub outcome: Option<String>,
    /// The feature module.
    pub module: Option<String>,
    /// How long it took.
    pub response_time_ms: Option<i32>,
    /// The size of the request's body.
    pub request_size_bytes: Option<i64>,
    /// The size of the answer's body.
    pub response_size_bytes: Option<i64>,
}

/// Which requests; the filter's time must have both ends.
#[derive(Debug, Clone, Default)]
pub struct RequestFilter {
    /// Of which customer, key, route, ...
    pub usage: UsageFilter,
    /// Only those that took at least so long.
    pub min_response_time_ms: Option<i32>,
}

/// A page of requests. There is no index over everybody's requests by time, because it would cost with every request what
/// only this list gains: the list looks back piece by piece instead. Where what is looked for is rare, a page may end
/// early, even empty, with a cursor to go on.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `cursor` when the cursor is of another list.
pub async fn requests(
    client: &impl GenericClient,
    filter: &RequestFilter,
    page: &PageRequest,
) -> Result<Page<RequestRow>, CatalogError> {
    let begun = Instant::now();
    let Some((from, until)) = bounds(client, filter).await? else {
        return Ok(Page { data: Vec::new(), next_cursor: None });
    };
    let mut after = match page.cursor_of(SORT)? {
        Some(cursor) => (cursor.time()?.min(until), cursor.id),
        // Nothing is at this moment or later.
        None => (until, Uuid::nil()),
    };
    let wanted = usize::try_from(page.rows_to_read()).unwrap_or(usize::MAX);
    let (mut found, mut length) = (Vec::new(), FIRST_LOOK);
    while after.0 > from && found.len() < wanted {
        if begun.elapsed() >= PATIENCE {
            return Ok(Page { data: found, next_cursor: Some(Cursor::at(SORT, after.0, after.1)) });
        }
        let since = after.0.checked_sub_signed(length).map_or(from, |since| since.max(from));
        found.extend(look(client, filter, (since, after), wanted - found.len()).await?);
        after = (since, Uuid::nil());
        length = (length * 4).min(LONGEST_LOOK);
    }
    Ok(Page::of(found, page, |row| Cursor::at(SORT, row.created_at, row.id)))
}

/// The part of the filter's time in which there can be a request at all; none when there is nothing.
async fn bounds(
    client: &impl GenericClient,
    filter: &RequestFilter,
) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>, CatalogError> {
    let sql = "select min(usage_date), max(usage_date) from admin_api_usage_by_key";
    let days = query::one(client, sql, &[]).await?;
    let (Some(first), Some(last)) =
        (days.try_get::<_, Option<chrono::NaiveDate>>(0)?, days.try_get::<_, Option<chrono::NaiveDate>>(1)?)
    else {
        return Ok(None);
    };
    let first = first.and_time(NaiveTime::MIN).and_utc();
    let end = last.and_time(NaiveTime::MIN).and_utc() + TimeDelta::days(1);
    let (from, until) = (filter.usage.time.from, filter.usage.time.until);
    Ok(Some((from.map_or(first, |from| from.max(first)), until.map_or(end, |until| until.min(end)))))
}

/// The newest requests since a moment that come after the last one that was seen.
async fn look(
    client: &impl GenericClient,
    filter: &RequestFilter,
    (since, after): (DateTime<Utc>, (DateTime<Utc>, Uuid)),
    limit: usize,
) -> Result<Vec<RequestRow>, CatalogError> {
    let narrowing = filter.usage.narrowing();
    let (time, id) = (Some(after.0), Some(after.1));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut conditions = Filter::new("true");
    conditions.and("created_at >= ?", &since);
    // The row comparison alone leaves no partition out.
    conditions.and_if("created_at <= ?", &time);
    conditions.and_keyset("created_at", "<", &time, &id);
    narrowing.narrow(&mut conditions);
    conditions.and_if("response_time_ms >= ?", &filter.min_response_time_ms);
    let limit = conditions.parameter(&limit);
    let sql = format!(
        "select request.*, customer.company_domain, customer.company_name, key.key_prefix
         from (
             select id, created_at, customer_id, api_key_id, request_id, method, endpoint, status_code, outcome, module,
                    response_time_ms, request_size_bytes, response_size_bytes
             from admin_api_usage where {}
             order by created_at desc, id desc limit {limit}
         ) request
         left join admin_customers customer on customer.id = request.customer_id
         left join admin_api_keys key on key.id = request.api_key_id
         order by request.created_at desc, request.id desc",
        conditions.sql()
    );
    row::all(&query::rows(client, &sql, conditions.parameters()).await?, request)
}

fn request(row: &Row) -> Result<RequestRow, CatalogError> {
    Ok(RequestRow {
        id: row.try_get("id")?,
        created_at: row.try_get("created_at")?,
        customer_id: CustomerId(row.try_get("customer_id")?),
        customer_slug: row.try_get("company_domain")?,
        company_name: row.try_get("company_name")?,
        api_key_id: ApiKeyId(row.try_get("api_key_id")?),
        api_key_prefix: row.try_get("key_prefix")?,
        request_id: row.try_get("request_id")?,
        method: row.try_get("method")?,
        endpoint: row.try_get("endpoint")?,
        status_code: row.try_get("status_code")?,
        outcome: row.try_get("outcome")?,
        module: row.try_get("module")?,
        response_time_ms: row.try_get("response_time_ms")?,
        request_size_bytes: row.try_get("request_size_bytes")?,
        response_size_bytes: row.try_get("response_size_bytes")?,
    })
}
