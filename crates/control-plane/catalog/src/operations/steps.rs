//! `admin_operation_steps`: what an operation consists of, and how far each part has come.

use chrono::{DateTime, Utc};
use domain::{OperationId, StepStatus};

use super::parse;
use crate::{CatalogError, GenericClient, query};

/// A row of `admin_operation_steps`.
#[derive(Debug, Clone)]
pub struct OperationStep {
    /// The step's name.
    pub name: String,
    /// Where it stands.
    pub status: StepStatus,
    /// What there is to say about it: what was done, or what went wrong.
    pub detail: Option<String>,
    /// When it was last begun.
    pub started_at: Option<DateTime<Utc>>,
    /// When it last ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// An operation's steps, in the order in which they were planned.
///
/// # Errors
/// When the database can't be asked.
pub async fn steps(client: &impl GenericClient, id: OperationId) -> Result<Vec<OperationStep>, CatalogError> {
    let rows = query::rows(
        client,
        "select name, status::text, detail, started_at, finished_at
         from admin_operation_steps where operation_id = $1 order by position, name",
        &[&id.uuid()],
    )
    .await?;
    rows.iter()
        .map(|row| {
            Ok(OperationStep {
                name: row.try_get("name")?,
                status: parse(row, "status")?,
                detail: row.try_get("detail")?,
                started_at: row.try_get("started_at")?,
                finished_at: row.try_get("finished_at")?,
            })
        })
        .collect()
}

/// Writes the planned steps down, so that watchers see what is to come. Steps that are known keep their state.
///
/// # Errors
/// When the database can't be asked.
pub async fn plan_steps(
    client: &impl GenericClient,
    id: OperationId,
    names: &[&str],
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "insert into admin_operation_steps (operation_id, position, name)
         select $1, (select coalesce(max(position), 0) from admin_operation_steps where operation_id = $1) + ord, name
         from unnest($2::text[]) with ordinality as planned (name, ord)
         on conflict (operation_id, name) do nothing",
        &[&id.uuid(), &names],
    )
    .await?;
    Ok(())
}

/// Writes down where a step stands. What has ended stays as it ended.
///
/// # Errors
/// When the database can't be asked.
pub async fn record_step(
    client: &impl GenericClient,
    id: OperationId,
    name: &str,
    status: StepStatus,
    detail: Option<&str>,
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "update admin_operation_steps set status = $3::text::admin_step_status, detail = $4,
                attempts = attempts + ($3::text = 'running')::int,
                started_at = case when $3::text = 'running' then clock_timestamp() else started_at end,
                finished_at = case when $3::text in ('succeeded', 'failed') then clock_timestamp() end
         where operation_id = $1 and name = $2
           and exists (select from admin_operations where id = $1 and finished_at is null)",
        &[&id.uuid(), &name, &status.as_str(), &detail],
    )
    .await?;
    Ok(())
}

/// Says of the steps whose effect is there that they succeeded, also of those whose worker died before it could say
/// so, and of all others that were under way that they failed. For the transaction that ends the operation.
///
/// # Errors
/// When the database can't be asked.
pub async fn end_steps(
    client: &impl GenericClient,
    id: OperationId,
    done: &[&str],
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "update admin_operation_steps
         set status = case when name = any ($2::text[]) then 'succeeded' else 'failed' end::admin_step_status,
             started_at = coalesce(started_at, clock_timestamp()), finished_at = clock_timestamp()
         where operation_id = $1 and (status = 'running' or (status <> 'succeeded' and name = any ($2::text[])))",
        &[&id.uuid(), &done],
    )
    .await?;
    Ok(())
}
