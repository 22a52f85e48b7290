//! The connection to Redis, which is there or not. After a failure only this file's task tries Redis, until it
//! answers as it must: no request finds out for itself that Redis hangs.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use redis_address::RedisAddress;
use tokio::sync::watch;
use tokio::time::{sleep, timeout, timeout_at};
use uuid::Uuid;

use crate::word::{Answer, Heard, HeardOrNot, Scripts, SeedWord, Word, timed_out};

/// How often a connection that nobody uses is tried.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// The pauses between attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long an attempt to connect may take, when no request waits for it.
const CONNECTING: Duration = Duration::from_secs(2);
/// An answer that took longer says little about Redis' clock.
const PROMPT: Duration = Duration::from_millis(50);
/// A clock that is further off isn't followed: it is wrong on purpose, or for an operator to look at.
const BELIEVABLE_MS: i64 = 3_600_000;

#[derive(Clone)]
enum Phase {
    /// At the start, until the first attempt has ended.
    Connecting,
    Up(MultiplexedConnection, u64),
    Down,
}

/// The link to Redis.
pub(crate) struct Link {
    client: Option<Client>,
    phase: watch::Sender<Phase>,
    /// Whether it makes sense to ask: not `Down`.
    askable: AtomicBool,
    /// Redis' clock minus this node's, in milliseconds.
    behind_ms: AtomicI64,
    /// How long an answer may take.
    patience: Duration,
    clock: fn() -> DateTime<Utc>,
    scripts: Scripts,
    probe: String,
    last_error: Mutex<Option<String>>,
}

impl Link {
    pub(crate) fn new(address: &RedisAddress, patience: Duration, clock: fn() -> DateTime<Utc>) -> Self {
        let client = address.client();
        if let Err(error) = &client {
            // The text of this error is about the URL's form and doesn't quote it.
            tracing::error!(%error, "the URL of Redis can't be used: limits are counted by each node alone");
        }
        Self {
            client: client.ok(),
            phase: watch::Sender::new(Phase::Connecting),
            askable: AtomicBool::new(true),
            behind_ms: AtomicI64::new(0),
            patience,
            clock,
            scripts: Scripts::new(),
            probe: Uuid::new_v4().simple().to_string(),
            last_error: Mutex::new(None),
        }
    }

    /// Whether Redis can be asked, as far as is known.
    pub(crate) fn is_askable(&self) -> bool {
        self.askable.load(Ordering::Relaxed)
    }

    /// Whether there is a connection.
    pub(crate) fn is_up(&self) -> bool {
        matches!(&*self.phase.borrow(), Phase::Up(..))
    }

    pub(crate) fn behind_ms(&self) -> i64 {
        self.behind_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn client(&self) -> Option<&Client> {
        self.client.as_ref()
    }

    /// Tells Redis a word. Any failure closes the link, so that nobody else waits for what won't come.
    pub(crate) async fn tell(&self, word: &Word, seed: SeedWord) -> HeardOrNot {
        let mut watched = self.phase.subscribe();
        let deadline = tokio::time::Instant::now() + self.patience;
        let Some((mut connection, generation)) = self.connection(&mut watched, deadline).await else {
            let error = timed_out();
            self.close(None, &error);
            return Err(error);
        };
        let invocation = self.scripts.invocation(word, seed);
        let asked = Instant::now();
        let answered = tokio::select! {
            answered = timeout_at(deadline, invocation.invoke_async::<Heard>(&mut connection)) => {
                answered.unwrap_or_else(|_| Err(timed_out()))
            }
            () = left(&mut watched, generation) => Err(timed_out()),
        };
        match &answered {
            // Whoever asked for a wrong window must learn by how much the clocks differ, however long it took.
            Ok(heard) if heard.answer == Answer::OtherWindow => {
                self.compare_clocks(heard.redis_ms, Duration::ZERO);
            }
            Ok(heard) => self.compare_clocks(heard.redis_ms, asked.elapsed()),
            Err(error) => self.close(Some(generation), error),
        }
        answered
    }

    /// The connection, as soon as the first attempt to connect has ended.
    async fn connection(
        &self,
        watched: &mut watch::Receiver<Phase>,
        deadline: tokio::time::Instant,
    ) -> Option<(MultiplexedConnection, u64)> {
        let decided = watched.wait_for(|phase| !matches!(phase, Phase::Connecting));
        let phase = timeout_at(deadline, decided).await.ok()?.ok()?;
        match &*phase {
            Phase::Up(connection, generation) => Some((connection.clone(), *generation)),
            Phase::Connecting | Phase::Down => None,
        }
    }

    fn compare_clocks(&self, redis_ms: i64, took: Duration) {
        let behind = redis_ms - (self.clock)().timestamp_millis();
        if took < PROMPT {
            let followed = if behind.abs() < BELIEVABLE_MS { behind } else { 0 };
            self.behind_ms.store(followed, Ordering::Relaxed);
        }
    }

    /// Marks the link as gone: that of a generation, or whichever is there. A failure of an older connection says
    /// nothing about the one that replaced it.
    fn close(&self, generation: Option<u64>, error: &RedisError) {
        let closed = self.phase.send_if_modified(|phase| {
            let closes = match (&phase, generation) {
                (Phase::Up(_, now), Some(generation)) => *now == generation,
                (Phase::Up(..), None) => false,
                (Phase::Connecting | Phase::Down, _) => true,
            };
            if closes {
                *phase = Phase::Down;
                self.askable.store(false, Ordering::Relaxed);
            }
            closes
        });
        if !closed {
            return;
        }
        let mut last = self.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        if last.replace(error.to_string()).is_none() {
            tracing::warn!(%error, "Redis can't be asked: each limit does as declared until it can");
        }
    }

    /// Keeps the link up for as long as the returned future is polled. Whenever Redis is there, `before` is called
    /// before anybody can ask it, and `after` with what that returned. `before` is told whether it is another Redis than the
    /// last time, or the same one after a restart.
    pub(crate) async fn keep<T>(&self, before: impl Fn(bool) -> T, after: impl Fn(T)) {
        let (mut generation, mut pause) = (0_u64, FIRST_PAUSE);
        let mut last_run = None;
        loop {
            let first = matches!(&*self.phase.borrow(), Phase::Connecting);
            let limit = if first { self.patience } else { CONNECTING };
            match timeout(limit, self.connect()).await.unwrap_or_else(|_| Err(timed_out())) {
                Ok((connection, run)) => {
                    generation += 1;
                    let begun = Instant::now();
                    // Who doesn't say may be another one each time.
                    let is_another = run.is_none() || run != last_run;
                    last_run = run;
                    let prepared = before(is_another);
                    self.open(connection.clone(), generation);
                    after(prepared);
                    self.watch(connection, generation).await;
                    if begun.elapsed() > 5 * LONGEST_PAUSE {
                        pause = FIRST_PAUSE;
                    }
                }
                Err(error) => self.close(None, &error),
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Only the one task that keeps the link opens it.
    fn open(&self, connection: MultiplexedConnection, generation: u64) {
        self.phase.send_modify(|phase| {
            *phase = Phase::Up(connection, generation);
            self.askable.store(true, Ordering::Relaxed);
        });
        let mut last = self.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        if last.take().is_some() {
            tracing::info!("Redis is back: limits are counted over all nodes again");
        }
    }

    /// A connection, and which run of which Redis it leads to.
    async fn connect(&self) -> RedisResult<(MultiplexedConnection, Option<String>)> {
        let Some(client) = &self.client else { return Err(timed_out()) };
        // The time-outs are ours, around the whole call.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        self.probe(&mut connection).await?;
        let run = run_of(&mut connection).await;
        Ok((connection, run))
    }

    /// Whether Redis runs our scripts and takes our writes: a ping would be answered by one that is full, too.
    async fn probe(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        let begun = Instant::now();
        let heard: Heard = self.scripts.probe(&self.probe).invoke_async(connection).await?;
        self.compare_clocks(heard.redis_ms, begun.elapsed());
        Ok(())
    }

    /// Returns when the link is down.
    async fn watch(&self, mut connection: MultiplexedConnection, generation: u64) {
        let mut watched = self.phase.subscribe();
        loop {
            tokio::select! {
                () = left(&mut watched, generation) => return,
                () = sleep(HEARTBEAT) => {}
            }
            let patience = self.patience.max(HEARTBEAT);
            let probed = timeout(patience, self.probe(&mut connection)).await;
            if let Err(error) = probed.unwrap_or_else(|_| Err(timed_out())) {
                self.close(Some(generation), &error);
                return;
            }
        }
    }
}

/// By what a Redis tells one run of itself from all others. None when it doesn't say.
async fn run_of(connection: &mut MultiplexedConnection) -> Option<String> {
    let told: String = redis::cmd("INFO").arg("server").query_async(connection).await.ok()?;
    told.lines().find_map(|line| line.strip_prefix("run_id:")).map(|run| run.trim().to_owned())
}

/// Returns when the connection of this generation is no longer the one.
async fn left(watched: &mut watch::Receiver<Phase>, generation: u64) {
    // An error means that the link itself is gone.
    let _ = watched.wait_for(|phase| !matches!(phase, Phase::Up(_, now) if *now == generation)).await;
}
