//! What the data plane may ask of the catalog, and how it hears of changes.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::customer_limit::{CustomerLimit, WithoutRedis};
use domain::entitlement::{HeldModule, ModuleDecision};
use domain::permission::Permission;
use domain::principal::{
    Caller, Change, ChangeFeed, Changes, CustomerStanding, Directory, DirectoryUnavailable, Impersonator,
    KeyCaller, Member, Membership, Principal, SealedEndpoint,
};
use domain::{ApiKeyId, CustomerId, RateLimitPeriod};
use serde::Deserialize;
use tokio_postgres::Row;
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::api_keys::{networks, texts};
use crate::listener::Listener;
use crate::{CUSTOMER_CHANGED, Catalog, CatalogError, GenericClient, query, row};

#[async_trait]
impl Directory for Catalog {
    async fn principal(&self, key_hash: &str) -> Result<Option<Arc<Principal>>, DirectoryUnavailable> {
        let client = self.client().await?;
        Ok(principal(&client, key_hash).await?.map(Arc::new))
    }

    async fn member(
        &self,
        organization: &str,
        user: &str,
    ) -> Result<Option<Arc<Member>>, DirectoryUnavailable> {
        let client = self.client().await?;
        Ok(member(&client, organization, user).await?.map(Arc::new))
    }

    async fn endpoint(&self, customer: CustomerId) -> Result<Option<SealedEndpoint>, DirectoryUnavailable> {
        let client = self.client().await?;
        Ok(endpoint(&client, customer).await?)
    }
}

#[async_trait]
impl ChangeFeed for Catalog {
    async fn subscribe(&self) -> Result<Box<dyn Changes>, DirectoryUnavailable> {
        Ok(Box::new(Subscription(self.listen(&[CUSTOMER_CHANGED]).await?)))
    }
}

struct Subscription(Listener);

#[async_trait]
impl Changes for Subscription {
    async fn next(&mut self) -> Result<Change, DirectoryUnavailable> {
        let told = self.0.next().await?;
        // What can't be read is as good as everything: nothing stale may survive a message.
        Ok(told.payload.parse().map_or(Change::Everything, Change::Customer))
    }

    async fn probe(&mut self) -> Result<(), DirectoryUnavailable> {
        Ok(self.0.probe().await?)
    }
}

/// The columns of [`CustomerStanding`], of `customer`. A customer who was softly deleted counts as deleted whatever the
/// lifecycle says: older clients know only `deleted_at`. A module without a row of the customer's is listed only when it
/// is off sale: otherwise the plan decides.
const STANDING: &str = "customer.id as customer_id, coalesce(customer.company_domain, customer.id::text) as slug,
     customer.timezone, customer.subscription_plan::text as plan,
     customer.subscription_status::text as subscription_status, customer.status_changed_at,
     customer.suspended_with_grace, customer.trial_ends_at,
     case when not customer.auto_renew then customer.subscription_ends_at end as paid_until,
     case when customer.deleted_at is null then customer.lifecycle::text else 'deleted' end as lifecycle,
     array(
         select jsonb_build_object(
             'route', own.route, 'requests', own.requests, 'period', own.period, 'without_redis', own.without_redis
         )
         from admin_customer_limits own where own.customer_id = customer.id
     ) as limits,
     array(
         select jsonb_build_object(
             'key', module.module_key, 'is_active', module.is_active,
             -- While `enabled` is what was written because the plan says so, the plan decides.
             'is_decided', held.id is not null
                 and (held.plan_enabled is distinct from held.enabled or held.expires_at is not null),
             'enabled', coalesce(held.enabled, false), 'expires_at', held.expires_at,
             'reason', held.reason, 'usage_limit', held.usage_limit,
             'without_redis', held.without_redis,
             'usage_count', coalesce(held.usage_count, 0), 'usage_count_set_at', held.usage_count_set_at,
             'reset_date', held.reset_date, 'reset_anchor', held.reset_anchor
         )
         from admin_feature_modules module
         left join admin_customer_modules held on held.module_id = module.id and held.customer_id = customer.id
         where held.id is not null or not module.is_active
     ) as modules";

/// One query, so that key, customer and modules are of one moment.
async fn principal(client: &impl GenericClient, key_hash: &str) -> Result<Option<Principal>, CatalogError> {
    let sql = format!(
        "select key.id, coalesce(key.quota_key_id, key.id) as quota_key_id, key.status::text as status,
                key.expires_at, key.impersonated_by, impersonator.email as impersonator_email, key.permissions,
                key.allowed_networks::text[] as allowed_networks,
                key.rate_limit_requests, key.rate_limit_period::text as rate_limit_period,
                key.without_redis, {STANDING}
         from admin_api_keys key
         join admin_customers customer on customer.id = key.customer_id
         left join admin_operators impersonator on impersonator.id = key.impersonated_by
         where key.key_hash = $1"
    );
    query::optional(client, &sql, &[&key_hash]).await?.as_ref().map(read_principal).transpose()
}

/// The same for a customer by their organization, and what is known of a person in it.
async fn member(
    client: &impl GenericClient,
    organization: &str,
    user: &str,
) -> Result<Option<Member>, CatalogError> {
    let sql = format!(
        "select membership.role, membership.removed_at is not null as is_removed, membership.changed_at, {STANDING}
         from admin_customers customer
         left join admin_clerk_memberships membership
             on membership.clerk_org_id = customer.clerk_org_id and membership.clerk_user_id = $2
         where customer.clerk_org_id = $1"
    );
    query::optional(client, &sql, &[&organization, &user]).await?.as_ref().map(read_member).transpose()
}

fn read_member(row: &Row) -> Result<Member, CatalogError> {
    let role: Option<String> = row.try_get("role")?;
    let membership = match role {
        Some(role) => Some(Membership {
            role,
            is_removed: row.try_get("is_removed")?,
            changed_at: row.try_get("changed_at")?,
        }),
        None => None,
    };
    Ok(Member { customer: read_standing(row)?, membership })
}

fn read_principal(row: &Row) -> Result<Principal, CatalogError> {
    let requests: i32 = row.try_get("rate_limit_requests")?;
    Ok(Principal {
        caller: Caller::Key(KeyCaller {
            id: ApiKeyId(row.try_get("id")?),
            quota_key_id: ApiKeyId(row.try_get("quota_key_id")?),
            status: row::named(row, "status")?,
            expires_at: row.try_get("expires_at")?,
            allowed_networks: networks(&row.try_get::<_, Vec<String>>("allowed_networks")?)?,
            impersonator: impersonator(row)?,
        }),
        permissions: permissions(&texts(&row.try_get("permissions")?)),
        // A check on the column keeps it from being negative.
        rate_limit_requests: u64::try_from(requests).unwrap_or(0),
        rate_limit_period: row::named(row, "rate_limit_period")?,
        without_redis: row::optional_named(row, "without_redis")?,
        customer: read_standing(row)?,
    })
}

fn read_standing(row: &Row) -> Result<CustomerStanding, CatalogError> {
    let modules: Vec<Json<ModuleRow>> = row.try_get("modules")?;
    let limits: Vec<Json<LimitRow>> = row.try_get("limits")?;
    Ok(CustomerStanding {
        id: CustomerId(row.try_get("customer_id")?),
        slug: row.try_get("slug")?,
        time_zone: time_zone(row.try_get("timezone")?),
        plan: row::named(row, "plan")?,
        subscription_status: row::named(row, "subscription_status")?,
        status_changed_at: row.try_get("status_changed_at")?,
        has_grace: row.try_get("suspended_with_grace")?,
        trial_ends_at: row.try_get("trial_ends_at")?,
        paid_until: row.try_get("paid_until")?,
        lifecycle: row::named(row, "lifecycle")?,
        limits: limits.into_iter().map(|Json(limit)| limit.into()).collect(),
        modules: modules.into_iter().map(|Json(module)| module.into()).collect(),
    })
}

fn impersonator(row: &Row) -> Result<Option<Impersonator>, CatalogError> {
    let operator: Option<Uuid> = row.try_get("impersonated_by")?;
    let email: Option<String> = row.try_get("impersonator_email")?;
    Ok(operator.map(|operator_id| Impersonator { operator_id, email: email.unwrap_or_default() }))
}

#[derive(Debug, Deserialize)]
struct LimitRow {
    route: String,
    requests: Option<u64>,
    period: Option<RateLimitPeriod>,
    without_redis: Option<WithoutRedis>,
}

impl From<LimitRow> for CustomerLimit {
    fn from(row: LimitRow) -> Self {
        Self {
            route: (!row.route.is_empty()).then_some(row.route),
            rate: row.requests.zip(row.period),
            without_redis: row.without_redis,
        }
    }
}

#[derive(Debug, Deserialize)]
struct ModuleRow {
    key: String,
    is_active: bool,
    is_decided: bool,
    enabled: bool,
    expires_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    usage_limit: Option<u64>,
    without_redis: Option<WithoutRedis>,
    usage_count: u64,
    usage_count_set_at: Option<DateTime<Utc>>,
    reset_date: Option<DateTime<Utc>>,
    reset_anchor: Option<DateTime<Utc>>,
}

impl From<ModuleRow> for HeldModule {
    fn from(row: ModuleRow) -> Self {
        Self {
            key: row.key,
            is_active: row.is_active,
            decision: row.is_decided.then_some(ModuleDecision {
                enabled: row.enabled,
                expires_at: row.expires_at,
                reason: row.reason,
            }),
            usage_limit: row.usage_limit,
            without_redis: row.without_redis,
            usage_count: row.usage_count,
            count_set_at: row.usage_count_set_at,
            reset_date: row.reset_date,
            reset_anchor: row.reset_anchor,
        }
    }
}

/// What isn't a permission, as an older client may have written it, allows nothing.
fn permissions(texts: &[String]) -> Vec<Permission> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// What isn't a time zone, as an older client may have written it, is UTC.
pub(crate) fn time_zone(name: &str) -> chrono_tz::Tz {
    name.parse().unwrap_or(chrono_tz::UTC)
}

async fn endpoint(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Option<SealedEndpoint>, CatalogError> {
    let row = query::optional(
        client,
        "select instance.host, instance.port, instance.database_name, instance.ca_certificate,
                credential.id as credential_id, credential.username, credential.password_encrypted,
                data_key.wrapped_key
         from admin_customers customer
         join admin_instances instance on instance.customer_id = customer.id
         join admin_database_credentials credential
             on credential.customer_id = customer.id and credential.role = 'app'
         join admin_data_keys data_key on data_key.customer_id = customer.id
             and data_key.version = admin_sealed_version(credential.password_encrypted)
         where customer.id = $1 and customer.lifecycle = 'ready' and customer.deleted_at is null",
        &[&customer.uuid()],
    )
    .await?;
    row.map(|row| {
        let port: i32 = row.try_get("port")?;
        Ok(SealedEndpoint {
            customer_id: customer,
            host: row.try_get("host")?,
            port: u16::try_from(port).map_err(|_| CatalogError::Unreadable(format!("port {port}")))?,
            database: row.try_get("database_name")?,
            user: row.try_get("username")?,
            credential_id: row.try_get::<_, Uuid>("credential_id")?,
            password_sealed: row.try_get("password_encrypted")?,
            data_key_wrapped: row.try_get("wrapped_key")?,
            ca_certificate: row.try_get("ca_certificate")?,
        })
    })
    .transpose()
}
