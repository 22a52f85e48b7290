//! Reads again what is known of customers who changed, before anybody asks: an outage that follows the change then finds
//! them known. What changed and wasn't read since must not be used, whatever it was that changed.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use domain::principal::Change;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{FeedState, Inner, customer_of_member, customer_of_place, owner_of_key};

/// So long it is waited after a change: many come together, and those who ask meanwhile spare the question.
const GATHERING: Duration = Duration::from_millis(200);
/// Looking through all answers takes a while when there are many: it is at most one part in so many of the time.
const SHARE: u32 = 20;
/// The pause after questions that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Follows the changes until `stop`, or until the directory is dropped.
pub(super) async fn follow(directory: Weak<Inner>, changes: Receiver<Change>, stop: CancellationToken) {
    stop.run_until_cancelled(follow_for_ever(directory, changes)).await;
}

async fn follow_for_ever(directory: Weak<Inner>, mut changes: Receiver<Change>) {
    let mut pause = GATHERING;
    while !matches!(changes.recv().await, Err(RecvError::Closed)) {
        loop {
            sleep(pause).await;
            // What was told up to now is seen to by what follows.
            while !changes.is_empty() {
                let _ = changes.try_recv();
            }
            let Some(directory) = directory.upgrade() else { return };
            let started = Instant::now();
            let failed = directory.read_again().await;
            pause = GATHERING.max(started.elapsed() * SHARE);
            // While the feed is lost nothing more can be told; when it is back it says so.
            if failed == 0 || directory.changes.state() == FeedState::Lost {
                break;
            }
            pause = pause.max(AFTER_FAILURE);
        }
    }
}

impl Inner {
    /// Asks for all that is known to be wrong; says how many questions failed. Session tokens are left out: what they stand
    /// on is what is known of members.
    async fn read_again(self: &Arc<Self>) -> usize {
        let inner = || Arc::clone(self);
        let keys = self.principals.read_again(&self.asking, owner_of_key, |key| inner().key_question(key));
        let failed = keys.await;
        let members =
            self.members.read_again(&self.asking, customer_of_member, |name| inner().member_question(name));
        let failed = failed + members.await;
        let places = self
            .endpoints
            .read_again(&self.asking, customer_of_place, |customer| inner().endpoint_question(customer));
        failed + places.await
    }
}
