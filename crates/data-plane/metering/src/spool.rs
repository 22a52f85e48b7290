//! The writing side of a spool: appends frames, begins new segments, syncs.
//!
//! One lock guards it, and is held while a frame gets into the page cache. Nothing is synced under it: the syncing thread
//! takes a handle of the file and lets go of the lock first.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use domain::usage::UsageRecord;

use crate::folder::{self, SpoolFolder};
use crate::frame::{self, HEADER};
use crate::memory::Memory;
use crate::state::{State, lock};
use crate::tail::Tail;

/// When no new segment can be begun, the old one grows by this much before that is tried again.
const GROW: u64 = 1 << 20;

/// Where requests' records go.
#[derive(Debug)]
pub(crate) struct Spool {
    root: PathBuf,
    spool_bytes: u64,
    segment_bytes: u64,
    /// Gets what was appended to a file onto the disk.
    sync_file: fn(&File) -> io::Result<()>,
    state: Arc<State>,
    inner: Mutex<Inner>,
    /// Held while memory is emptied into the segments: two at it would drop what neither has appended.
    emptying: Mutex<()>,
}

#[derive(Debug)]
struct Inner {
    /// Absent until the disk has room for it.
    folder: Option<Arc<SpoolFolder>>,
    active: Option<Tail>,
    next_segment: u64,
    /// Files to which nothing is appended any more, not synced yet.
    ended: Vec<Arc<File>>,
    /// Since when something is appended that isn't synced yet.
    dirty_since: Option<Instant>,
    /// The same of what is being synced, or couldn't be.
    syncing_since: Option<Instant>,
    /// A segment was begun whose name isn't synced yet.
    has_new_name: bool,
    /// The disk took nothing the last time; not tried again until the syncing thread comes round.
    is_blocked: bool,
    /// The folder is gone: everything was handed over, and the server stops.
    is_closed: bool,
    /// Records that the disk didn't take.
    memory: Memory,
}

/// Why the disk takes no frame.
enum Refusal {
    /// The bound is reached.
    Bound,
    Disk(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// How far a spool's segments may be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Published {
    /// The segment that is being written; those before it have ended.
    pub(crate) segment: u64,
    /// How much of it is whole.
    pub(crate) length: u64,
}

impl Spool {
    /// Makes the folder. When the disk is full, goes on without one until there is room.
    pub(crate) fn open(config: &crate::MeteringConfig, state: Arc<State>) -> io::Result<Self> {
        let spool = Self {
            root: config.folder.clone(),
            spool_bytes: config.spool_bytes,
            segment_bytes: config.segment_limit(),
            sync_file: File::sync_data,
            state,
            inner: Mutex::new(Inner::new(Memory::new(config.memory_records, config.memory_bytes()))),
            emptying: Mutex::default(),
        };
        match spool.make_folder() {
            Err(error) if is_out_of_space(&error) => spool.fail(&error),
            outcome => outcome?,
        }
        Ok(spool)
    }

    /// Appends a frame; `false` when the disk doesn't take it, or the bound is reached.
    pub(crate) fn append(&self, frame: &[u8]) -> bool {
        let mut inner = lock(&self.inner);
        if inner.is_blocked || inner.is_closed {
            return false;
        }
        match inner.append(frame, self) {
            Ok(()) => {
                // The clock is read for the first record after a sync only.
                inner.dirty_since.get_or_insert_with(Instant::now);
                self.state.appended.fetch_add(1, Ordering::Release);
                return true;
            }
            Err(Refusal::Bound) => self.full(),
            Err(Refusal::Disk(error)) => self.fail(&error),
        }
        inner.is_blocked = true;
        false
    }

    /// Keeps a record that the disk didn't take; `false` when there is no room for it.
    pub(crate) fn keep_in_memory(&self, record: UsageRecord) -> bool {
        let mut inner = lock(&self.inner);
        !inner.is_closed && inner.memory.keep(record)
    }

    /// How many records wait in memory.
    pub(crate) fn in_memory(&self) -> usize {
        lock(&self.inner).memory.len()
    }

    /// The oldest records in memory. They stay there.
    pub(crate) fn first_in_memory(&self, records: usize) -> Vec<UsageRecord> {
        lock(&self.inner).memory.first(records)
    }

    /// Forgets the oldest records in memory: they are elsewhere now.
    pub(crate) fn drop_from_memory(&self, records: usize) {
        lock(&self.inner).memory.drop_first(records);
    }

    /// Appends what is in memory, as far as it goes.
    pub(crate) fn append_memory(&self) {
        let _emptying = lock(&self.emptying);
        let mut buffer = Vec::new();
        loop {
            let records = self.first_in_memory(1_000);
            let appended = records
                .iter()
                .take_while(|record| frame::write(record, &mut buffer) && self.append(&buffer))
                .count();
            self.drop_from_memory(appended);
            if appended < records.len() || records.is_empty() {
                return;
            }
        }
    }

    pub(crate) fn folder(&self) -> Option<Arc<SpoolFolder>> {
        lock(&self.inner).folder.clone()
    }

    /// How far this spool may be read now.
    pub(crate) fn published(&self) -> Published {
        let inner = lock(&self.inner);
        match &inner.active {
            Some(active) => Published { segment: active.number, length: active.length() },
            None => Published { segment: inner.next_segment, length: 0 },
        }
    }

    /// Syncs what was appended, and lets the disk be tried again.
    pub(crate) fn sync(&self) {
        let (files, folder, was_blocked) = {
            let mut inner = lock(&self.inner);
            let was_blocked = std::mem::take(&mut inner.is_blocked);
            let mut files = std::mem::take(&mut inner.ended);
            if let Some(since) = inner.dirty_since.take() {
                files.extend(inner.active.as_ref().map(|active| Arc::clone(active.file())));
                inner.syncing_since.get_or_insert(since);
            }
            let has_new_name = std::mem::take(&mut inner.has_new_name);
            (files, inner.folder.clone().filter(|_| has_new_name), was_blocked)
        };
        let synced = files
            .iter()
            .try_for_each(|file| (self.sync_file)(file))
            .and_then(|()| folder.as_ref().map_or(Ok(()), |folder| folder::sync_folder(&folder.path)));
        if let Err(error) = synced {
            self.fail(&error);
            let mut inner = lock(&self.inner);
            inner.ended.extend(files);
            inner.has_new_name |= folder.is_some();
        } else {
            lock(&self.inner).syncing_since = None;
            if !was_blocked && !files.is_empty() && self.state.disk.clear() {
                tracing::info!("usage is spooled again");
            }
        }
        if self.folder().is_none()
            && let Err(error) = self.make_folder()
        {
            self.fail(&error);
        }
    }

    /// For how long the oldest record that a power failure would take has been waiting for the disk.
    pub(crate) fn unsynced(&self) -> Duration {
        let inner = lock(&self.inner);
        inner.syncing_since.or(inner.dirty_since).map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Takes no further record, provided that all have been handed over.
    pub(crate) fn close(&self) -> bool {
        let mut inner = lock(&self.inner);
        inner.is_closed = self.state.waiting() == 0 && inner.memory.is_empty();
        inner.is_closed
    }

    /// Removes the segments of a spool that was closed.
    pub(crate) fn remove_segments(&self) -> io::Result<()> {
        let Some(folder) = self.folder() else { return Ok(()) };
        folder::segments(&folder.path)?.iter().try_for_each(|segment| fs::remove_file(&segment.path))
    }

    fn make_folder(&self) -> io::Result<()> {
        let folder = SpoolFolder::create(&self.root)?;
        lock(&self.inner).folder = Some(Arc::new(folder));
        Ok(())
    }

    fn full(&self) {
        let message = format!("the spool has reached its bound of {} bytes", self.spool_bytes);
        if self.state.disk.raise(message) {
            tracing::error!(
                bound = self.spool_bytes,
                waiting = self.state.waiting(),
                "the spool of usage has reached its bound: records wait in memory, where a crash loses them"
            );
        }
    }

    fn fail(&self, error: &io::Error) {
        if self.state.disk.raise(format!("{}: {error}", self.root.display())) {
            tracing::error!(
                %error,
                folder = %self.root.display(),
                "usage can't be spooled: records wait in memory, where a crash loses them"
            );
        }
    }
}

impl Inner {
    /// Nothing so far.
    fn new(memory: Memory) -> Self {
        Self {
            folder: None,
            active: None,
            next_segment: 0,
            ended: Vec::new(),
            dirty_since: None,
            syncing_since: None,
            has_new_name: false,
            is_blocked: false,
            is_closed: false,
            memory,
        }
    }

    fn append(&mut self, frame: &[u8], spool: &Spool) -> Result<(), Refusal> {
        if self.active.as_ref().is_none_or(Tail::is_full) {
            let begun = self.begin_segment(spool);
            match &mut self.active {
                // The old one still takes records: being out of file handles is no reason to lose any.
                Some(active) if begun.is_err() => active.grow(GROW),
                _ => begun?,
            }
        }
        let Some(active) = &mut self.active else {
            return Err(io::Error::from(io::ErrorKind::NotFound).into());
        };
        let lacks = active.lacks(frame.len());
        let mut room = 0;
        if lacks > 0 {
            room = spool.spool_bytes.saturating_sub(spool.state.on_disk.load(Ordering::Relaxed));
            if lacks > room {
                return Err(Refusal::Bound);
            }
        }
        let before = active.reserved();
        let appended = active.append(frame, room);
        if lacks == 0 && appended.is_ok() {
            // Nearly always.
            return Ok(());
        }
        spool.state.resized(before, active.reserved());
        if active.is_torn()
            && let Some(torn) = self.active.take()
        {
            self.ended.push(Arc::clone(torn.file()));
        }
        Ok(appended?)
    }

    fn begin_segment(&mut self, spool: &Spool) -> io::Result<()> {
        let folder = self.folder.as_ref().ok_or(io::ErrorKind::NotFound)?;
        let number = self.next_segment;
        let (file, path) = folder::create_segment(&folder.path, number)?;
        if let Err(error) = file.write_all_at(&HEADER, 0) {
            let _ = fs::remove_file(path);
            return Err(error);
        }
        let length = HEADER.len() as u64;
        spool.state.resized(0, length);
        self.next_segment += 1;
        self.has_new_name = true;
        let begun = Tail::new(file, path, number, length, spool.segment_bytes);
        if let Some(mut ended) = self.active.replace(begun) {
            let before = ended.reserved();
            // What can't be given back is given back with the whole segment.
            let _ = ended.cut();
            spool.state.resized(before, ended.reserved());
            self.ended.push(Arc::clone(ended.file()));
        }
        Ok(())
    }
}

fn is_out_of_space(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

#[cfg(test)]
mod tests;
