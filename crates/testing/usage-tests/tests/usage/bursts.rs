//! Requests that come fast come first: their usage is handed over behind them, but neither too late nor too much of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use metering::{Meter, MeteringConfig};
use testkit::wait_for;

use crate::world::{Running, SOON, World};

/// Longer than the test.
const NEVER: Duration = Duration::from_secs(3_600);

/// Requests of which 10,000 come a second, until it is dropped.
struct Burst {
    is_over: Arc<AtomicBool>,
    recorded: Arc<AtomicUsize>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Burst {
    fn of(world: &World, meter: &Meter) -> Self {
        let (is_over, recorded) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (meter, customer) = (meter.clone(), world.customer);
        let (ends, counts) = (Arc::clone(&is_over), Arc::clone(&recorded));
        let thread = std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                for _ in 0..100 {
                    meter.record(usage_tests::request_of(customer));
                }
                counts.fetch_add(100, Ordering::Relaxed);
                #[expect(clippy::disallowed_methods, reason = "how fast requests come is what is tested")]
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        Self { is_over, recorded, thread: Some(thread) }
    }

    /// How many there were.
    fn end(mut self) -> usize {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        self.recorded.load(Ordering::Relaxed)
    }
}

impl Drop for Burst {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_come_fast_come_first_and_their_usage_is_there_afterwards() {
    let world = World::new().await;
    let config = MeteringConfig { lag_under_load: NEVER, ..world.config() };
    let running = Running::start(Arc::new(world.catalog()), config);
    let burst = Burst::of(&world, &running.meter);
    // On a busy machine a burst has gaps: what it is waited for is one without.
    wait_for("requests of which none is handed over meanwhile", SOON, async || {
        let before = (running.meter.health().handed_over, burst.recorded.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_secs(1)).await;
        let after = (running.meter.health().handed_over, burst.recorded.load(Ordering::Relaxed));
        after.0 == before.0 && after.1 > before.1 + 2_000
    })
    .await;
    let recorded = burst.end();
    world.wait_for_rows(recorded).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_that_takes_half_of_the_spool_waits_no_longer() {
    let world = World::new().await;
    let config = MeteringConfig { lag_under_load: NEVER, spool_bytes: 4 << 20, ..world.config() };
    let running = Running::start(Arc::new(world.catalog()), config);
    let burst = Burst::of(&world, &running.meter);
    // More than the spool holds, and it is never full.
    wait_for("more to be handed over than there is room for", SOON, async || {
        running.meter.health().handed_over > 40_000
    })
    .await;
    let health = running.meter.health();
    assert!(health.lost == 0 && health.in_memory == 0, "{health:?}");
    let recorded = burst.end();
    world.wait_for_rows(recorded).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_that_lasts_is_handed_over_while_it_lasts() {
    let world = World::new().await;
    let config = MeteringConfig { lag_under_load: Duration::from_millis(500), ..world.config() };
    let running = Running::start(Arc::new(world.catalog()), config);
    let burst = Burst::of(&world, &running.meter);
    wait_for("usage of a burst that lasts", SOON, async || running.meter.health().handed_over > 20_000).await;
    let recorded = burst.end();
    world.wait_for_rows(recorded).await;
    running.stop().await;
}
