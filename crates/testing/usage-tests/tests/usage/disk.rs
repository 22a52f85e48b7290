//! The disk is full, or changes what it was given.

use testkit::wait_for;
use usage_tests::{Command, Health};

use crate::killed::Recorder;
use crate::world::{SOON, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_that_memory_can_hold() {
    let world = World::new().await;
    world.proxy.refuse();
    // A limit on the size of files is a disk that fills in the middle of a record, for any user.
    let mut recorder = Recorder::start_with_small_files(&world);
    let mut recorded = recorder.record(2_000);
    let full: Health = recorder.health();
    assert!(full.disk_error.is_some(), "{full:?}");
    assert!(full.waiting_records > 0 && full.in_memory > 0, "{full:?}");
    assert_eq!(full.waiting_records + full.in_memory as u64, 2_000, "{full:?}");
    assert_eq!(full.lost, 0);

    // Room again, and the database still away: what was in memory is safe on the disk.
    recorder.tell(&Command::LiftFileLimit);
    assert_eq!(recorder.line().as_deref(), Some("done"));
    let mut recorder = wait_until_safe(recorder).await;
    recorded.extend(recorder.record(10));
    recorder.kill();

    world.proxy.resume();
    let next = world.start();
    world.wait_for_rows(recorded.len()).await;
    assert_eq!(world.written().await, recorded);
    next.stop().await;
}

async fn wait_until_safe(recorder: Recorder) -> Recorder {
    let recorder = std::cell::RefCell::new(recorder);
    wait_for("memory to be emptied", SOON, async || {
        let health = recorder.borrow_mut().health();
        health.in_memory == 0 && health.disk_error.is_none()
    })
    .await;
    recorder.into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_byte_costs_one_record_and_the_file_is_kept() {
    let world = World::new().await;
    let (recorded, spool) = world.leave_a_spool(1_000).await;
    let segment = spool.join("00000000000000000000.segment");
    let mut bytes = std::fs::read(&segment).unwrap();
    // Behind the records is room for more.
    let middle = bytes.iter().rposition(|byte| *byte != 0).unwrap() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&segment, bytes).unwrap();

    let next = world.start();
    world.wait_for_rows(999).await;
    assert!(world.written().await.is_subset(&recorded));
    wait_for("the damaged spool to be gone", SOON, async || world.spools().len() == 1).await;
    assert!(next.meter.health().damaged_bytes > 0);
    assert_eq!(world.set_aside().len(), 1);
    next.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_from_the_start_stops_no_server() {
    let world = World::new().await;
    let mut recorder = Recorder::start_without_room(&world);
    let recorded = recorder.record(500);
    world.wait_for_rows(500).await;
    assert_eq!(world.written().await, recorded);
    assert!(recorder.health().disk_error.is_some());
    recorder.kill();
}
