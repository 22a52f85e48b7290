//! Who works on an operation, until when, and how they end it or give it back. Every write names the lease: one that
//! was lost changes nothing.

use std::time::Duration;

use domain::{OperationId, OperationStatus};

use super::{COLUMNS, Operation, operation};
use crate::{CatalogError, GenericClient, query};

/// Takes up the operation that has waited longest: a queued one that is due, or a running one whose worker has
/// let its lease run out. `skip locked` keeps two workers from taking the same one.
///
/// # Errors
/// When the database can't be asked.
pub async fn claim(
    client: &impl GenericClient,
    owner: &str,
    lease: Duration,
) -> Result<Option<Operation>, CatalogError> {
    let sql = format!(
        "update admin_operations set status = 'running', attempts = attempts + 1, lease_owner = $1,
                lease_expires_at = now() + make_interval(secs => $2), started_at = coalesce(started_at, clock_timestamp())
         where id = (
             select id from admin_operations
             where (status = 'queued' and run_after <= now()) or (status = 'running' and lease_expires_at < now())
             order by run_after limit 1 for update skip locked)
         returning {COLUMNS}"
    );
    query::optional(client, &sql, &[&owner, &lease.as_secs_f64()]).await?.as_ref().map(operation).transpose()
}

/// Extends the lease. `false` when it was lost: somebody else works on the operation now, so stop.
///
/// # Errors
/// When the database can't be asked.
pub async fn extend_lease(
    client: &impl GenericClient,
    id: OperationId,
    owner: &str,
    lease: Duration,
) -> Result<bool, CatalogError> {
    let extended = query::execute(
        client,
        "update admin_operations set lease_expires_at = now() + make_interval(secs => $3)
         where id = $1 and status = 'running' and lease_owner = $2",
        &[&id.uuid(), &owner, &lease.as_secs_f64()],
    )
    .await?;
    Ok(extended == 1)
}

/// Ends the operation, if the caller still holds its lease. `false` means that nothing was written: roll back.
///
/// # Errors
/// When the database can't be asked.
pub async fn finish(
    client: &impl GenericClient,
    id: OperationId,
    owner: &str,
    status: OperationStatus,
    error: Option<&str>,
) -> Result<bool, CatalogError> {
    let finished = query::execute(
        client,
        "update admin_operations set status = $3::text::admin_operation_status, finished_at = clock_timestamp(),
                error = coalesce($4, error), lease_owner = null, lease_expires_at = null
         where id = $1 and status = 'running' and lease_owner = $2",
        &[&id.uuid(), &owner, &status.as_str(), &error],
    )
    .await?;
    Ok(finished == 1)
}

/// Gives the operation back after a failed attempt, to be taken up again after a pause.
///
/// # Errors
/// When the database can't be asked.
pub async fn release(
    client: &impl GenericClient,
    id: OperationId,
    owner: &str,
    pause: Duration,
    error: Option<&str>,
) -> Result<bool, CatalogError> {
    give_back(client, (id, owner), pause, error, 0).await
}

/// Gives the operation back as if it had not been taken up: nothing was tried, so nothing counts.
///
/// # Errors
/// When the database can't be asked.
pub async fn postpone(
    client: &impl GenericClient,
    id: OperationId,
    owner: &str,
    pause: Duration,
    reason: Option<&str>,
) -> Result<bool, CatalogError> {
    give_back(client, (id, owner), pause, reason, 1).await
}

async fn give_back(
    client: &impl GenericClient,
    (id, owner): (OperationId, &str),
    pause: Duration,
    error: Option<&str>,
    uncounted_attempts: i32,
) -> Result<bool, CatalogError> {
    let released = query::execute(
        client,
        "update admin_operations set status = 'queued', run_after = now() + make_interval(secs => $3),
                error = coalesce($4, error), attempts = attempts - $5, lease_owner = null, lease_expires_at = null
         where id = $1 and status = 'running' and lease_owner = $2",
        &[&id.uuid(), &owner, &pause.as_secs_f64(), &error, &uncounted_attempts],
    )
    .await?;
    Ok(released == 1)
}

/// Turns the operation round: from now on nothing should be there. Attempts are counted anew.
///
/// # Errors
/// When the database can't be asked.
pub async fn turn_back(
    client: &impl GenericClient,
    id: OperationId,
    owner: &str,
    error: Option<&str>,
) -> Result<bool, CatalogError> {
    let turned = query::execute(
        client,
        "update admin_operations set intent = 'absent', attempts = 1, error = coalesce($3, error)
         where id = $1 and status = 'running' and lease_owner = $2",
        &[&id.uuid(), &owner, &error],
    )
    .await?;
    Ok(turned == 1)
}
