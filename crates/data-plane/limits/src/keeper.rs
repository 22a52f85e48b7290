//! The background of a limiter: gives back what nobody uses, says from time to time what was spent, hears of those
//! who need what lies idle here, forgets limits that nobody asks for, and catches up after Redis was away.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use redis::RedisResult;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::limit::{Account, Limit, Refill, State};
use crate::limit_key::LimitKey;
use crate::limiter::Inner;
use crate::word::{Purpose, RECALL_CHANNEL, timed_out};

/// How often the list is looked through.
const TICK: Duration = Duration::from_millis(250);
/// After how long Redis is told what a limit in use has spent. Redis takes a holder for dead after 2.5 seconds.
const TELL: Duration = Duration::from_secs(1);
/// How many limits tell at once.
const ABREAST: usize = 32;
/// How long giving everything back may take when the node stops.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long to wait before listening for recalls again.
const DEAF: Duration = Duration::from_millis(200);
/// How long beginning to listen may take.
const CONNECTING: Duration = Duration::from_secs(2);

impl Inner {
    /// Runs until the limiter is stopped, and then gives everything back.
    pub(crate) async fn keep(self: Arc<Self>) {
        tokio::select! {
            () = self.link.keep(|is_another| self.owing(is_another), |owing| self.catch_up(owing)) => {}
            () = self.listen() => {}
            () = self.tidy() => {}
            () = self.stop.cancelled() => {}
        }
        let _ = timeout(FAREWELL, self.say_farewell()).await;
    }

    /// Puts a limit on the list of those to look after.
    pub(crate) fn list(&self, limit: &Arc<Limit>) {
        if !std::mem::replace(&mut limit.state().listed, true) {
            self.listed.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(limit));
        }
    }

    async fn tidy(self: &Arc<Self>) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut swept = Instant::now();
        loop {
            tick.tick().await;
            if self.link.is_up() {
                self.look_after().await;
            }
            if swept.elapsed() > self.config.forget / 4 {
                swept = Instant::now();
                self.forget().await;
            }
        }
    }

    /// Looks through the list.
    async fn look_after(self: &Arc<Self>) {
        let listed = std::mem::take(&mut *self.listed.lock().unwrap_or_else(PoisonError::into_inner));
        let now = Instant::now();
        let (mut stay, mut speak) = (Vec::new(), Vec::new());
        for limit in listed {
            let mut state = limit.state();
            let idle = state.slice.idle(now) >= self.config.idle;
            let told = state.told_at.is_some_and(|at| now.saturating_duration_since(at) < TELL);
            let quiet = state.refill == Refill::None;
            match (quiet, idle) {
                (true, true) if !state.unseeded => {
                    state.listed = false;
                    let speaks = holds(&state) || state.account.owes();
                    drop(state);
                    if speaks {
                        speak.push((limit, Purpose::GiveBack));
                    }
                }
                (true, _) if !told => {
                    drop(state);
                    stay.push(Arc::clone(&limit));
                    speak.push((limit, Purpose::Keep));
                }
                _ => {
                    drop(state);
                    stay.push(limit);
                }
            }
        }
        self.listed.lock().unwrap_or_else(PoisonError::into_inner).append(&mut stay);
        self.speak(speak).await;
    }

    async fn speak(self: &Arc<Self>, words: Vec<(Arc<Limit>, Purpose)>) {
        stream::iter(words)
            .for_each_concurrent(ABREAST, |(limit, purpose)| async move {
                self.say_alone(limit, purpose).await;
            })
            .await;
    }

    /// Forgets limits that nobody asks for. Their tokens were given back long ago.
    async fn forget(self: &Arc<Self>) {
        let now = Instant::now();
        let evicted = self.table.evict(|limit| {
            let state = limit.state();
            state.slice.idle(now) < self.config.forget
                || state.listed
                || state.refill != Refill::None
                || state.account.owes()
        });
        let checks = evicted.iter().map(|limit| limit.state().checks).sum();
        self.forgotten_checks.fetch_add(checks, Ordering::Relaxed);
        if self.link.is_up() {
            let known = evicted.into_iter().filter(|limit| is_known(limit));
            self.speak(known.map(|limit| (limit, Purpose::Leave)).collect()).await;
        }
    }

    /// Redis is back, and nobody has asked it yet: the limits that have something to tell. When it isn't the one that was there
    /// before (it was restarted, or another took its place), it may know less than that did: then also what it was told.
    fn owing(&self, is_another: bool) -> Vec<(Arc<Limit>, Purpose)> {
        let wall_ms = (self.config.clock)().timestamp_millis().saturating_add(self.link.behind_ms());
        let owing = self.table.select(|limit| {
            let mut state = limit.state();
            if let Account::Counted(counted) = &mut state.account {
                // If Redis has lost its count, PostgreSQL's will contain what was accepted up to now: usage doesn't
                // go through Redis.
                counted.told = counted.spent;
            }
            state.account.owes() || is_another && was_told(&state.account, wall_ms)
        });
        let with_purpose = |limit: Arc<Limit>| {
            let owes = limit.state().account.owes();
            (limit, if owes { Purpose::Keep } else { Purpose::Remind })
        };
        owing.into_iter().map(with_purpose).collect()
    }

    /// Tells Redis what was accepted without it. Not awaited by the link's task, which has to watch the link.
    fn catch_up(self: &Arc<Self>, owing: Vec<(Arc<Limit>, Purpose)>) {
        for (limit, _) in owing.iter().filter(|(_, purpose)| *purpose == Purpose::Keep) {
            self.list(limit);
        }
        let inner = Arc::clone(self);
        tokio::spawn(async move { inner.speak(owing).await });
    }

    /// Gives everything back. A limit that is telling something at this moment is waited for.
    async fn say_farewell(self: &Arc<Self>) {
        while self.link.is_up() {
            let holding = self.table.select(|limit| {
                let state = limit.state();
                holds(&state) || state.account.owes()
            });
            if holding.is_empty() {
                return;
            }
            self.speak(holding.into_iter().map(|limit| (limit, Purpose::GiveBack)).collect()).await;
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Listens for recalls for as long as it is polled. Without them everything is still given back, after a second.
    async fn listen(self: &Arc<Self>) {
        loop {
            if self.link.is_up() {
                // What ended it is the link's to tell.
                let _ = self.listen_once().await;
            }
            sleep(DEAF).await;
        }
    }

    async fn listen_once(self: &Arc<Self>) -> RedisResult<()> {
        let Some(client) = self.link.client() else { return Ok(()) };
        let subscribed = timeout(CONNECTING, async {
            let mut listener = client.get_async_pubsub().await?;
            listener.subscribe(RECALL_CHANNEL).await?;
            RedisResult::Ok(listener)
        });
        let mut listener = subscribed.await.unwrap_or_else(|_| Err(timed_out()))?;
        self.hears.store(true, Ordering::Relaxed);
        let mut recalls = listener.on_message();
        while let Some(message) = recalls.next().await {
            let Ok(redis_key) = message.get_payload::<String>() else { continue };
            let Some(limit) = LimitKey::parse(&redis_key).and_then(|key| self.table.get(&key)) else {
                continue;
            };
            let holds = holds(&limit.state());
            if holds {
                self.say_alone(limit, Purpose::GiveBack).await;
            }
        }
        self.hears.store(false, Ordering::Relaxed);
        Ok(())
    }
}

/// Whether this node holds tokens, or others may think so.
fn holds(state: &State) -> bool {
    state.account.hand() > 0 || state.loose > 0
}

/// Whether Redis heard of requests that it must not forget yet: their window isn't over. A level sinks by itself.
fn was_told(account: &Account, wall_ms: i64) -> bool {
    let Account::Counted(counted) = account else { return false };
    counted.known && counted.spent > 0 && counted.window.contains(wall_ms)
}

/// Whether Redis keeps a field for this holder in a window that isn't over.
fn is_known(limit: &Limit) -> bool {
    match &limit.state().account {
        Account::Counted(counted) => counted.known,
        Account::Flow(flow) => flow.known,
    }
}
