//! `admin_api_keys`: the keys of customers' programs. A key itself is nowhere; its hash is.

mod changes;

use chrono::{DateTime, Utc};
use domain::customer::ApiKeyStatus;
use domain::customer_limit::WithoutRedis;
use domain::{ApiKeyId, CustomerId, RateLimitPeriod};
use ipnet::IpNet;
use serde::Serialize;
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

pub use changes::{
    ApiKeyChanges, NewApiKey, NewImpersonation, Replaced, Revoked, end_by, expire_due, insert, revoke,
    revoke_impersonations, touch_last_used, update,
};

use crate::filter::Filter;
use crate::page::{Cursor, Page, PageRequest};
use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_api_keys`. Serialises as the API shows it: without the hash.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ApiKeyRecord {
    /// The key.
    pub id: ApiKeyId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// The beginning of the key, for display.
    pub key_prefix: String,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it may do, as the row says it. Older clients may have written what isn't a [`domain::Permission`]; it allows
    /// nothing.
    pub permissions: Vec<String>,
    /// From where it may be used; from everywhere when empty.
    pub allowed_networks: Vec<IpNet>,
    /// How many requests it may make in a period.
    pub rate_limit_requests: i32,
    /// The period.
    pub rate_limit_period: RateLimitPeriod,
    /// What its limit does while Redis is away; as the configuration says when `None`.
    pub without_redis: Option<WithoutRedis>,
    /// Whether it may be used.
    pub status: ApiKeyStatus,
    /// The key that it replaces.
    pub rotated_from: Option<ApiKeyId>,
    /// The key that took its place.
    pub replaced_by: Option<ApiKeyId>,
    /// Whose quota it draws on: the first key of its line of rotations; its own when `None`.
    pub quota_key_id: Option<ApiKeyId>,
    /// The operator who acts in the customer's place with it.
    pub impersonated_by: Option<Uuid>,
    /// Why they do.
    pub impersonation_reason: Option<String>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When the row was last changed.
    pub updated_at: DateTime<Utc>,
}

const COLUMNS: &str = "id, customer_id, key_prefix, name, description, permissions, \
     allowed_networks::text[] as allowed_networks, rate_limit_requests, rate_limit_period::text as rate_limit_period, without_redis, \
     status::text as status, rotated_from, quota_key_id, impersonated_by, impersonation_reason, expires_at, last_used_at, revoked_at, created_at, updated_at, \
     (select next.id from admin_api_keys next where next.rotated_from = admin_api_keys.id) as replaced_by";

const SORT: &str = "-created_at";

fn record(row: &Row) -> Result<ApiKeyRecord, CatalogError> {
    Ok(ApiKeyRecord {
        id: ApiKeyId(row.try_get("id")?),
        customer_id: CustomerId(row.try_get("customer_id")?),
        key_prefix: row.try_get("key_prefix")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        permissions: texts(&row.try_get("permissions")?),
        allowed_networks: networks(&row.try_get::<_, Vec<String>>("allowed_networks")?)?,
        rate_limit_requests: row.try_get("rate_limit_requests")?,
        rate_limit_period: row::named(row, "rate_limit_period")?,
        without_redis: row::optional_named(row, "without_redis")?,
        status: row::named(row, "status")?,
        rotated_from: row.try_get::<_, Option<Uuid>>("rotated_from")?.map(ApiKeyId),
        replaced_by: row.try_get::<_, Option<Uuid>>("replaced_by")?.map(ApiKeyId),
        quota_key_id: row.try_get::<_, Option<Uuid>>("quota_key_id")?.map(ApiKeyId),
        impersonated_by: row.try_get("impersonated_by")?,
        impersonation_reason: row.try_get("impersonation_reason")?,
        expires_at: row.try_get("expires_at")?,
        last_used_at: row.try_get("last_used_at")?,
        revoked_at: row.try_get("revoked_at")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// The texts of a JSON array.
pub(crate) fn texts(array: &Value) -> Vec<String> {
    array.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A range that can't be read must not be left out: a key without ranges may be used from everywhere.
pub(crate) fn networks(texts: &[String]) -> Result<Vec<IpNet>, CatalogError> {
    let network =
        |text: &String| text.parse().map_err(|_| CatalogError::Unreadable(format!("network {text}")));
    texts.iter().map(network).collect()
}

/// A page of a customer's keys, the newest first.
///
/// # Errors
/// [`CatalogError::Invalid`] with the constraint `cursor` when the cursor is of another list.
pub async fn list(
    client: &impl GenericClient,
    customer: CustomerId,
    status: Option<ApiKeyStatus>,
    page: &PageRequest,
) -> Result<Page<ApiKeyRecord>, CatalogError> {
    some_of(client, customer, status, false, page).await
}

/// A page of a customer's keys with which operators act, or acted, in their place, the newest first.
///
/// # Errors
/// As [`list`].
pub async fn impersonations(
    client: &impl GenericClient,
    customer: CustomerId,
    page: &PageRequest,
) -> Result<Page<ApiKeyRecord>, CatalogError> {
    some_of(client, customer, None, true, page).await
}

async fn some_of(
    client: &impl GenericClient,
    customer: CustomerId,
    status: Option<ApiKeyStatus>,
    only_impersonations: bool,
    page: &PageRequest,
) -> Result<Page<ApiKeyRecord>, CatalogError> {
    let cursor = page.cursor_of(SORT)?;
    let (customer, status) = (customer.uuid(), status.map(ApiKeyStatus::as_str));
    let (cursor_time, cursor_id) = (cursor.map(Cursor::time).transpose()?, cursor.map(|cursor| cursor.id));
    let limit = page.rows_to_read();
    let mut conditions = Filter::new("true");
    conditions.and("customer_id = ?", &customer);
    conditions.and_if("status = ?::text::api_key_status", &status);
    if only_impersonations {
        conditions.and_plain("impersonated_by is not null");
    }
    conditions.and_keyset("created_at", "<", &cursor_time, &cursor_id);
    let limit = conditions.parameter(&limit);
    let sql = format!(
        "select {COLUMNS} from admin_api_keys where {} order by created_at desc, id desc limit {limit}",
        conditions.sql()
    );
    let rows = query::rows(client, &sql, conditions.parameters()).await?;
    Ok(Page::of(row::all(&rows, record)?, page, |key| Cursor::at(SORT, key.created_at, key.id.uuid())))
}

/// An operator's keys of this kind, at all customers, the newest first: all of them, or only those that may
/// be used now, or only the others.
///
/// # Errors
/// When the database can't be asked.
pub async fn impersonations_of(
    client: &impl GenericClient,
    operator: Uuid,
    active: Option<bool>,
    limit: i64,
) -> Result<Vec<ApiKeyRecord>, CatalogError> {
    let mut conditions = Filter::new("impersonated_by is not null");
    conditions.and("impersonated_by = ?", &operator);
    conditions.and_if("(status = 'active' and expires_at > now()) = ?", &active);
    let limit = conditions.parameter(&limit);
    let sql = format!(
        "select {COLUMNS} from admin_api_keys where {} order by created_at desc, id desc limit {limit}",
        conditions.sql()
    );
    row::all(&query::rows(client, &sql, conditions.parameters()).await?, record)
}

/// An impersonation that has ended, and of whose end the customer isn't told.
#[derive(Debug, Clone)]
pub struct UntoldEnd {
    /// The impersonation.
    pub id: ApiKeyId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The operator's address.
    pub email: String,
    /// Whether it was revoked or has expired.
    pub status: ApiKeyStatus,
}

/// Impersonations of the last week that have ended and of whose end the customers aren't told, the oldest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn untold_ends(client: &impl GenericClient, limit: i64) -> Result<Vec<UntoldEnd>, CatalogError> {
    let sql = "select key.id, key.customer_id, operator.email, key.status::text as status
               from admin_api_keys key
               join admin_operators operator on operator.id = key.impersonated_by
               join admin_customers customer on customer.id = key.customer_id
               where key.impersonated_by is not null and key.impersonation_end_told_at is null
                 and key.status <> 'active' and key.expires_at > now() - interval '7 days'
                 and customer.lifecycle = 'ready' and customer.deleted_at is null
               order by key.id limit $1";
    row::all(&query::rows(client, sql, &[&limit]).await?, |row| {
        Ok(UntoldEnd {
            id: ApiKeyId(row.try_get("id")?),
            customer_id: CustomerId(row.try_get("customer_id")?),
            email: row.try_get("email")?,
            status: row::named(row, "status")?,
        })
    })
}

/// Notes that the customer is told that an impersonation has ended.
///
/// # Errors
/// When the database can't be asked.
pub async fn end_is_told(client: &impl GenericClient, id: ApiKeyId) -> Result<(), CatalogError> {
    let sql =
        "update admin_api_keys set impersonation_end_told_at = coalesce(impersonation_end_told_at, now())
               where id = $1";
    query::execute(client, sql, &[&id.uuid()]).await.map(drop)
}

/// A customer's key.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(
    client: &impl GenericClient,
    customer: CustomerId,
    id: ApiKeyId,
) -> Result<Option<ApiKeyRecord>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_api_keys where id = $1 and customer_id = $2");
    query::optional(client, &sql, &[&id.uuid(), &customer.uuid()]).await?.as_ref().map(record).transpose()
}

/// A customer's key, held against changes by others until the transaction ends.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock_for_update(
    client: &impl GenericClient,
    customer: CustomerId,
    id: ApiKeyId,
) -> Result<Option<ApiKeyRecord>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_api_keys where id = $1 and customer_id = $2 for update");
    query::optional(client, &sql, &[&id.uuid(), &customer.uuid()]).await?.as_ref().map(record).transpose()
}

/// The customer's keys that draw on one quota with this one, itself included, held against changes by others until the
/// transaction ends.
///
/// # Errors
/// When the database can't be asked.
pub async fn lock_line_for_update(
    client: &impl GenericClient,
    customer: CustomerId,
    id: ApiKeyId,
) -> Result<Vec<ApiKeyRecord>, CatalogError> {
    // In one order everywhere, so that two at once wait for each other instead of for ever.
    let sql = format!(
        "select {COLUMNS} from admin_api_keys where customer_id = $2 and coalesce(quota_key_id, id) = (
             select coalesce(quota_key_id, id) from admin_api_keys where id = $1 and customer_id = $2
         ) order by id for update"
    );
    let line = query::rows(client, &sql, &[&id.uuid(), &customer.uuid()]).await?;
    row::all(&line, record)
}

/// The key that replaced this one, if it was rotated.
///
/// # Errors
/// When the database can't be asked.
pub async fn replacement(
    client: &impl GenericClient,
    customer: CustomerId,
    id: ApiKeyId,
) -> Result<Option<ApiKeyRecord>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_api_keys where rotated_from = $1 and customer_id = $2");
    query::optional(client, &sql, &[&id.uuid(), &customer.uuid()]).await?.as_ref().map(record).transpose()
}

/// The key with this hash, whoever's it is.
///
/// # Errors
/// When the database can't be asked.
pub async fn by_hash(
    client: &impl GenericClient,
    key_hash: &str,
) -> Result<Option<ApiKeyRecord>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_api_keys where key_hash = $1");
    query::optional(client, &sql, &[&key_hash]).await?.as_ref().map(record).transpose()
}
