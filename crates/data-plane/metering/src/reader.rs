//! Reads segments: whole frames, the torn end that a killed server leaves, and around what is damaged.
//!
//! A server that dies leaves zeros at the end of its last segment, where it had room for more; and if it dies while it
//! appends, part of a frame before them. Its answer never left, so nothing is lost. Everything else that isn't a frame is
//! damage: it is reported, the file is set aside, and reading goes on at the next whole frame. A frame with a damaged length
//! looks like a torn end; it is one only if no whole frame follows.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use domain::usage::UsageRecord;

use crate::frame::{self, Found, HEADER, LENGTH, MAX_PAYLOAD, PREFIX};

/// How much is read at once: more than the longest frame.
const WINDOW: u64 = 1 << 20;
const _: () = assert!(WINDOW > (MAX_PAYLOAD + PREFIX) as u64);

/// Part of a segment.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Piece {
    /// What it says.
    pub(crate) records: Vec<UsageRecord>,
    /// Where it ends.
    pub(crate) to: u64,
    /// What of it could not be read.
    pub(crate) damaged: Vec<Range<u64>>,
    /// The incomplete end of the segment.
    pub(crate) torn: Option<Range<u64>>,
    /// The segment is of another version of the format: nothing of it can be read.
    pub(crate) is_foreign: bool,
}

/// Reads at most `limit` records that begin at `from` or after it. `end` is where the segment's whole frames end, or where
/// the file does.
pub(crate) fn read(file: &File, from: u64, end: u64, limit: usize) -> io::Result<Piece> {
    let mut piece = Piece { to: from, ..Piece::default() };
    if from < HEADER.len() as u64 {
        let header = load(file, 0, end.min(HEADER.len() as u64))?;
        if header == HEADER {
            piece.to = HEADER.len() as u64;
        } else if header.len() == HEADER.len() && header[..7] == HEADER[..7] {
            return Ok(Piece { is_foreign: true, ..piece });
        } else if header.len() < HEADER.len() {
            // Killed, or without power, before the header was there.
            piece.torn = Some(0..end);
            piece.to = end;
            return Ok(piece);
        }
    }
    while piece.to < end && piece.records.len() < limit {
        let window_end = end.min(piece.to + WINDOW);
        let window = load(file, piece.to, window_end)?;
        let begin = piece.to;
        let whole = piece.take_records(&window, limit);
        let is_rest_next_time = piece.records.len() >= limit
            || piece.to == window_end
            || (whole && window_end < end && piece.to > begin);
        if !is_rest_next_time {
            let rest = load(file, piece.to, end)?;
            piece.skip_what_is_no_frame(&rest, end);
        }
    }
    Ok(piece)
}

impl Piece {
    /// Takes the frames that the bytes begin with. Whether they ended because there were no more bytes.
    fn take_records(&mut self, mut bytes: &[u8], limit: usize) -> bool {
        while self.records.len() < limit {
            match frame::read(bytes) {
                Found::Record(record, length) => {
                    self.records.push(*record);
                    self.to += length as u64;
                    bytes = bytes.get(length..).unwrap_or_default();
                }
                Found::Incomplete => return true,
                Found::Broken => return false,
            }
        }
        true
    }

    /// `rest` is everything from here to the end of the segment, and doesn't begin with a whole frame.
    fn skip_what_is_no_frame(&mut self, rest: &[u8], end: u64) {
        let next = rest.get(1..).and_then(frame::find);
        if let Some(next) = next {
            let from = self.to;
            self.to += next as u64 + 1;
            self.damaged.push(from..self.to);
            return;
        }
        let is_unused = rest.iter().all(|byte| *byte == 0);
        // The length is put down last; but without power some pages may have got to the disk, and the next ones not.
        let is_torn = frame::read(rest) == Found::Incomplete
            || rest.starts_with(&[0; LENGTH])
            || ends_with_a_page(rest, self.to);
        if is_torn && !is_unused {
            self.torn = Some(self.to..end);
        } else if !is_unused {
            self.damaged.push(self.to..end);
        }
        self.to = end;
    }
}

/// The smallest unit in which mapped memory gets to the disk. Larger pages end where small ones do.
const PAGE: usize = 4096;

/// Whether the frame that begins there, and is the last one, is whole up to the end of a page and then nothing but zeros:
/// the page after it never got to the disk.
fn ends_with_a_page(rest: &[u8], at: u64) -> bool {
    let into_page = usize::try_from(at % PAGE as u64).unwrap_or(0);
    let written = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let page_end = (into_page + written).next_multiple_of(PAGE) - into_page;
    let claimed = rest.first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
    // The length itself may stand across the end of the page.
    let frame = if page_end < LENGTH { LENGTH } else { (PREFIX + claimed).min(PREFIX + MAX_PAYLOAD) };
    (1..frame).contains(&page_end) && page_end < rest.len()
}

/// The bytes of the range; fewer when the file is shorter.
fn load(file: &File, from: u64, to: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX)];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], from + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::tests::any_record;

    /// A segment with the records, and where each frame begins.
    fn segment(records: &[UsageRecord]) -> (Vec<u8>, Vec<u64>) {
        let (mut bytes, mut begins, mut frame) = (HEADER.to_vec(), Vec::new(), Vec::new());
        for record in records {
            begins.push(bytes.len() as u64);
            assert!(frame::write(record, &mut frame));
            bytes.extend_from_slice(&frame);
        }
        (bytes, begins)
    }

    fn read_all(bytes: &[u8], limit: usize) -> Piece {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), bytes).unwrap();
        let file = File::open(path.path()).unwrap();
        let end = bytes.len() as u64;
        let mut all = Piece::default();
        while all.to < end && !all.is_foreign {
            let piece = read(&file, all.to, end, limit).unwrap();
            assert!(piece.records.len() <= limit);
            assert!(piece.to > all.to || piece.is_foreign, "reading makes progress");
            all.records.extend(piece.records);
            all.damaged.extend(piece.damaged);
            all.torn = all.torn.or(piece.torn);
            all.to = piece.to;
            all.is_foreign = piece.is_foreign;
        }
        all
    }

    fn some_records(count: usize) -> Vec<UsageRecord> {
        (0..count).map(|_| crate::state::tests::record()).collect()
    }

    #[test]
    fn a_segment_cut_at_any_byte_gives_every_record_before_the_cut() {
        let records = some_records(4);
        let (bytes, begins) = segment(&records);
        for cut in 0..=bytes.len() {
            let piece = read_all(&bytes[..cut], 3);
            let ends = begins.iter().skip(1).copied().chain([bytes.len() as u64]);
            let whole = ends.filter(|end| *end <= cut as u64).count();
            assert_eq!(piece.records, records[..whole], "cut at {cut}");
            assert_eq!(piece.damaged, [], "cut at {cut}");
            let last_whole = begins.get(whole).copied().unwrap_or(bytes.len() as u64);
            let is_clean = cut as u64 == last_whole || cut == 0;
            assert_eq!(piece.torn.is_none(), is_clean, "cut at {cut}: {:?}", piece.torn);
        }
    }

    #[test]
    fn an_end_of_zeros_is_room_that_was_not_used() {
        for records in [some_records(0), some_records(2)] {
            let (mut bytes, _) = segment(&records);
            bytes.extend([0; 5_000]);
            let piece = read_all(&bytes, 100);
            assert_eq!((piece.to, piece.damaged, piece.torn), (bytes.len() as u64, vec![], None));
            assert_eq!(piece.records, records);
        }
    }

    #[test]
    fn a_frame_that_was_begun_before_the_zeros_is_torn_and_no_damage() {
        let records = some_records(3);
        let (whole, begins) = segment(&records);
        let last = usize::try_from(begins[2]).unwrap();
        for there in last + LENGTH + 1..whole.len() {
            let mut bytes = whole[..there].to_vec();
            bytes[last..last + LENGTH].fill(0);
            bytes.extend([0; 700]);
            let end = bytes.len() as u64;
            let piece = read_all(&bytes, 100);
            assert_eq!(piece.records, records[..2], "{there}");
            // A checksum may begin with zeros: what is there of such a frame is like room that was not used.
            let torn = bytes[last..].iter().any(|byte| *byte != 0).then_some(begins[2]..end);
            assert_eq!((piece.damaged, piece.torn), (vec![], torn), "{there}");
        }
    }

    #[test]
    fn a_last_frame_whose_next_page_was_lost_with_the_power_is_torn_and_no_damage() {
        let records = some_records(200);
        let (whole, begins) = segment(&records);
        for page_end in (PAGE..whole.len()).step_by(PAGE) {
            let across = begins.iter().rposition(|begin| *begin < page_end as u64).unwrap();
            let begin = begins[across];
            let mut bytes = whole[..page_end].to_vec();
            bytes.resize(page_end + 2 * PAGE, 0);
            let end = bytes.len() as u64;
            let piece = read_all(&bytes, 1_000);
            assert_eq!(piece.records, records[..across], "{page_end}");
            assert_eq!((piece.damaged, piece.torn), (vec![], Some(begin..end)), "{page_end}");
            // A byte that isn't what it was is damage, with pages after it or without.
            bytes.truncate(page_end);
            bytes.extend_from_slice(&whole[page_end..]);
            bytes[usize::try_from(begin).unwrap() + PREFIX] ^= 1;
            assert_eq!(read_all(&bytes, 1_000).damaged.len(), 1, "{page_end}");
        }
    }

    #[test]
    fn another_version_is_left_alone() {
        let (mut bytes, _) = segment(&some_records(2));
        bytes[7] = 2;
        let piece = read_all(&bytes, 100);
        assert!(piece.is_foreign && piece.records.is_empty());
    }

    #[test]
    fn long_segments_are_read_window_by_window() {
        let records = some_records(20_000);
        let (bytes, _) = segment(&records);
        assert!(bytes.len() as u64 > 2 * WINDOW);
        let piece = read_all(&bytes, 15_000);
        assert_eq!(piece.records, records);
        assert_eq!((piece.damaged, piece.torn), (vec![], None));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn a_changed_byte_costs_its_own_record_alone(
            records in proptest::collection::vec(any_record(), 1..8), byte: usize, change in 1_u8..,
        ) {
            let (mut bytes, begins) = segment(&records);
            let byte = byte % bytes.len();
            bytes[byte] ^= change;
            let piece = read_all(&bytes, 5);
            prop_assume!(!piece.is_foreign);
            // None for a byte of the header.
            let hit = begins.iter().filter(|begin| **begin <= byte as u64).count().checked_sub(1);
            let mut expected = records.clone();
            if let Some(hit) = hit {
                expected.remove(hit);
            }
            prop_assert_eq!(piece.records, expected);
            // A changed length of the last frame can't be told from a torn end.
            prop_assert!(piece.damaged.len() == 1 || (piece.torn.is_some() && hit == Some(records.len() - 1)));
        }

        #[test]
        fn rubbish_is_read_to_its_end(rubbish in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            prop_assert_eq!(read_all(&rubbish, 10).records, vec![]);
        }
    }
}
