//! `admin_customer_limits`: how many requests single customers may make, where that isn't what the configuration says.

use chrono::{DateTime, Utc};
use domain::customer_limit::WithoutRedis;
use domain::{CustomerId, RateLimitPeriod};
use tokio_postgres::Row;

use crate::{CatalogError, Cursor, GenericClient, Page, PageRequest, query, row};

/// The order of the list of all: by customer, and each customer's by route.
const SORT: &str = "customer,route";

/// A customer's own limit, to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLimit {
    /// Of one route, by method and path such as `POST /api/v1/deals`; over all routes when `None`.
    pub route: Option<String>,
    /// So many requests in a period; without limit when `None`.
    pub rate: Option<(i64, RateLimitPeriod)>,
    /// What holds while Redis is away; as the configuration says when `None`.
    pub without_redis: Option<WithoutRedis>,
    /// Why, for people.
    pub reason: Option<String>,
}

/// A customer's own limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRecord {
    /// What it says.
    pub limit: NewLimit,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A limit, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomersLimit {
    /// The customer.
    pub customer_id: CustomerId,
    /// What they are called in addresses.
    pub customer_slug: Option<String>,
    /// What people call them.
    pub company_name: String,
    /// The limit.
    pub record: LimitRecord,
}

const COLUMNS: &str =
    "route, requests, period::text as period, without_redis, reason, created_at, updated_at";

fn record(row: &Row) -> Result<LimitRecord, CatalogError> {
    let requests: Option<i64> = row.try_get("requests")?;
    let period = row::optional_named(row, "period")?;
    let route: String = row.try_get("route")?;
    Ok(LimitRecord {
        limit: NewLimit {
            route: (!route.is_empty()).then_some(route),
            rate: requests.zip(period),
            without_redis: row::optional_named(row, "without_redis")?,
            reason: row.try_get("reason")?,
        },
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// A customer's own limits: the one over all routes first, then route by route.
///
/// # Errors
/// When the database can't be asked.
pub async fn list(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Vec<LimitRecord>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_customer_limits where customer_id = $1 order by route");
    row::all(&query::rows(client, &sql, &[&customer.uuid()]).await?, record)
}

/// A page of all customers' own limits, customer by customer.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `cursor` when the cursor is of another list.
pub async fn list_all(
    client: &impl GenericClient,
    page: &PageRequest,
) -> Result<Page<CustomersLimit>, CatalogError> {
    let cursor = page.cursor_of(SORT)?;
    let (customer, route) = cursor.map(|cursor| (cursor.id, cursor.value.as_str())).unzip();
    let sql =
        "select own.customer_id, customer.company_domain, customer.company_name, own.route, own.requests,
                   own.period::text as period, own.without_redis, own.reason, own.created_at, own.updated_at
               from admin_customer_limits own join admin_customers customer on customer.id = own.customer_id
               where $1::uuid is null or (own.customer_id, own.route) > ($1, $2)
               order by own.customer_id, own.route limit $3";
    let rows = query::rows(client, sql, &[&customer, &route, &page.rows_to_read()]).await?;
    let found = row::all(&rows, |row| {
        Ok(CustomersLimit {
            customer_id: CustomerId(row.try_get("customer_id")?),
            customer_slug: row.try_get("company_domain")?,
            company_name: row.try_get("company_name")?,
            record: record(row)?,
        })
    })?;
    Ok(Page::of(found, page, |last| Cursor {
        sort: SORT.to_owned(),
        value: last.record.limit.route.clone().unwrap_or_default(),
        id: last.customer_id.uuid(),
    }))
}

/// Writes a limit in place of the one that the customer had on the same route. A limit that is the same is left alone.
///
/// # Errors
/// [`CatalogError::Invalid`] when the number is negative, [`CatalogError::Conflict`] when there is no such customer.
pub async fn set(
    client: &impl GenericClient,
    customer: CustomerId,
    new: &NewLimit,
) -> Result<LimitRecord, CatalogError> {
    let sql = format!(
        "insert into admin_customer_limits (customer_id, route, requests, period, without_redis, reason)
         values ($1, $2, $3, $4::text::rate_limit_period, $5, $6)
         on conflict (customer_id, route) do update
         set requests = excluded.requests, period = excluded.period, without_redis = excluded.without_redis,
             reason = excluded.reason
         returning {COLUMNS}"
    );
    let (requests, period) = new.rate.unzip();
    let written = query::one(
        client,
        &sql,
        &[
            &customer.uuid(),
            &new.route.as_deref().unwrap_or_default(),
            &requests,
            &period.map(RateLimitPeriod::as_str),
            &new.without_redis.map(WithoutRedis::as_str),
            &new.reason,
        ],
    )
    .await?;
    record(&written)
}

/// Takes a customer's own limit away: the configuration's holds again. `None` when there was none.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove(
    client: &impl GenericClient,
    customer: CustomerId,
    route: Option<&str>,
) -> Result<Option<LimitRecord>, CatalogError> {
    let sql = format!(
        "delete from admin_customer_limits where customer_id = $1 and route = $2 returning {COLUMNS}"
    );
    let removed = query::optional(client, &sql, &[&customer.uuid(), &route.unwrap_or_default()]).await?;
    removed.as_ref().map(record).transpose()
}
