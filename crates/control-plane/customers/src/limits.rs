//! How many requests a customer may make, where that isn't what the configuration says for everybody.

use catalog::audit::AuditEntry;
use catalog::customer_limits::{self, CustomersLimit, LimitRecord, NewLimit};
use catalog::{CatalogError, Page, PageRequest, Transaction, audit, customers};
use domain::audit::AuditAction;
use domain::customer_limit::WithoutRedis;
use domain::{CustomerId, RateLimitPeriod};
use serde_json::{Value, json};

use crate::field::FieldCheck;
use crate::{Actor, ControlPlane, Right, UseCaseError, commit};

/// More than anybody sends in a month, and exact in the limiter's numbers.
const MOST: i64 = 1_000_000_000_000;

/// What somebody asks for, unchecked.
#[derive(Debug, Clone, Default)]
pub struct LimitRequest {
    /// Of one route, by method and path; over all routes when not given. The caller knows which routes there are.
    pub route: Option<String>,
    /// How many requests; without limit when not given.
    pub requests: Option<i64>,
    /// In which period; given together with the requests.
    pub period: Option<String>,
    /// What holds while Redis is away; as the configuration says when not given.
    pub without_redis: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A customer's own limits.
///
/// # Errors
/// [`UseCaseError::NotFound`] for an unknown customer.
pub async fn list(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
) -> Result<Vec<LimitRecord>, UseCaseError> {
    let permit = actor.permit(Right::CustomersRead)?;
    let client = control_plane.client(&permit).await?;
    let found = customers::by_slug_or_id(&client, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    Ok(customer_limits::list(&client, found.id).await?)
}

/// A page of all customers' own limits.
///
/// # Errors
/// When the cursor is of another list.
pub async fn list_all(
    control_plane: &ControlPlane,
    actor: &Actor,
    page: &PageRequest,
) -> Result<Page<CustomersLimit>, UseCaseError> {
    let permit = actor.permit(Right::CustomersRead)?;
    let client = control_plane.client(&permit).await?;
    Ok(customer_limits::list_all(&client, page).await?)
}

/// Sets a limit of a customer's own, in place of the configuration's and of the one that was set before.
///
/// # Errors
/// [`UseCaseError::Invalid`] with every wrong field, [`UseCaseError::NotFound`] for an unknown customer.
pub async fn set(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    request: LimitRequest,
) -> Result<LimitRecord, UseCaseError> {
    let permit = actor.permit(Right::CustomersWrite)?;
    let new = check(request)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = locked(&transaction, customer).await?;
    let before = customer_limits::list(&transaction, found).await?;
    let before = before.into_iter().find(|record| record.limit.route == new.route);
    if let Some(before) = before.as_ref().filter(|before| before.limit == new) {
        return Ok(before.clone());
    }
    let after = customer_limits::set(&transaction, found, &new).await?;
    write_audit(&transaction, actor, found, (before.as_ref(), Some(&after))).await?;
    commit(transaction).await?;
    Ok(after)
}

/// Takes a limit of a customer's own away: the configuration's holds again.
///
/// # Errors
/// [`UseCaseError::NotFound`] for an unknown customer, or one without such a limit.
pub async fn remove(
    control_plane: &ControlPlane,
    actor: &Actor,
    customer: &str,
    route: Option<&str>,
) -> Result<(), UseCaseError> {
    let permit = actor.permit(Right::CustomersWrite)?;
    let mut client = control_plane.client(&permit).await?;
    let transaction = client.transaction().await.map_err(CatalogError::from)?;
    let found = locked(&transaction, customer).await?;
    let removed = customer_limits::remove(&transaction, found, route)
        .await?
        .ok_or_else(|| UseCaseError::NotFound("This customer has no limit of their own there.".to_owned()))?;
    write_audit(&transaction, actor, found, (Some(&removed), None)).await?;
    commit(transaction).await
}

async fn locked(transaction: &Transaction<'_>, customer: &str) -> Result<CustomerId, UseCaseError> {
    let found = customers::by_slug_or_id(transaction, customer).await?;
    let found = found.ok_or_else(|| UseCaseError::no_customer(customer))?;
    customers::lock_for_update(transaction, found.id).await?;
    Ok(found.id)
}

fn check(request: LimitRequest) -> Result<NewLimit, UseCaseError> {
    let mut check = FieldCheck::default();
    let period =
        request.period.as_deref().and_then(|text| check.keep("period", text.parse::<RateLimitPeriod>()));
    let without_redis = request
        .without_redis
        .as_deref()
        .and_then(|text| check.keep("without_redis", text.parse::<WithoutRedis>()));
    if request.requests.is_some_and(|requests| !(0..=MOST).contains(&requests)) {
        check.wrong("requests", format!("must be from 0 to {MOST}, or null for no limit"));
    }
    if request.requests.is_some() != request.period.is_some() {
        check.wrong("period", "must be given together with requests");
    }
    let reason = request.reason.as_deref().and_then(|reason| check.name("reason", reason, 500));
    check.finish()?;
    Ok(NewLimit { route: request.route, rate: request.requests.zip(period), without_redis, reason })
}

async fn write_audit(
    transaction: &Transaction<'_>,
    actor: &Actor,
    customer: CustomerId,
    (before, after): (Option<&LimitRecord>, Option<&LimitRecord>),
) -> Result<(), UseCaseError> {
    let entry = AuditEntry {
        customer_id: Some(customer),
        action: AuditAction::CustomerUpdated,
        resource_type: "customer_limit",
        resource_id: Some(customer.to_string()),
        old_values: before.map(values),
        new_values: after.map(values),
    };
    audit::insert(transaction, actor, &entry).await?;
    Ok(())
}

fn values(record: &LimitRecord) -> Value {
    let limit = &record.limit;
    let (requests, period) = limit.rate.unzip();
    json!({
        "route": limit.route, "requests": requests, "period": period, "without_redis": limit.without_redis,
        "reason": limit.reason,
    })
}
