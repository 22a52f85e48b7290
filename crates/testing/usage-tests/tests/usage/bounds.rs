//! The spool reaches its bound: memory, then loss, and each is told.

use std::sync::Arc;

use metering::MeteringConfig;
use testkit::wait_for;

use crate::world::{Running, SOON, World};

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_bound_records_wait_in_memory_and_beyond_that_they_are_lost_and_counted() {
    let world = World::new().await;
    world.proxy.refuse();
    let config = MeteringConfig { spool_bytes: 64 * 1024, memory_records: 100, ..world.config() };
    let running = Running::start(Arc::new(world.catalog()), config);
    let recorded = world.record(&running.meter, 2_000);
    let health = running.meter.health();
    assert!(health.spooled_bytes <= health.spool_limit_bytes);
    assert!(health.waiting_records > 200, "{health:?}");
    assert_eq!(health.in_memory, 100);
    assert_eq!(health.waiting_records + health.lost, 1_900);
    assert!(health.is_degraded() && health.disk_error.is_some());

    world.proxy.resume();
    let kept = 2_000 - usize::try_from(health.lost).unwrap();
    world.wait_for_rows(kept).await;
    assert!(world.written().await.is_subset(&recorded));
    wait_for("room in the spool", SOON, async || {
        world.record(&running.meter, 1);
        let health = running.meter.health();
        health.in_memory == 0 && health.disk_error.is_none()
    })
    .await;
    assert_eq!(running.meter.health().lost + kept as u64, 2_000, "nothing more was lost");
    running.stop().await;
}
