//! The worker's side of `admin_jobs`: each method is one statement or one transaction.

use std::time::Duration;

use ::jobs::{ClaimedJob, Ending, JobStore, Lease, NewJob, Reaped, Selection, StoreError};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::JobId;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio_postgres::types::ToSql;

use super::{CHANNEL, enqueue};
use crate::{Catalog, CatalogError, GenericClient, query};

/// No statement of a worker takes long; one that does is on a connection that is dead without knowing.
const PATIENCE: Duration = Duration::from_secs(10);

async fn in_time<T>(work: impl Future<Output = Result<T, CatalogError>>) -> Result<T, StoreError> {
    let outcome = tokio::time::timeout(PATIENCE, work).await.map_err(CatalogError::unavailable);
    outcome.and_then(|inner| inner).map_err(|error| StoreError(Box::new(error)))
}

#[async_trait]
impl JobStore for Catalog {
    async fn news(&self) -> Result<BoxStream<'static, ()>, StoreError> {
        let listener = in_time(self.listen(&[CHANNEL])).await?;
        let told = stream::unfold(listener, |mut listener| async move {
            listener.next().await.ok().map(|_| ((), listener))
        });
        Ok(told.boxed())
    }

    async fn offer(&self, kinds: &[&'static str], limit: i64) -> Result<Vec<JobId>, StoreError> {
        in_time(async { offer(&self.client().await?, kinds, limit).await }).await
    }

    async fn claim(
        &self,
        selection: Selection,
        kinds: &[&'static str],
        lease: &Lease,
    ) -> Result<Option<ClaimedJob>, StoreError> {
        in_time(async { claim(&self.client().await?, selection, kinds, lease).await }).await
    }

    async fn extend(&self, id: JobId, lease: &Lease) -> Result<bool, StoreError> {
        in_time(async { extend(&self.client().await?, id, lease).await }).await
    }

    async fn end(&self, id: JobId, lease: &Lease, ending: &Ending) -> Result<bool, StoreError> {
        in_time(async { end(&self.client().await?, id, lease, ending).await }).await
    }

    async fn reap(&self) -> Result<Reaped, StoreError> {
        in_time(async { reap(&self.client().await?).await }).await
    }

    async fn queue_period(&self, job: &NewJob, period_start: DateTime<Utc>) -> Result<bool, StoreError> {
        in_time(async {
            let mut client = self.client().await?;
            let transaction = client.transaction().await?;
            let is_queued = queue_period(&transaction, job, period_start).await?;
            transaction.commit().await?;
            Ok(is_queued)
        })
        .await
    }

    async fn prune(&self, keep_succeeded: Duration, keep_dead: Duration) -> Result<u64, StoreError> {
        in_time(async { prune(&self.client().await?, keep_succeeded, keep_dead).await }).await
    }
}

async fn offer(client: &impl GenericClient, kinds: &[&str], limit: i64) -> Result<Vec<JobId>, CatalogError> {
    let rows = query::rows(
        client,
        "update admin_jobs set offered_at = now()
         where id in (
             select id from admin_jobs
             where status = 'queued' and run_at <= now() and offered_at is null and crashes = 0 and kind = any($1)
             order by run_at, id limit $2 for update skip locked)
         returning id",
        &[&kinds, &limit],
    )
    .await?;
    rows.iter().map(|row| Ok(JobId(row.try_get(0)?))).collect()
}

/// Whatever the way to choose, `skip locked` and the status in the row keep two workers from taking the same job.
async fn claim(
    client: &impl GenericClient,
    selection: Selection,
    kinds: &[&str],
    lease: &Lease,
) -> Result<Option<ClaimedJob>, CatalogError> {
    let (condition, choice): (&str, &(dyn ToSql + Sync)) = match &selection {
        Selection::One(id) => ("crashes = 0 and id = $4", &id.uuid()),
        Selection::AnyDue => ("crashes = $4", &0_i32),
        Selection::Forgotten(age) => {
            ("crashes = 0 and offered_at <= now() - make_interval(secs => $4)", &age.as_secs_f64())
        }
        Selection::Suspect => ("crashes > $4", &0_i32),
    };
    let sql = format!(
        "update admin_jobs set status = 'running', attempts = attempts + 1, lease_owner = $2,
                lease_expires_at = now() + make_interval(secs => $3), started_at = now()
         where id = (
             select id from admin_jobs
             where status = 'queued' and run_at <= now() and kind = any($1) and {condition}
             order by run_at, id limit 1 for update skip locked)
         returning id, kind, payload, attempts, max_attempts"
    );
    let parameters: query::Parameters<'_> = &[&kinds, &lease.owner, &lease.length.as_secs_f64(), choice];
    let Some(row) = query::optional(client, &sql, parameters).await? else { return Ok(None) };
    Ok(Some(ClaimedJob {
        id: JobId(row.try_get(0)?),
        kind: row.try_get(1)?,
        payload: row.try_get(2)?,
        attempt: row.try_get(3)?,
        max_attempts: row.try_get(4)?,
    }))
}

async fn extend(client: &impl GenericClient, id: JobId, lease: &Lease) -> Result<bool, CatalogError> {
    let extended = query::execute(
        client,
        "update admin_jobs set lease_expires_at = now() + make_interval(secs => $3)
         where id = $1 and status = 'running' and lease_owner = $2",
        &[&id.uuid(), &lease.owner, &lease.length.as_secs_f64()],
    )
    .await?;
    Ok(extended == 1)
}

async fn end(
    client: &impl GenericClient,
    id: JobId,
    lease: &Lease,
    ending: &Ending,
) -> Result<bool, CatalogError> {
    let (status, pause, error, uncounted) = match ending {
        Ending::Succeeded => ("succeeded", Duration::ZERO, None, 0),
        Ending::Retry { pause, error } => ("queued", *pause, Some(error), 0),
        Ending::Dead { error } => ("dead", Duration::ZERO, Some(error), 0),
        Ending::Again { pause } => ("queued", *pause, None, 1),
    };
    let ended = query::execute(
        client,
        "update admin_jobs set status = $3::text::admin_job_status, attempts = attempts - $6,
                run_at = case when $3::text = 'queued' then now() + make_interval(secs => $4) else run_at end,
                offered_at = case when $3::text <> 'queued' then offered_at end,
                finished_at = case when $3::text <> 'queued' then now() end, last_error = coalesce($5, last_error),
                lease_owner = null, lease_expires_at = null
         where id = $1 and status = 'running' and lease_owner = $2",
        &[&id.uuid(), &lease.owner, &status, &pause.as_secs_f64(), &error, &uncounted],
    )
    .await?;
    Ok(ended == 1)
}

/// A run that ended with its worker is a crash, not a try.
async fn reap(client: &impl GenericClient) -> Result<Reaped, CatalogError> {
    let rows = query::rows(
        client,
        "update admin_jobs set crashes = crashes + 1, attempts = attempts - 1,
                status = case when crashes + 1 >= max_crashes then 'dead' else 'queued' end::admin_job_status,
                finished_at = case when crashes + 1 >= max_crashes then now() end,
                last_error = 'its worker died while it ran (' || crashes + 1 || ' of ' || max_crashes || ' times)',
                run_at = now(), offered_at = null, lease_owner = null, lease_expires_at = null
         where id in (
             select id from admin_jobs where status = 'running' and lease_expires_at < now() for update skip locked)
         returning id, status = 'dead'",
        &[],
    )
    .await?;
    let mut reaped = Reaped::default();
    for row in rows {
        let id = JobId(row.try_get(0)?);
        if row.try_get(1)? { reaped.parked.push(id) } else { reaped.requeued.push(id) }
    }
    Ok(reaped)
}

/// For a transaction. The schedule's row is locked first, so that of several workers one decides after the other.
async fn queue_period(
    client: &impl GenericClient,
    new: &NewJob,
    period_start: DateTime<Utc>,
) -> Result<bool, CatalogError> {
    query::execute(
        client,
        "insert into admin_job_schedules (kind, period_start) values ($1, '-infinity') on conflict do nothing",
        &[&new.kind],
    )
    .await?;
    let row = query::one(
        client,
        "select period_start >= $2 from admin_job_schedules where kind = $1 for update",
        &[&new.kind, &period_start],
    )
    .await?;
    if row.try_get(0)? {
        return Ok(true);
    }
    if enqueue(client, new).await?.is_none() {
        return Ok(false);
    }
    query::execute(
        client,
        "update admin_job_schedules set period_start = $2 where kind = $1",
        &[&new.kind, &period_start],
    )
    .await?;
    Ok(true)
}

async fn prune(
    client: &impl GenericClient,
    keep_succeeded: Duration,
    keep_dead: Duration,
) -> Result<u64, CatalogError> {
    query::execute(
        client,
        "delete from admin_jobs
         where (status = 'succeeded' and finished_at < now() - make_interval(secs => $1))
            or (status in ('dead', 'canceled') and finished_at < now() - make_interval(secs => $2))",
        &[&keep_succeeded.as_secs_f64(), &keep_dead.as_secs_f64()],
    )
    .await
}
