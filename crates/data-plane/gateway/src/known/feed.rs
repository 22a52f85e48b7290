//! Follows the change feed: hears, notices when it hears nothing any more, and begins again.

use std::sync::Arc;
use std::time::Duration;

use domain::principal::{Change, ChangeFeed, Changes, DirectoryUnavailable};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::changes::ChangeLog;

/// How often the connection is asked for a sign of life, and how long it may take to give one. Their sum, and the time
/// that a new subscription takes, stay below the second within which a change must act.
const PROBE_EVERY: Duration = Duration::from_millis(250);
const PROBE_PATIENCE: Duration = Duration::from_millis(300);
/// How long a new subscription may take.
const SUBSCRIBE_PATIENCE: Duration = Duration::from_secs(2);
/// The first and the longest pause after a failed subscription.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Whether changes are heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedState {
    /// They are.
    Live,
    /// They aren't: the directory can't be reached.
    Lost,
}

/// Follows the feed until `stop`.
pub(super) async fn follow(feed: Arc<dyn ChangeFeed>, changes: Arc<ChangeLog>, stop: CancellationToken) {
    stop.run_until_cancelled(follow_for_ever(&*feed, &changes)).await;
}

async fn follow_for_ever(feed: &dyn ChangeFeed, changes: &ChangeLog) {
    let (mut pause, mut is_told) = (FIRST_PAUSE, false);
    loop {
        match timeout(SUBSCRIBE_PATIENCE, feed.subscribe()).await {
            Ok(Ok(mut subscription)) => {
                (pause, is_told) = (FIRST_PAUSE, false);
                // Heard of from here on; whatever was missed before concerns, for all we know, everybody.
                changes.note(Change::Everything);
                changes.set_heard(true);
                tracing::info!("changes of customers are heard of");
                let Err(error) = listen(&mut *subscription, changes).await;
                changes.set_heard(false);
                tracing::warn!(%error, "changes of customers aren't heard of: the connection is lost");
            }
            Ok(Err(error)) => {
                // Once: it is tried twice a second, and says the same until somebody mends it.
                if !std::mem::replace(&mut is_told, true) {
                    tracing::warn!(%error, "changes of customers can't be heard of: no answer is good for longer than a second");
                }
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            Err(_) => tracing::debug!("no subscription to the changes of customers in time"),
        }
    }
}

async fn listen(
    subscription: &mut dyn Changes,
    changes: &ChangeLog,
) -> Result<std::convert::Infallible, DirectoryUnavailable> {
    let mut probes = interval(PROBE_EVERY);
    probes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            change = subscription.next() => changes.note(change?),
            _ = probes.tick() => match timeout(PROBE_PATIENCE, subscription.probe()).await {
                Ok(alive) => alive?,
                Err(silence) => return Err(DirectoryUnavailable(Box::new(silence))),
            },
        }
    }
}
