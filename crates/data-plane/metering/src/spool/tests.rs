//! That what is appended gets onto the disk, and when.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::{MeteringConfig, syncing};

/// What files held when they were synced, by their numbers, and when that was done.
static SYNCED: Mutex<Vec<(u64, Vec<u8>, Instant)>> = Mutex::new(Vec::new());
/// Whether the disk of the test about failures fails.
static FAILS: AtomicBool = AtomicBool::new(true);
const PATIENCE: Duration = Duration::from_secs(20);

/// Syncs, and notes what was there before that.
fn noted(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap()];
    file.read_exact_at(&mut bytes, 0)?;
    file.sync_data()?;
    lock(&SYNCED).push((metadata.ino(), bytes, Instant::now()));
    Ok(())
}

fn failing(file: &File) -> io::Result<()> {
    if FAILS.load(Ordering::SeqCst) { Err(io::ErrorKind::Other.into()) } else { noted(file) }
}

fn spool(config: &MeteringConfig, sync_file: fn(&File) -> io::Result<()>) -> Arc<Spool> {
    Arc::new(Spool { sync_file, ..Spool::open(config, Arc::new(State::new())).unwrap() })
}

/// Like no other frame of these tests.
fn frame(test: u8, number: u8) -> Vec<u8> {
    [vec![test; 20], vec![number; 20]].concat()
}

/// When a file was synced that held this.
fn synced_at(frame: &[u8]) -> Option<Instant> {
    let synced = lock(&SYNCED);
    let found = synced.iter().find(|(_, bytes, _)| bytes.windows(frame.len()).any(|window| window == frame));
    found.map(|(_, _, when)| *when)
}

fn wait_until_synced(frame: &[u8]) -> Instant {
    let begun = Instant::now();
    loop {
        if let Some(when) = synced_at(frame) {
            return when;
        }
        assert!(begun.elapsed() < PATIENCE, "what was appended isn't synced");
        // Whoever syncs wants the lock, too.
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

#[test]
fn what_is_appended_is_on_the_disk_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let config = MeteringConfig::new(folder.path().to_owned());
    let spool = spool(&config, noted);
    let (stop, thread) = syncing::start(&spool, config.sync_every);
    let mut delays = Vec::new();
    for number in 1..=5 {
        let frame = frame(1, number);
        let appended = Instant::now();
        assert!(spool.append(&frame));
        delays.push(wait_until_synced(&frame).duration_since(appended));
    }
    // A busy machine may be late now and then, and isn't every time.
    delays.sort();
    assert!(delays[0] < Duration::from_secs(1), "{delays:?}");
    drop(stop);
    thread.join().unwrap();
    assert_eq!(spool.unsynced(), Duration::ZERO);
}

#[test]
fn nothing_is_left_out_when_segments_end_and_when_the_server_stops() {
    let folder = tempfile::tempdir().unwrap();
    let config = MeteringConfig { segment_bytes: 200, ..MeteringConfig::new(folder.path().to_owned()) };
    let spool = spool(&config, noted);
    // So seldom that only the last sync is seen.
    let (stop, thread) = syncing::start(&spool, Duration::from_secs(3_600));
    for number in 1..=50 {
        assert!(spool.append(&frame(2, number)));
    }
    assert_eq!(synced_at(&frame(2, 1)), None);
    assert!(spool.unsynced() > Duration::ZERO);
    drop(stop);
    thread.join().unwrap();
    for number in 1..=50 {
        assert!(synced_at(&frame(2, number)).is_some(), "{number}");
    }
    let files: HashMap<_, _> = lock(&SYNCED)
        .iter()
        .filter(|(_, bytes, _)| bytes.windows(20).any(|window| window == [2; 20]))
        .map(|(file, _, when)| (*file, *when))
        .collect();
    assert!(files.len() >= 10, "{} segments", files.len());
}

#[test]
fn what_the_disk_did_not_sync_is_synced_later_and_meanwhile_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = MeteringConfig::new(folder.path().to_owned());
    let spool = spool(&config, failing);
    assert!(spool.append(&frame(3, 1)));
    spool.sync();
    assert!(spool.state.disk.message().is_some());
    let before = spool.unsynced();
    assert!(before > Duration::ZERO);
    spool.sync();
    assert!(spool.unsynced() > before, "the first record is the oldest all the while");
    FAILS.store(false, Ordering::SeqCst);
    spool.sync();
    assert!(synced_at(&frame(3, 1)).is_some());
    assert_eq!((spool.unsynced(), spool.state.disk.message()), (Duration::ZERO, None));
}
