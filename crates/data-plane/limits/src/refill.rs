//! Telling Redis and leasing from it. Every word of a limit goes through here, one at a time per limit: whoever sets
//! [`Refill::Asked`] under the limit's lock owns the next word.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::limit::{Limit, Refill};
use crate::limiter::Inner;
use crate::policy::OnRedisLoss;
use crate::word::{Answer, Heard, Next, Purpose, SeedWord};

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
    async fn say(self: &Arc<Self>, limit: &Arc<Limit>, purpose: Purpose, wait_until: Instant) -> Next {
        let (mut word, mut seed, asks, declared) = {
            let mut state = limit.state();
            let word = limit.word(&mut state, purpose, Instant::now());
            let late = state.late_seed.take().filter(|late| word.window() == Some(late.window));
            let asks = state.unseeded && purpose == Purpose::Keep && late.is_none() && !state.seeding;
            state.seeding |= asks;
            (word, late.map_or(SeedWord::NotAsked, |late| late.word), asks, state.declared)
        };
        if let (true, Some(window)) = (asks, word.window()) {
            self.seed_late(limit, window);
        }
        let mut heard = self.link.tell(&word, seed).await;
        if let (Ok(Heard { answer: Answer::Fresh, .. }), Some(window)) = (&heard, word.window())
            && purpose != Purpose::Remind
        {
            seed = self.first_seed(limit, window, declared).await;
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
}
