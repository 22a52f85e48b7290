//! A record as bytes, and back.

use chrono::{DateTime, Utc};
use domain::usage::UsageRecord;
use domain::{ApiKeyId, CustomerId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A record as it lies in a segment. A change here needs a new version of [`crate::frame::HEADER`].
#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    id: [u8; 16],
    request_id: [u8; 16],
    api_key_id: [u8; 16],
    customer_id: [u8; 16],
    #[serde(borrow)]
    endpoint: &'a str,
    method: &'a str,
    status_code: u16,
    response_time_ms: u32,
    request_size_bytes: Option<u64>,
    response_size_bytes: Option<u64>,
    module: Option<&'a str>,
    outcome: &'a str,
    created_at_micros: i64,
}

/// Appends the record to the buffer. The buffer is kept when that fails, with part of the record in it.
pub(crate) fn encode(record: &UsageRecord, buffer: &mut Vec<u8>) -> Result<(), postcard::Error> {
    let stored = Stored {
        id: record.id.into_bytes(),
        request_id: record.request_id.into_bytes(),
        api_key_id: record.api_key_id.uuid().into_bytes(),
        customer_id: record.customer_id.uuid().into_bytes(),
        endpoint: &record.endpoint,
        method: &record.method,
        status_code: record.status_code,
        response_time_ms: record.response_time_ms,
        request_size_bytes: record.request_size_bytes,
        response_size_bytes: record.response_size_bytes,
        module: record.module.as_deref(),
        outcome: &record.outcome,
        created_at_micros: record.created_at.timestamp_micros(),
    };
    *buffer = postcard::to_extend(&stored, std::mem::take(buffer))?;
    Ok(())
}

/// Reads a record; `None` when the bytes aren't one.
pub(crate) fn decode(bytes: &[u8]) -> Option<UsageRecord> {
    let (stored, rest) = postcard::take_from_bytes::<Stored<'_>>(bytes).ok()?;
    if !rest.is_empty() {
        return None;
    }
    Some(UsageRecord {
        id: Uuid::from_bytes(stored.id),
        request_id: Uuid::from_bytes(stored.request_id),
        api_key_id: ApiKeyId(Uuid::from_bytes(stored.api_key_id)),
        customer_id: CustomerId(Uuid::from_bytes(stored.customer_id)),
        endpoint: stored.endpoint.to_owned(),
        method: stored.method.to_owned(),
        status_code: stored.status_code,
        response_time_ms: stored.response_time_ms,
        request_size_bytes: stored.request_size_bytes,
        response_size_bytes: stored.response_size_bytes,
        module: stored.module.map(str::to_owned),
        outcome: stored.outcome.to_owned(),
        created_at: DateTime::<Utc>::from_timestamp_micros(stored.created_at_micros)?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any record, with the times that PostgreSQL can keep.
    pub(crate) fn any_record() -> impl Strategy<Value = UsageRecord> {
        let ids = (any::<u128>(), any::<u128>(), any::<u128>(), any::<u128>());
        let texts = (".{0,40}", "[A-Z]{1,7}", proptest::option::of("[a-z_]{1,20}"), "[a-z-]{0,30}");
        let numbers = (any::<u16>(), any::<u32>(), any::<Option<u64>>(), any::<Option<u64>>());
        (ids, texts, numbers, 0_i64..4_000_000_000_000_000).prop_map(|(ids, texts, numbers, micros)| {
            UsageRecord {
                id: Uuid::from_u128(ids.0),
                request_id: Uuid::from_u128(ids.1),
                api_key_id: ApiKeyId(Uuid::from_u128(ids.2)),
                customer_id: CustomerId(Uuid::from_u128(ids.3)),
                endpoint: texts.0,
                method: texts.1,
                status_code: numbers.0,
                response_time_ms: numbers.1,
                request_size_bytes: numbers.2,
                response_size_bytes: numbers.3,
                module: texts.2,
                outcome: texts.3,
                created_at: DateTime::from_timestamp_micros(micros).unwrap(),
            }
        })
    }

    proptest! {
        #[test]
        fn a_record_reads_back_and_rubbish_does_not_panic(
            record in any_record(), rubbish in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut buffer = Vec::new();
            encode(&record, &mut buffer).unwrap();
            prop_assert_eq!(decode(&buffer), Some(record));
            let _ = decode(&rubbish);
        }
    }
}
