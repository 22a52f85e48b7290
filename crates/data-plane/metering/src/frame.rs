//! The format of a segment: a header, then frames. A frame is the length of its payload (4 bytes, little-endian), the
//! CRC-32C of those 4 bytes and the payload (4 bytes), and the payload.

use domain::usage::UsageRecord;

use crate::codec;

/// What a segment begins with. The last byte is the version of the format.
pub(crate) const HEADER: [u8; 8] = *b"SXUSAGE\x01";

/// The length of the payload.
pub(crate) const LENGTH: usize = 4;

/// The length and the checksum.
pub(crate) const PREFIX: usize = LENGTH + 4;

/// No payload is shorter: four ids, and a byte at least for each of the nine other fields.
const MIN_PAYLOAD: usize = 4 * 16 + 9;

/// No payload is longer. Bounds what is read for nothing when a length is damaged.
pub(crate) const MAX_PAYLOAD: usize = 64 * 1024;

/// Makes the buffer the frame of the record. `false` when the record is too long for one.
pub(crate) fn write(record: &UsageRecord, buffer: &mut Vec<u8>) -> bool {
    buffer.clear();
    buffer.extend_from_slice(&[0; PREFIX]);
    codec::encode(record, buffer);
    let payload = buffer.len().saturating_sub(PREFIX);
    let Ok(length) = u32::try_from(payload) else { return false };
    if payload > MAX_PAYLOAD {
        return false;
    }
    let length = length.to_le_bytes();
    // The length where the checksum belongs, in front of the payload: both are summed up in one go.
    buffer[LENGTH..PREFIX].copy_from_slice(&length);
    let checksum = crc32c::crc32c(&buffer[LENGTH..]);
    buffer[..LENGTH].copy_from_slice(&length);
    buffer[LENGTH..PREFIX].copy_from_slice(&checksum.to_le_bytes());
    true
}

/// What bytes begin with.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// A whole frame of this many bytes, with this record.
    Record(Box<UsageRecord>, usize),
    /// Perhaps a frame, of which the end is missing.
    Incomplete,
    /// Anything else.
    Broken,
}

/// Reads the frame that the bytes begin with.
pub(crate) fn read(bytes: &[u8]) -> Found {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX>() else {
        return Found::Incomplete;
    };
    let [l0, l1, l2, l3, c0, c1, c2, c3] = *prefix;
    let length_bytes = [l0, l1, l2, l3];
    let length = u32::from_le_bytes(length_bytes) as usize;
    if !(MIN_PAYLOAD..=MAX_PAYLOAD).contains(&length) {
        return Found::Broken;
    }
    let Some(payload) = rest.get(..length) else { return Found::Incomplete };
    if checksum(length_bytes, payload) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Found::Broken;
    }
    match codec::decode(payload) {
        Some(record) => Found::Record(Box::new(record), PREFIX + length),
        None => Found::Broken,
    }
}

/// The offset of the first whole frame in the bytes.
pub(crate) fn find(bytes: &[u8]) -> Option<usize> {
    (0..bytes.len().saturating_sub(PREFIX + MIN_PAYLOAD) + 1)
        .find(|&offset| bytes.get(offset..).is_some_and(|rest| matches!(read(rest), Found::Record(..))))
}

fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length), payload)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::tests::any_record;

    proptest! {
        #[test]
        fn a_frame_reads_back_and_every_changed_bit_is_noticed(record in any_record(), byte: usize, bit in 0_u8..8) {
            let mut frame = Vec::new();
            prop_assert!(write(&record, &mut frame));
            prop_assert_eq!(read(&frame), Found::Record(Box::new(record.clone()), frame.len()));
            let byte = byte % frame.len();
            frame[byte] ^= 1 << bit;
            prop_assert!(!matches!(read(&frame), Found::Record(..)));
        }
    }

    #[test]
    fn a_record_that_is_too_long_is_told() {
        let record =
            UsageRecord { endpoint: "x".repeat(MAX_PAYLOAD).into(), ..crate::state::tests::record() };
        assert!(!write(&record, &mut Vec::new()));
    }
}
