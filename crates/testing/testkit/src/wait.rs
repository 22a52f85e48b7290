//! Waiting for a condition instead of for a time.

use std::time::{Duration, Instant};

/// Waits until `condition` is true, looking every ten milliseconds.
///
/// # Panics
/// When it isn't true after `limit`: the test fails, naming `what`.
pub async fn wait_for<F, T>(what: &str, limit: Duration, mut condition: F)
where
    F: FnMut() -> T,
    T: Future<Output = bool>,
{
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < limit, "waited {limit:?} in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
