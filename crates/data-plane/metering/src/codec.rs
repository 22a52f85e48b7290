//! A record as bytes, and back: in the format of postcard. Reading leaves that to postcard; writing, which every request
//! does, puts the bytes down itself.

use chrono::{DateTime, Utc};
use domain::usage::UsageRecord;
use domain::{ApiKeyId, CustomerId};
use serde::Deserialize;
use uuid::Uuid;

/// A record as it lies in a segment. A change here needs a new version of [`crate::frame::HEADER`].
#[derive(Deserialize)]
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

/// Appends the record to the buffer, field by field as [`Stored`] has them.
pub(crate) fn encode(record: &UsageRecord, buffer: &mut Vec<u8>) {
    let ids = [record.id, record.request_id, record.api_key_id.uuid(), record.customer_id.uuid()];
    buffer.extend_from_slice(ids.map(Uuid::into_bytes).as_flattened());
    text(&record.endpoint, buffer);
    text(&record.method, buffer);
    number(u64::from(record.status_code), buffer);
    number(u64::from(record.response_time_ms), buffer);
    optional(record.request_size_bytes, number, buffer);
    optional(record.response_size_bytes, number, buffer);
    optional(record.module.as_deref(), text, buffer);
    text(&record.outcome, buffer);
    let micros = record.created_at.timestamp_micros();
    // Zigzag: the sign goes last, so that small numbers are short.
    number(((micros << 1) ^ (micros >> 63)).cast_unsigned(), buffer);
}

fn text(text: &str, buffer: &mut Vec<u8>) {
    number(text.len() as u64, buffer);
    buffer.extend_from_slice(text.as_bytes());
}

fn optional<T>(value: Option<T>, write: impl Fn(T, &mut Vec<u8>), buffer: &mut Vec<u8>) {
    buffer.push(u8::from(value.is_some()));
    if let Some(value) = value {
        write(value, buffer);
    }
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn number(mut value: u64, buffer: &mut Vec<u8>) {
    if value < 0x80 {
        buffer.push(value.to_le_bytes()[0]);
        return;
    }
    // So many bytes are appended at once: seven bits each, of 64.
    let mut bytes = [0; 10];
    let mut length = 0;
    for byte in &mut bytes {
        length += 1;
        *byte = value.to_le_bytes()[0] | 0x80;
        value >>= 7;
        if value == 0 {
            *byte &= 0x7f;
            break;
        }
    }
    buffer.extend_from_slice(bytes.get(..length).unwrap_or(&bytes));
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
        endpoint: stored.endpoint.into(),
        method: stored.method.to_owned().into(),
        status_code: stored.status_code,
        response_time_ms: stored.response_time_ms,
        request_size_bytes: stored.request_size_bytes,
        response_size_bytes: stored.response_size_bytes,
        module: stored.module.map(|module| module.to_owned().into()),
        outcome: stored.outcome.to_owned().into(),
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
        (ids, texts, numbers, -4_000_000_000_000_000_i64..4_000_000_000_000_000).prop_map(
            |(ids, texts, numbers, micros)| UsageRecord {
                id: Uuid::from_u128(ids.0),
                request_id: Uuid::from_u128(ids.1),
                api_key_id: ApiKeyId(Uuid::from_u128(ids.2)),
                customer_id: CustomerId(Uuid::from_u128(ids.3)),
                endpoint: texts.0.into(),
                method: texts.1.into(),
                status_code: numbers.0,
                response_time_ms: numbers.1,
                request_size_bytes: numbers.2,
                response_size_bytes: numbers.3,
                module: texts.2.map(Into::into),
                outcome: texts.3.into(),
                created_at: DateTime::from_timestamp_micros(micros).unwrap(),
            },
        )
    }

    proptest! {
        #[test]
        fn a_record_reads_back_and_rubbish_does_not_panic(
            record in any_record(), rubbish in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut buffer = Vec::new();
            encode(&record, &mut buffer);
            prop_assert_eq!(decode(&buffer), Some(record));
            let _ = decode(&rubbish);
        }
    }
}
