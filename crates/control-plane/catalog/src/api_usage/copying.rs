//! Many requests at once, by binary COPY.

use std::pin::pin;

use deadpool_postgres::Transaction;
use domain::usage::UsageRecord;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;

use crate::CatalogError;

/// Writes the requests. Fails with a conflict when one of them is there already.
pub(crate) async fn copy(transaction: &Transaction<'_>, records: &[UsageRecord]) -> Result<(), CatalogError> {
    let sink = transaction
        .copy_in(
            "copy admin_api_usage (id, created_at, customer_id, api_key_id, request_id, endpoint, method, status_code,
                 response_time_ms, request_size_bytes, response_size_bytes, module, outcome)
             from stdin with (format binary)",
        )
        .await?;
    let types = [
        Type::UUID,
        Type::TIMESTAMPTZ,
        Type::UUID,
        Type::UUID,
        Type::UUID,
        Type::TEXT,
        Type::TEXT,
        Type::INT4,
        Type::INT4,
        Type::INT8,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
    ];
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    let size = |bytes: Option<u64>| bytes.and_then(|bytes| i64::try_from(bytes).ok());
    for record in records {
        let outcome = (!record.outcome.is_empty()).then_some(record.outcome.as_ref());
        writer
            .as_mut()
            .write(&[
                &record.id,
                &record.created_at,
                &record.customer_id.uuid(),
                &record.api_key_id.uuid(),
                &record.request_id,
                &record.endpoint.as_ref(),
                &record.method.as_ref(),
                &i32::from(record.status_code),
                &i32::try_from(record.response_time_ms).ok(),
                &size(record.request_size_bytes),
                &size(record.response_size_bytes),
                &record.module.as_deref(),
                &outcome,
            ])
            .await?;
    }
    writer.finish().await?;
    Ok(())
}
