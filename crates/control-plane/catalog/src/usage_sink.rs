//! The catalog as the place where usage is written down.

use async_trait::async_trait;
use domain::usage::{UsageRecord, UsageSink, UsageUnavailable};

use crate::{Catalog, CatalogError, api_keys, api_usage};

#[async_trait]
impl UsageSink for Catalog {
    async fn write(&self, records: &[UsageRecord]) -> Result<(), UsageUnavailable> {
        write(self, records).await.map_err(|error| UsageUnavailable(Box::new(error)))
    }
}

/// Both statements in one transaction: a batch whose commit was not confirmed is written again, and changes nothing
/// then.
async fn write(catalog: &Catalog, records: &[UsageRecord]) -> Result<(), CatalogError> {
    let rows: Vec<_> = records.iter().map(row).collect();
    let used: Vec<_> = records.iter().map(|record| (record.api_key_id, record.created_at)).collect();
    let mut client = catalog.client().await?;
    let transaction = client.transaction().await?;
    api_usage::insert_batch(&transaction, &rows).await?;
    api_keys::touch_last_used(&transaction, &used).await?;
    transaction.commit().await?;
    Ok(())
}

fn row(record: &UsageRecord) -> api_usage::UsageRecord {
    let size = |bytes: Option<u64>| bytes.and_then(|bytes| i64::try_from(bytes).ok());
    api_usage::UsageRecord {
        id: record.id,
        created_at: record.created_at,
        customer_id: record.customer_id,
        api_key_id: record.api_key_id,
        request_id: Some(record.request_id),
        endpoint: record.endpoint.clone(),
        method: record.method.clone(),
        status_code: record.status_code,
        response_time_ms: i32::try_from(record.response_time_ms).ok(),
        request_size_bytes: size(record.request_size_bytes),
        response_size_bytes: size(record.response_size_bytes),
        module: record.module.clone(),
        outcome: (!record.outcome.is_empty()).then(|| record.outcome.clone()),
    }
}
