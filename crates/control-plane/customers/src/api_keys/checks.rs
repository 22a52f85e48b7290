//! The fields of a key: every wrong one is told at once.

use catalog::api_keys::{ApiKeyChanges, NewApiKey};
use chrono::{DateTime, Utc};
use domain::customer_limit::WithoutRedis;
use domain::{CustomerId, Permission, RateLimitPeriod};
use ipnet::IpNet;
use secrets::ApiKey;

use super::{KeyChangesRequest, NewKeyRequest};
use crate::field::FieldCheck;
use crate::{UseCaseError, network};

/// A request whose fields are right.
pub(super) struct CheckedKey {
    name: String,
    description: Option<String>,
    permissions: Vec<Permission>,
    allowed_networks: Vec<IpNet>,
    expires_at: Option<DateTime<Utc>>,
    rate_limit_requests: Option<i32>,
    rate_limit_period: Option<RateLimitPeriod>,
    without_redis: Option<WithoutRedis>,
}

impl CheckedKey {
    pub(super) fn for_key(self, customer: CustomerId, key: &ApiKey) -> NewApiKey {
        let defaults = NewApiKey::with_defaults(customer, self.name, key.hash(), key.display_prefix());
        NewApiKey {
            description: self.description,
            permissions: self.permissions,
            allowed_networks: self.allowed_networks,
            expires_at: self.expires_at,
            rate_limit_requests: self.rate_limit_requests.unwrap_or(defaults.rate_limit_requests),
            rate_limit_period: self.rate_limit_period.unwrap_or(defaults.rate_limit_period),
            without_redis: self.without_redis,
            ..defaults
        }
    }
}

pub(super) fn check(request: &NewKeyRequest) -> Result<CheckedKey, UseCaseError> {
    let mut check = FieldCheck::default();
    let name = check.name("name", &request.name, 100).unwrap_or_default();
    let description = request.description.as_deref().and_then(|text| check.name("description", text, 1000));
    let mut permissions = Vec::new();
    match &request.permissions {
        None => permissions = Permission::default_set(),
        Some(wanted) => {
            for (position, text) in wanted.iter().enumerate() {
                permissions
                    .extend(check.keep(&format!("permissions/{position}"), text.parse::<Permission>()));
            }
            if wanted.is_empty() {
                check.wrong("permissions", "must not be empty: a key without permissions can do nothing");
            }
        }
    }
    let given = request.allowed_networks.as_deref().unwrap_or_default();
    let allowed_networks = network::check_all(&mut check, "allowed_networks", given);
    if request.expires_at.is_some_and(|expires_at| expires_at <= Utc::now()) {
        check.wrong("expires_at", "must be in the future");
    }
    if request.rate_limit_requests.is_some_and(|requests| requests < 1) {
        check.wrong("rate_limit_requests", "must be at least 1; to stop a key, revoke it");
    }
    let period = request.rate_limit_period.as_deref().map(str::parse::<RateLimitPeriod>);
    let rate_limit_period = period.and_then(|period| check.keep("rate_limit_period", period));
    let without_redis = request.without_redis.as_deref().map(str::parse::<WithoutRedis>);
    let without_redis = without_redis.and_then(|declared| check.keep("without_redis", declared));
    check.finish()?;
    Ok(CheckedKey {
        name,
        description,
        permissions,
        allowed_networks,
        expires_at: request.expires_at,
        rate_limit_requests: request.rate_limit_requests,
        rate_limit_period,
        without_redis,
    })
}

/// The given fields, checked as those of a new key are.
pub(super) fn check_changes(request: &KeyChangesRequest) -> Result<ApiKeyChanges, UseCaseError> {
    let whole = check(&NewKeyRequest {
        name: request.name.clone().unwrap_or_else(|| "unchanged".to_owned()),
        description: request.description.clone().flatten(),
        permissions: request.permissions.clone(),
        allowed_networks: request.allowed_networks.clone(),
        expires_at: request.expires_at.flatten(),
        rate_limit_requests: request.rate_limit_requests,
        rate_limit_period: request.rate_limit_period.clone(),
        without_redis: request.without_redis.clone().flatten(),
    })?;
    Ok(ApiKeyChanges {
        name: request.name.as_ref().map(|_| whole.name),
        description: request.description.as_ref().map(|_| whole.description),
        permissions: request.permissions.as_ref().map(|_| whole.permissions),
        allowed_networks: request.allowed_networks.as_ref().map(|_| whole.allowed_networks),
        rate_limit_requests: whole.rate_limit_requests,
        rate_limit_period: whole.rate_limit_period,
        without_redis: request.without_redis.as_ref().map(|_| whole.without_redis),
        expires_at: request.expires_at.map(|_| whole.expires_at),
    })
}
