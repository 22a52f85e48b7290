//! The catalog as the place where usage is written down.

use std::borrow::Cow;
use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::Object;
use domain::usage::{HandOver, HandedOver, SpoolProgress, UsageRecord, UsageSink, UsageSinkError};
use uuid::Uuid;

use crate::usage_spools::Advance;
use crate::{Catalog, CatalogError, Transaction, api_keys, api_usage, usage_spools};

/// After this time a connection is given up: the database hangs, or somebody between does.
const PATIENCE: Duration = Duration::from_secs(30);

/// For somebody's lock a batch waits this long, lest it hold up the others that wait for its own locks.
const LOCK_TIMEOUT: &str = "set local lock_timeout = '5s'";

/// What each transaction that writes usage begins with, in one round trip.
fn preamble() -> String {
    format!("{LOCK_TIMEOUT}; {}", usage_spools::KEEPS_COUNTS)
}

#[async_trait]
impl UsageSink for Catalog {
    async fn write(&self, records: &[UsageRecord]) -> Result<(), UsageSinkError> {
        let written = patiently(self, async |client| {
            let transaction = client.transaction().await?;
            transaction.batch_execute(&preamble()).await?;
            write_down(&transaction, records, Way::SkipKnown).await?;
            Ok(transaction.commit().await?)
        });
        Ok(written.await?)
    }

    async fn open_spool(&self, spool: Uuid) -> Result<SpoolProgress, UsageSinkError> {
        Ok(patiently(self, async |client| usage_spools::open(client, spool).await).await?)
    }

    async fn hand_over(&self, batch: HandOver<'_>) -> Result<HandedOver, UsageSinkError> {
        let copied = patiently(self, async |client| hand_over(client, &batch, Way::Copy).await).await;
        match copied {
            // COPY can't skip rows that are there already. They are there when a record has come in by both ways, or
            // when the ledger was restored from a backup.
            Err(CatalogError::Conflict { constraint }) => {
                tracing::warn!(constraint, spool = %batch.spool, "usage was written before; what is new is written");
                Ok(patiently(self, async |client| hand_over(client, &batch, Way::SkipKnown).await).await?)
            }
            copied => Ok(copied?),
        }
    }

    async fn forget_spool(&self, spool: Uuid) -> Result<(), UsageSinkError> {
        Ok(patiently(self, async |client| usage_spools::forget(client, spool).await).await?)
    }
}

impl From<CatalogError> for UsageSinkError {
    fn from(error: CatalogError) -> Self {
        match error {
            CatalogError::Invalid { .. } => Self::Refused(Box::new(error)),
            // Whatever else it is (a table that is missing, a right), somebody mends it one day.
            error => Self::Unavailable(Box::new(error)),
        }
    }
}

/// How rows come into the table.
#[derive(Clone, Copy)]
enum Way {
    /// All at once, and all are new.
    Copy,
    /// Those that are there already are left alone.
    SkipKnown,
}

/// Runs statements on a connection of the pool; gives the connection up when they take for ever.
async fn patiently<T>(
    catalog: &Catalog,
    statements: impl AsyncFnOnce(&mut Object) -> Result<T, CatalogError>,
) -> Result<T, CatalogError> {
    let mut client = catalog.client().await?;
    match within(PATIENCE, statements(&mut client)).await {
        Some(outcome) => outcome,
        None => {
            // Not back into the pool, where the next caller would wait on it too.
            drop(Object::take(client));
            Err(CatalogError::unavailable("the admin database doesn't answer"))
        }
    }
}

async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(time, future).await.ok()
}

/// The ledger first: whoever comes second waits on its row, sees that it has moved, and writes nothing.
async fn hand_over(client: &mut Object, batch: &HandOver<'_>, way: Way) -> Result<HandedOver, CatalogError> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(&preamble()).await?;
    let advance =
        Advance { spool: batch.spool, from: batch.from, to: batch.to, records: batch.records.len() };
    if !usage_spools::advance(&transaction, &advance).await? {
        transaction.rollback().await?;
        return Ok(HandedOver::StandsAt(usage_spools::open(client, batch.spool).await?));
    }
    write_down(&transaction, batch.records, way).await?;
    transaction.commit().await?;
    Ok(HandedOver::Written)
}

/// The locks are taken in the same order by all: roll-ups (by the table's trigger), modules, keys, each in the order of
/// their primary keys.
async fn write_down(
    transaction: &Transaction<'_>,
    records: &[UsageRecord],
    way: Way,
) -> Result<(), CatalogError> {
    if records.is_empty() {
        return Ok(());
    }
    match way {
        Way::Copy => {
            api_usage::copy(transaction, records).await?;
            usage_spools::count_modules(transaction, records).await?;
        }
        Way::SkipKnown => {
            let rows: Vec<_> = records.iter().map(api_usage::UsageRecord::from).collect();
            let new = api_usage::insert_new(transaction, &rows).await?;
            let new: Vec<_> = records.iter().filter(|record| new.contains(&record.id)).cloned().collect();
            usage_spools::count_modules(transaction, &new).await?;
        }
    }
    let mut last_used = HashMap::new();
    for record in records.iter().filter(|record| record.used_its_key()) {
        let last = last_used.entry(record.api_key_id).or_insert(record.created_at);
        *last = record.created_at.max(*last);
    }
    if !last_used.is_empty() {
        api_keys::touch_last_used(transaction, &last_used.into_iter().collect::<Vec<_>>()).await?;
    }
    Ok(())
}

impl From<&UsageRecord> for api_usage::UsageRecord {
    fn from(record: &UsageRecord) -> Self {
        let size = |bytes: Option<u64>| bytes.and_then(|bytes| i64::try_from(bytes).ok());
        Self {
            id: record.id,
            created_at: record.created_at,
            customer_id: record.customer_id,
            api_key_id: record.api_key_id,
            request_id: Some(record.request_id),
            endpoint: record.endpoint.as_ref().to_owned(),
            method: record.method.clone().into_owned(),
            status_code: record.status_code,
            response_time_ms: i32::try_from(record.response_time_ms).ok(),
            request_size_bytes: size(record.request_size_bytes),
            response_size_bytes: size(record.response_size_bytes),
            module: record.module.clone().map(Cow::into_owned),
            outcome: (!record.outcome.is_empty()).then(|| record.outcome.clone().into_owned()),
        }
    }
}
