//! How a customer's existence and subscription go on.

use chrono::{DateTime, Utc};
use domain::customer::Lifecycle;
use domain::{CustomerId, SubscriptionStatus};

use super::{COLUMNS, Customer, SHOWN};
use crate::{CatalogError, GenericClient, query, row};

/// Moves a customer's existence on. Whether it changed: `false` when it isn't (or no longer) `from`. A customer who
/// is deleted gets `deleted_at`.
///
/// # Errors
/// When the database can't be asked.
pub async fn set_lifecycle(
    client: &impl GenericClient,
    id: CustomerId,
    from: Lifecycle,
    to: Lifecycle,
) -> Result<bool, CatalogError> {
    let changed = query::execute(
        client,
        "update admin_customers
         set lifecycle = $3::text::customer_lifecycle,
             deleted_at = case when $3::text = 'deleted' then coalesce(deleted_at, now()) else deleted_at end
         where id = $1 and lifecycle = $2::text::customer_lifecycle",
        &[&id.uuid(), &from.as_str(), &to.as_str()],
    )
    .await?;
    Ok(changed == 1)
}

/// Sets how the subscription stands; an ended suspension is forgotten. For suspending use [`suspend`], which
/// remembers where to go back to. `None` when there is no such row.
///
/// # Errors
/// When the database can't be asked.
pub async fn set_status(
    client: &impl GenericClient,
    id: CustomerId,
    status: SubscriptionStatus,
) -> Result<Option<Customer>, CatalogError> {
    let sql = format!(
        "update admin_customers
         set subscription_status = $2::text::subscription_status,
             suspended_from = case when $2::text = 'suspended' then suspended_from end,
             suspended_at = case when $2::text = 'suspended' then coalesce(suspended_at, now()) end,
             suspension_reason = case when $2::text = 'suspended' then suspension_reason end
         where id = $1 returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&id.uuid(), &status.as_str()])
        .await?
        .as_ref()
        .map(Customer::read)
        .transpose()
}

/// Why a customer is no longer served.
#[derive(Debug, Clone, Copy, Default)]
pub struct Suspension<'a> {
    /// The reason, for people.
    pub reason: Option<&'a str>,
    /// Whether they may read during the grace period.
    pub has_grace: bool,
}

/// Stops serving a customer, and remembers how the subscription stood. `None` when there is no such customer or
/// they are suspended already.
///
/// # Errors
/// When the database can't be asked.
pub async fn suspend(
    client: &impl GenericClient,
    id: CustomerId,
    suspension: Suspension<'_>,
) -> Result<Option<Customer>, CatalogError> {
    let sql = format!(
        "update admin_customers
         set suspended_from = subscription_status, subscription_status = 'suspended', suspended_at = now(),
             suspension_reason = $2, suspended_with_grace = $3
         where id = $1 and subscription_status <> 'suspended' and {SHOWN} returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&id.uuid(), &suspension.reason, &suspension.has_grace])
        .await?
        .as_ref()
        .map(Customer::read)
        .transpose()
}

/// Serves a suspended customer again, as the subscription stood before (active, when nobody remembers). `None` when
/// there is no such customer or they aren't suspended.
///
/// # Errors
/// When the database can't be asked.
pub async fn resume(client: &impl GenericClient, id: CustomerId) -> Result<Option<Customer>, CatalogError> {
    let sql = format!(
        "update admin_customers
         set subscription_status = coalesce(suspended_from, 'active'), suspended_from = null, suspended_at = null,
             suspension_reason = null
         where id = $1 and subscription_status = 'suspended' and {SHOWN} returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&id.uuid()]).await?.as_ref().map(Customer::read).transpose()
}

/// Customers whose trial, or whose subscription that isn't renewed, ended by `now`, those first who wait longest. In a
/// transaction the rows are held, and those that another worker holds are skipped.
///
/// # Errors
/// When the database can't be asked.
pub async fn subscriptions_ended(
    client: &impl GenericClient,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<Customer>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_customers
         where {SHOWN} and (
             subscription_status = 'trial' and trial_ends_at <= $1
             or subscription_status = 'active' and not auto_renew and subscription_ends_at <= $1
         )
         order by case subscription_status when 'trial' then trial_ends_at else subscription_ends_at end
         limit $2 for update skip locked"
    );
    row::all(&query::rows(client, &sql, &[&now, &i64::from(limit)]).await?, Customer::read)
}

/// Removes a customer's row and, by cascade, their modules, keys and secrets, as if the sign-up had never been.
/// Audit rows and usage stay. Whether there was one.
///
/// # Errors
/// [`CatalogError::Conflict`] when the customer has an instance or an invoice.
pub async fn delete_row(client: &impl GenericClient, id: CustomerId) -> Result<bool, CatalogError> {
    Ok(query::execute(client, "delete from admin_customers where id = $1", &[&id.uuid()]).await? == 1)
}
