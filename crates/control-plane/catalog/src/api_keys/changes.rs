//! Making, changing, taking back and expiring keys.

use chrono::{DateTime, Utc};
use domain::customer_limit::WithoutRedis;
use domain::{ApiKeyId, CustomerId, Permission, RateLimitPeriod};
use ipnet::IpNet;
use tokio_postgres::types::Json;
use uuid::Uuid;

use super::{ApiKeyRecord, COLUMNS, get, record};
use crate::{CatalogError, GenericClient, query, row};

/// What is needed to write a key's row.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// The key's id.
    pub id: ApiKeyId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Lower-case hex SHA-256 of the whole key.
    pub key_hash: String,
    /// The beginning of the key, for display: at most 20 characters.
    pub key_prefix: String,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// From where it may be used; from everywhere when empty.
    pub allowed_networks: Vec<IpNet>,
    /// How many requests it may make in a period.
    pub rate_limit_requests: i32,
    /// The period.
    pub rate_limit_period: RateLimitPeriod,
    /// What its limit does while Redis is away; as the configuration says when `None`.
    pub without_redis: Option<WithoutRedis>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// The key that it replaces, with its quota.
    pub replaces: Option<Replaced>,
    /// The operator who acts in the customer's place with it, and why.
    pub impersonation: Option<NewImpersonation>,
}

/// Who acts in a customer's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImpersonation {
    /// The operator.
    pub operator_id: Uuid,
    /// Why they do.
    pub reason: String,
}

/// A key that another one replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// The key.
    pub id: ApiKeyId,
    /// Whose quota both draw on.
    pub quota_key_id: ApiKeyId,
}

impl NewApiKey {
    /// A key that may read and write everything, 1,000 requests a month, and never expires.
    #[must_use]
    pub fn with_defaults(
        customer_id: CustomerId,
        name: String,
        key_hash: String,
        key_prefix: String,
    ) -> Self {
        Self {
            id: ApiKeyId::generate(),
            customer_id,
            key_hash,
            key_prefix,
            name,
            description: None,
            permissions: Permission::default_set(),
            allowed_networks: Vec::new(),
            rate_limit_requests: 1000,
            rate_limit_period: RateLimitPeriod::Month,
            without_redis: None,
            expires_at: None,
            replaces: None,
            impersonation: None,
        }
    }
}

/// Writes a key's row.
///
/// # Errors
/// [`CatalogError::Conflict`] when there is no such customer (`admin_api_keys_customer_id_fkey`), the key exists
/// (`admin_api_keys_key_hash_key`), or the key that it replaces was replaced before
/// (`admin_api_keys_rotated_from_idx`).
pub async fn insert(client: &impl GenericClient, new: &NewApiKey) -> Result<ApiKeyRecord, CatalogError> {
    let sql = format!(
        "insert into admin_api_keys (id, customer_id, key_hash, key_prefix, name, description, permissions,
             rate_limit_requests, rate_limit_period, expires_at, allowed_networks, rotated_from, quota_key_id,
             impersonated_by, impersonation_reason, without_redis)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::rate_limit_period, $10, $11::text[]::cidr[], $12, $13, $14, $15,
             $16)
         returning {COLUMNS}"
    );
    let inserted = query::one(
        client,
        &sql,
        &[
            &new.id.uuid(),
            &new.customer_id.uuid(),
            &new.key_hash,
            &new.key_prefix,
            &new.name,
            &new.description,
            &Json(&new.permissions),
            &new.rate_limit_requests,
            &new.rate_limit_period.as_str(),
            &new.expires_at,
            &network_texts(&new.allowed_networks),
            &new.replaces.map(|replaced| replaced.id.uuid()),
            &new.replaces.map(|replaced| replaced.quota_key_id.uuid()),
            &new.impersonation.as_ref().map(|impersonation| impersonation.operator_id),
            &new.impersonation.as_ref().map(|impersonation| impersonation.reason.as_str()),
            &new.without_redis.map(WithoutRedis::as_str),
        ],
    )
    .await?;
    record(&inserted)
}

fn network_texts(networks: &[IpNet]) -> Vec<String> {
    networks.iter().map(ToString::to_string).collect()
}

/// Which fields of a key to change. An outer `None` leaves the field as it is; an inner one empties it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ApiKeyChanges {
    /// What it is called.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<Option<String>>,
    /// What it may do.
    pub permissions: Option<Vec<Permission>>,
    /// From where it may be used; from everywhere when empty.
    pub allowed_networks: Option<Vec<IpNet>>,
    /// How many requests it may make in a period.
    pub rate_limit_requests: Option<i32>,
    /// The period.
    pub rate_limit_period: Option<RateLimitPeriod>,
    /// What its limit does while Redis is away.
    pub without_redis: Option<Option<WithoutRedis>>,
    /// When it stops working.
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// Changes some fields of a customer's key. `None` when there is no such key. A key that had expired is active again
/// when it is given a time that is still to come, or none.
///
/// # Errors
/// [`CatalogError::Invalid`] when the limit is negative.
pub async fn update(
    client: &impl GenericClient,
    customer: CustomerId,
    id: ApiKeyId,
    changes: &ApiKeyChanges,
) -> Result<Option<ApiKeyRecord>, CatalogError> {
    let sql = format!(
        "update admin_api_keys
         set name = coalesce($3, name),
             description = case when $9 then $4 else description end,
             permissions = coalesce($5, permissions),
             allowed_networks = coalesce($11::text[]::cidr[], allowed_networks),
             rate_limit_requests = coalesce($6, rate_limit_requests),
             rate_limit_period = coalesce($7::text::rate_limit_period, rate_limit_period),
             without_redis = case when $12 then $13 else without_redis end,
             expires_at = case when $10 then $8 else expires_at end,
             status = case when $10 and status = 'expired' and coalesce($8 > now(), true) then 'active'
                           else status end
         where id = $1 and customer_id = $2 returning {COLUMNS}"
    );
    let changed = query::optional(
        client,
        &sql,
        &[
            &id.uuid(),
            &customer.uuid(),
            &changes.name,
            &changes.description.clone().flatten(),
            &changes.permissions.as_ref().map(Json),
            &changes.rate_limit_requests,
            &changes.rate_limit_period.map(RateLimitPeriod::as_str),
            &changes.expires_at.flatten(),
            &changes.description.is_some(),
            &changes.expires_at.is_some(),
            &changes.allowed_networks.as_deref().map(network_texts),
            &changes.without_redis.is_some(),
            &changes.without_redis.flatten().map(WithoutRedis::as_str),
        ],
    )
    .await?;
    changed.as_ref().map(record).transpose()
}

/// A key that was taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct Revoked {
    /// The key as it is now.
    pub key: ApiKeyRecord,
    /// Whether this call took it back; `false` when it was revoked before.
    pub is_new: bool,
}

/// Takes a customer's key back. Doing it again changes nothing. `None` when there is no such key.
///
/// # Errors
/// When the database can't be asked.
pub async fn revoke(
    client: &impl GenericClient,
    customer: CustomerId,
    id: ApiKeyId,
) -> Result<Option<Revoked>, CatalogError> {
    let sql = format!(
        "update admin_api_keys set status = 'revoked', revoked_at = now()
         where id = $1 and customer_id = $2 and status <> 'revoked' returning {COLUMNS}"
    );
    if let Some(row) = query::optional(client, &sql, &[&id.uuid(), &customer.uuid()]).await? {
        return Ok(Some(Revoked { key: record(&row)?, is_new: true }));
    }
    Ok(get(client, customer, id).await?.map(|key| Revoked { key, is_new: false }))
}

/// Takes every key back with which an operator acts in customers' places, or those that write only.
///
/// # Errors
/// When the database can't be asked.
pub async fn revoke_impersonations(
    client: &impl GenericClient,
    operator: Uuid,
    only_writing: bool,
) -> Result<Vec<ApiKeyRecord>, CatalogError> {
    let sql = format!(
        "update admin_api_keys set status = 'revoked', revoked_at = now()
         where impersonated_by = $1 and status = 'active'
           and (not $2 or exists (
               select from jsonb_array_elements_text(permissions) permission where permission not like 'read:%'
           ))
         returning {COLUMNS}"
    );
    row::all(&query::rows(client, &sql, &[&operator, &only_writing]).await?, record)
}

/// Lets a customer's key work no longer than until this time. A key that ends sooner by itself stays as it is.
///
/// # Errors
/// When the database can't be asked.
pub async fn end_by(
    client: &impl GenericClient,
    customer: CustomerId,
    id: ApiKeyId,
    latest: DateTime<Utc>,
) -> Result<Option<ApiKeyRecord>, CatalogError> {
    let sql = format!(
        "update admin_api_keys set expires_at = least(expires_at, $3)
         where id = $1 and customer_id = $2 returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&id.uuid(), &customer.uuid(), &latest])
        .await?
        .as_ref()
        .map(record)
        .transpose()
}

/// Marks the keys whose time ran out by `now`, and answers with them.
///
/// # Errors
/// When the database can't be asked.
pub async fn expire_due(
    client: &impl GenericClient,
    now: DateTime<Utc>,
) -> Result<Vec<ApiKeyRecord>, CatalogError> {
    let sql = format!(
        "update admin_api_keys set status = 'expired'
         where status = 'active' and expires_at <= $1 returning {COLUMNS}"
    );
    row::all(&query::rows(client, &sql, &[&now]).await?, record)
}

/// Remembers when keys were last used. Times never go back, and keys that are gone are skipped.
///
/// # Errors
/// When the database can't be asked.
pub async fn touch_last_used(
    client: &impl GenericClient,
    used: &[(ApiKeyId, DateTime<Utc>)],
) -> Result<u64, CatalogError> {
    let (ids, times): (Vec<_>, Vec<_>) = used.iter().map(|(id, time)| (id.uuid(), *time)).unzip();
    query::execute(
        client,
        "with used as (
             select id, max(used_at) as used_at from unnest($1::uuid[], $2::timestamptz[]) as given (id, used_at)
             group by id
         ), held as (
             -- In one order everywhere, so that two batches wait for each other instead of for ever.
             select key.id, used.used_at from admin_api_keys key join used on used.id = key.id
             where key.last_used_at is null or key.last_used_at < used.used_at
             order by key.id for update of key
         )
         update admin_api_keys key set last_used_at = greatest(key.last_used_at, held.used_at)
         from held where key.id = held.id",
        &[&ids, &times],
    )
    .await
}
