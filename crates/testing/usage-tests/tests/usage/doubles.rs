//! The same records, by two ways at once.

use std::process::Command;
use std::sync::Arc;

use domain::usage::{HandOver, HandedOver, SpoolPosition, UsageSink as _, UsageSinkError};
use metering::MeteringConfig;
use testkit::wait_for;
use usage_tests::request_of;
use uuid::Uuid;

use crate::world::{Running, SOON, World};

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_hand_over_one_spool_write_each_record_once() {
    let world = World::new().await;
    let (recorded, spool) = world.leave_a_spool(20_000).await;
    // On storage whose locks don't hold, two servers may think that the spool is theirs.
    let other = tempfile::tempdir().unwrap();
    assert!(Command::new("cp").arg("-a").arg(&spool).arg(other.path()).status().unwrap().success());
    let config = MeteringConfig { batch: 700, ..world.config() };
    let elsewhere = MeteringConfig { folder: other.path().to_owned(), ..config.clone() };
    let one = Running::start(Arc::new(world.catalog()), config);
    let another = Running::start(Arc::new(world.catalog()), elsewhere);
    world.wait_for_rows(20_000).await;
    one.stop().await;
    another.stop().await;
    world.wait_for_rows(20_000).await;
    assert_eq!(world.written().await, recorded);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_servers_with_one_folder_keep_out_of_each_others_way() {
    let world = World::new().await;
    let config = MeteringConfig { batch: 300, ..world.config() };
    let servers: Vec<_> = (0..3).map(|_| Running::start(Arc::new(world.catalog()), config.clone())).collect();
    let mut recorded = std::collections::HashSet::new();
    for _ in 0..20 {
        for server in &servers {
            recorded.extend(world.record(&server.meter, 200));
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(world.spools().len(), 3, "the living keep their spools");
    world.wait_for_rows(12_000).await;
    for server in servers {
        assert_eq!(server.meter.health().lost, 0);
        server.stop().await;
    }
    assert_eq!(world.written().await, recorded);
    assert_eq!((world.spools().len(), world.ledger_rows().await), (0, 0));
}

#[tokio::test]
async fn a_spool_moves_from_where_it_stands_and_from_nowhere_else() {
    let world = World::new().await;
    let catalog = world.catalog();
    let spool = Uuid::now_v7();
    let at = |segment, byte| SpoolPosition { segment, byte };
    let records: Vec<_> = (0..10).map(|_| request_of(world.customer)).collect();
    assert_eq!(catalog.open_spool(spool).await.unwrap().position, at(0, 0));
    let first = HandOver { spool, from: at(0, 0), to: at(0, 900), records: &records };
    assert_eq!(catalog.hand_over(first).await.unwrap(), HandedOver::Written);
    let HandedOver::StandsAt(progress) = catalog.hand_over(first).await.unwrap() else {
        panic!("written twice");
    };
    assert_eq!((progress.position, progress.records), (at(0, 900), 10));
    // A record that came in past the spool, in a batch with one that didn't.
    let mixed = [records[0].clone(), request_of(world.customer)];
    let second = HandOver { spool, from: at(0, 900), to: at(3, 8), records: &mixed };
    assert_eq!(catalog.hand_over(second).await.unwrap(), HandedOver::Written);
    catalog.write(&records).await.unwrap();
    world.wait_for_rows(11).await;

    let refused = domain::usage::UsageRecord { status_code: 1_000, ..request_of(world.customer) };
    let third = HandOver { spool, from: at(3, 8), to: at(3, 99), records: &[refused] };
    assert!(matches!(catalog.hand_over(third).await, Err(UsageSinkError::Refused(_))));
    assert_eq!(catalog.open_spool(spool).await.unwrap().position, at(3, 8), "neither or both");
    catalog.forget_spool(spool).await.unwrap();
    assert_eq!(world.ledger_rows().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_database_refuses_holds_up_no_other() {
    let world = World::new().await;
    let running = world.start();
    for number in 0..500 {
        let record = request_of(world.customer);
        let status_code = if number % 250 == 77 { 1_000 } else { 200 };
        running.meter.record(domain::usage::UsageRecord { status_code, ..record });
    }
    world.wait_for_rows(498).await;
    wait_for("the refusals to be told", SOON, async || {
        let health = running.meter.health();
        health.refused == 2 && health.waiting_records == 0
    })
    .await;
    assert_eq!(world.set_aside().len(), 2);
    running.stop().await;
    assert_eq!(world.spools().len(), 0);
}
