//! Records that the disk doesn't take. They are bounded by their number, and by what they take: a record is short, and if one
//! ever isn't, memory must not be what finds out.

use std::collections::VecDeque;

use domain::usage::UsageRecord;

/// Records that wait, the oldest first.
#[derive(Debug)]
pub(crate) struct Memory {
    records: VecDeque<UsageRecord>,
    /// What they take, about.
    bytes: usize,
    most_records: usize,
    most_bytes: usize,
}

impl Memory {
    /// Room for so many records that take so many bytes.
    pub(crate) fn new(most_records: usize, most_bytes: usize) -> Self {
        Self { records: VecDeque::new(), bytes: 0, most_records, most_bytes }
    }

    /// Takes the record; `false` when there is no room for it.
    pub(crate) fn keep(&mut self, record: UsageRecord) -> bool {
        let bytes = self.bytes.saturating_add(taken_by(&record));
        let has_room = self.records.len() < self.most_records && bytes <= self.most_bytes;
        if has_room {
            self.bytes = bytes;
            self.records.push_back(record);
        }
        has_room
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The oldest. They stay.
    pub(crate) fn first(&self, records: usize) -> Vec<UsageRecord> {
        self.records.iter().take(records).cloned().collect()
    }

    /// Forgets the oldest.
    pub(crate) fn drop_first(&mut self, records: usize) {
        let records = records.min(self.records.len());
        self.bytes =
            self.bytes.saturating_sub(self.records.drain(..records).map(|record| taken_by(&record)).sum());
    }
}

/// A text that others hold, too, is counted as if it were the record's own.
fn taken_by(record: &UsageRecord) -> usize {
    let module = record.module.as_deref().unwrap_or_default();
    let texts = [&*record.endpoint, &*record.method, &*record.outcome, module];
    size_of::<UsageRecord>() + texts.map(str::len).iter().sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MeteringConfig;
    use crate::state::tests::record;

    #[test]
    fn usual_records_are_bounded_by_their_number() {
        let config = MeteringConfig { memory_records: 1_000, ..MeteringConfig::new("nowhere".into()) };
        let mut memory = Memory::new(config.memory_records, config.memory_bytes());
        // As long as any route is, and any outcome.
        let long = || UsageRecord {
            endpoint: "/api/v1/smart-task-templates/{id}".into(),
            outcome: "idempotency-in-progress-and-longer".into(),
            ..record()
        };
        assert!((0..1_000).all(|_| memory.keep(long())));
        assert!(!memory.keep(record()));
        assert_eq!(memory.len(), 1_000);
    }

    #[test]
    fn long_records_are_bounded_by_what_they_take() {
        let long = || UsageRecord { method: "X".repeat(60_000).into(), ..record() };
        let mut memory = Memory::new(100_000, 200_000);
        let kept = (0..100).filter(|_| memory.keep(long())).count();
        assert_eq!((kept, memory.len()), (3, 3));
        assert!(memory.keep(record()), "there is room for a short one");
        assert_eq!(memory.first(2).len(), 2);
        memory.drop_first(1);
        assert!(memory.keep(long()) && !memory.keep(long()));
        memory.drop_first(usize::MAX);
        assert_eq!((memory.bytes, memory.is_empty()), (0, true));
        assert!(!memory.keep(UsageRecord { method: "X".repeat(200_000).into(), ..record() }));
    }
}
