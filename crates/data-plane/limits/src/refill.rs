//! Telling Redis and leasing from it. Every word of a limit goes through here, one at a time per limit: whoever sets
//! [`Refill::Asked`] under the limit's lock owns the next word.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::time::{sleep, timeout};

use crate::limit::{Limit, Refill};
use crate::limiter::Inner;
use crate::policy::OnRedisLoss;
use crate::seed::Span;
use crate::window::Window;
use crate::word::{Answer, Heard, Next, Purpose, SeedWord, Word};

/// How long the count in PostgreSQL may take. Nobody waits for it that long.
const SEEDING: Duration = Duration::from_secs(5);
/// How long to leave PostgreSQL alone after it couldn't say.
const SEED_PAUSE: Duration = Duration::from_secs(1);
/// The pauses between asking again for what others give back.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(32);

impl Inner {
    /// Leases tokens in the background. The caller has set [`Refill::Asked`].
    pub(crate) fn begin_refill(self: &Arc<Self>, limit: &Arc<Limit>) {
        let (inner, limit) = (Arc::clone(self), Arc::clone(limit));
        tokio::spawn(async move { inner.lease(&limit).await });
    }

    async fn lease(self: &Arc<Self>, limit: &Arc<Limit>) {
        let (begun, mut pause) = (Instant::now(), FIRST_PAUSE);
        loop {
            let purpose = Purpose::Lease { in_advance: !self.stop.is_cancelled() };
            let next = self.say(limit, purpose, begun + self.config.patience).await;
            self.list(limit);
            limit.changed.notify_waiters();
            if next == Next::Done {
                break;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        // Nobody looks after it any more: what those who waited didn't take is given back here.
        if self.stop.is_cancelled() {
            sleep(LONGEST_PAUSE).await;
            self.say_alone(Arc::clone(limit), Purpose::GiveBack).await;
        }
    }

    /// Says something to Redis if no other word is under way, and waits until it is said. It is said to the end even
    /// if nobody waits for it any more: a word that is broken off would block the limit.
    pub(crate) async fn say_alone(self: &Arc<Self>, limit: Arc<Limit>, purpose: Purpose) {
        {
            let mut state = limit.state();
            if state.refill != Refill::None {
                return;
            }
            state.refill = Refill::Asked;
        }
        let inner = Arc::clone(self);
        let said = tokio::spawn(async move {
            inner.say(&limit, purpose, Instant::now()).await;
            limit.changed.notify_waiters();
        });
        // An error is the end of the runtime.
        let _ = said.await;
    }

    /// One word and what follows from it. Sets the limit's `refill` to what is under way afterwards.
    async fn say(&self, limit: &Arc<Limit>, purpose: Purpose, wait_until: Instant) -> Next {
        let (mut word, unseeded, declared) = {
            let mut state = limit.state();
            (limit.word(&mut state, purpose, Instant::now()), state.unseeded, state.declared)
        };
        let mut seed = SeedWord::NotAsked;
        if unseeded && purpose == Purpose::Keep {
            seed = self.seed(limit, &word).await;
        }
        let mut heard = self.link.tell(&word, seed).await;
        if matches!(&heard, Ok(Heard { answer: Answer::Fresh, .. })) {
            seed = self.seed(limit, &word).await;
            if seed == SeedWord::Unknown && declared == OnRedisLoss::Closed {
                // Redis is there and can't decide this one: as if it were away, until PostgreSQL can be asked.
                limit.state().refill = Refill::Stalled;
                limit.changed.notify_waiters();
                sleep(SEED_PAUSE).await;
                limit.state().refill = Refill::None;
                return Next::Done;
            }
            // What this node has accepted by now, PostgreSQL may have counted too.
            word.learn_spent(&limit.state().account);
            heard = self.link.tell(&word, seed).await;
        }
        let now = Instant::now();
        let mut state = limit.state();
        match heard {
            Ok(heard) => state.hear(&word, &heard.answer, now, now < wait_until),
            Err(_) => {
                state.refill = Refill::None;
                Next::Done
            }
        }
    }

    /// What was used before Redis began to count.
    async fn seed(&self, limit: &Limit, word: &Word) -> SeedWord {
        let Some(window) = word.window() else { return SeedWord::NotAsked };
        match timeout(SEEDING, self.seed.used(&limit.key.subject, span(&window))).await {
            Ok(Ok(used)) => SeedWord::Used(used),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a limit is counted without what was used before");
                SeedWord::Unknown
            }
            Err(_) => {
                tracing::warn!("a limit is counted without what was used before: the count takes too long");
                SeedWord::Unknown
            }
        }
    }
}

fn span(window: &Window) -> Span {
    let moment = |milliseconds: Option<i64>| milliseconds.and_then(DateTime::<Utc>::from_timestamp_millis);
    Span { since: moment(window.start_ms), until: moment(window.end_ms) }
}
