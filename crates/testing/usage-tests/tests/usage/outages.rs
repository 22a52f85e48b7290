//! The database goes away and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use catalog::Catalog;
use domain::usage::{HandOver, HandedOver, SpoolProgress, UsageRecord, UsageSink, UsageSinkError};
use testkit::wait_for;
use uuid::Uuid;

use crate::world::{Running, SOON, World};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_while_the_database_is_away_is_there_when_it_is_back() {
    let world = World::new().await;
    world.proxy.refuse();
    let running = world.start();
    let recorded = world.record(&running.meter, 7_000);
    wait_for("the outage to be told", SOON, async || running.meter.health().database_error.is_some()).await;
    let health = running.meter.health();
    assert_eq!((health.waiting_records, health.in_memory, health.lost), (7_000, 0, 0));
    assert!(health.lag > std::time::Duration::ZERO && health.disk_error.is_none());
    world.proxy.resume();
    world.wait_for_rows(7_000).await;
    assert_eq!(world.written().await, recorded);
    wait_for("all to be well", SOON, async || {
        let health = running.meter.health();
        health.database_error.is_none() && health.waiting_records == 0 && health.handed_over == 7_000
    })
    .await;
    running.stop().await;
    assert_eq!((world.spools().len(), world.ledger_rows().await), (0, 0), "an empty spool leaves no trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_at_any_moment_double_nothing() {
    let world = World::new().await;
    let running = world.start();
    let mut recorded = 0;
    while recorded < 20_000 {
        recorded += world.record(&running.meter, 500).len();
        world.proxy.cut();
        tokio::task::yield_now().await;
    }
    world.wait_for_rows(recorded).await;
    running.stop().await;
    world.wait_for_rows(recorded).await;
}

/// A database whose word gets lost: each call fails once before it is carried out, and once after.
struct Forgetful {
    catalog: Catalog,
    calls: AtomicUsize,
}

impl Forgetful {
    fn lost() -> UsageSinkError {
        UsageSinkError::Unavailable("the word got lost".into())
    }

    fn turn(&self) -> usize {
        self.calls.fetch_add(1, Ordering::SeqCst) % 3
    }
}

#[async_trait]
impl UsageSink for Forgetful {
    async fn write(&self, records: &[UsageRecord]) -> Result<(), UsageSinkError> {
        self.catalog.write(records).await
    }

    async fn open_spool(&self, spool: Uuid) -> Result<SpoolProgress, UsageSinkError> {
        self.catalog.open_spool(spool).await
    }

    async fn hand_over(&self, batch: HandOver<'_>) -> Result<HandedOver, UsageSinkError> {
        let turn = self.turn();
        if turn == 0 {
            return Err(Self::lost());
        }
        let done = self.catalog.hand_over(batch).await?;
        if turn == 1 { Err(Self::lost()) } else { Ok(done) }
    }

    async fn forget_spool(&self, spool: Uuid) -> Result<(), UsageSinkError> {
        self.catalog.forget_spool(spool).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_word_got_lost_is_found_in_the_ledger() {
    let world = World::new().await;
    let sink = Arc::new(Forgetful { catalog: world.catalog(), calls: AtomicUsize::new(0) });
    let config = metering::MeteringConfig { batch: 100, ..world.config() };
    let running = Running::start(sink.clone(), config);
    let recorded = world.record(&running.meter, 1_000);
    world.wait_for_rows(1_000).await;
    assert_eq!(world.written().await, recorded);
    assert!(sink.calls.load(Ordering::SeqCst) > 6);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_while_the_database_is_away_leaves_its_usage_to_the_next() {
    let world = World::new().await;
    let (recorded, _) = world.leave_a_spool(300).await;
    let next = world.start();
    let more = world.record(&next.meter, 200);
    world.wait_for_rows(500).await;
    assert_eq!(world.written().await, recorded.union(&more).copied().collect());
    wait_for("the left spool to be gone", SOON, async || world.spools().len() == 1).await;
    next.stop().await;
    assert_eq!((world.spools().len(), world.ledger_rows().await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_hands_over_what_is_there() {
    let world = World::new().await;
    let config = metering::MeteringConfig { flush_every: SOON, ..world.config() };
    let running = Running::start(Arc::new(world.catalog()), config);
    let recorded = world.record(&running.meter, 12_345);
    running.stop().await;
    assert_eq!(world.written().await, recorded);
    assert_eq!((world.spools().len(), world.ledger_rows().await), (0, 0));
}
