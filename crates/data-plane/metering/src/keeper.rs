//! The background of a meter: syncs the spool, hands it over, empties the memory, and takes care of what dead servers
//! left.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain::usage::{UsageSink, UsageSinkError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::MeteringConfig;
use crate::folder::{self, SpoolFolder};
use crate::handover::{Context, HandOverError, Source, Step};
use crate::pace::Pace;
use crate::spool::Spool;
use crate::state::State;
use crate::syncing;

/// So many batches of one spool, and then it is another's turn.
const BATCHES_A_ROUND: usize = 20;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(crate) struct Keeper {
    context: Context,
    spool: Arc<Spool>,
    own: Option<Source>,
    adopted: BTreeMap<Uuid, Source>,
    adopted_count: Arc<AtomicUsize>,
    /// When dead servers' spools are looked for next.
    adopt_at: Instant,
    pace: Pace,
}

impl Keeper {
    pub(crate) fn new(
        sink: Arc<dyn UsageSink>,
        config: Arc<MeteringConfig>,
        spool: Arc<Spool>,
        state: Arc<State>,
        adopted_count: Arc<AtomicUsize>,
    ) -> Self {
        let context = Context { sink, config, state };
        let now = Instant::now();
        let pace = Pace::new(now);
        Self { context, spool, own: None, adopted: BTreeMap::new(), adopted_count, adopt_at: now, pace }
    }

    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let (stop_syncing, syncing) = syncing::start(&self.spool, self.context.config.sync_every);
        let stop_limit = self.context.config.stop_limit;
        let mut too_late = pin!(async {
            stop.cancelled().await;
            tokio::time::sleep(stop_limit).await;
        });
        let mut pause = FIRST_PAUSE;
        while !stop.is_cancelled() {
            let before = self.context.state.handed_over.load(Ordering::Acquire);
            self.pace.look(Instant::now(), self.context.state.appended.load(Ordering::Relaxed));
            let done = tokio::select! {
                done = self.round() => done,
                () = &mut too_late => break,
            };
            let wait = match done {
                Ok(step) => {
                    self.all_is_well();
                    pause = FIRST_PAUSE;
                    self.give_way(&stop).await;
                    match step {
                        Step::More => continue,
                        Step::CaughtUp => self.context.config.flush_every,
                    }
                }
                Err(error) => {
                    self.complain(&error);
                    // A database that does something between its failures is worth asking soon.
                    let has_moved = self.context.state.handed_over.load(Ordering::Acquire) != before;
                    let wait = if has_moved { FIRST_PAUSE } else { pause };
                    pause = (wait * 2).min(LONGEST_PAUSE);
                    wait
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => {}
            }
        }
        self.hand_over_the_rest(too_late.as_mut()).await;
        drop(stop_syncing);
        // A thread that panicked has synced nothing at the end; what is in the page cache stays there.
        let _ = tokio::task::spawn_blocking(move || syncing.join()).await;
        self.leave(too_late).await;
    }

    /// Leaves the machine to the requests until they come slower, or it is time.
    async fn give_way(&mut self, stop: &CancellationToken) {
        while self.gives_way() && !stop.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(self.context.config.flush_every) => {}
                () = stop.cancelled() => {}
            }
            self.pace.look(Instant::now(), self.context.state.appended.load(Ordering::Relaxed));
        }
    }

    fn gives_way(&self) -> bool {
        let Context { config, state, .. } = &self.context;
        // What waits in memory, or would have to soon, waits for nobody.
        let has_room = state.on_disk.load(Ordering::Relaxed) < config.spool_bytes / 2;
        let is_safe = has_room && self.spool.in_memory() == 0;
        is_safe && self.pace.is_burst() && state.behind() < config.lag_under_load
    }

    /// A bounded part of everything that is to do.
    async fn round(&mut self) -> Result<Step, HandOverError> {
        let batches = if self.pace.is_burst() { 1 } else { BATCHES_A_ROUND };
        let Self { context, spool, own, adopted, .. } = self;
        if own.is_none() {
            *own = spool.folder().map(|folder| Source::new(folder, Some(Arc::clone(spool)), context));
        }
        let mut all = empty_memory(spool, context).await?;
        if let Some(own) = own
            && hand_over(own, context, batches).await? == Step::More
        {
            all = Step::More;
        }
        for source in adopted.values_mut() {
            if hand_over(source, context, batches).await? == Step::More {
                all = Step::More;
            }
        }
        if all == Step::CaughtUp {
            self.bury_adopted().await;
            // Our own usage doesn't wait for what is wrong with somebody else's.
            if let Err(error) = self.adopt() {
                self.complain(&error);
            }
        }
        Ok(all)
    }

    /// Takes over what dead servers left, if it is time to look.
    fn adopt(&mut self) -> Result<(), HandOverError> {
        let now = Instant::now();
        if now < self.adopt_at {
            return Ok(());
        }
        self.adopt_at = now + self.context.config.adopt_every;
        for (id, path) in folder::all(&self.context.config.folder)? {
            if self.adopted.contains_key(&id) || self.spool.folder().is_some_and(|own| own.id == id) {
                continue;
            }
            if let Some(folder) = SpoolFolder::adopt(id, &path)? {
                let bytes: u64 = folder::segments(&path)?
                    .iter()
                    .filter_map(|segment| segment.path.metadata().ok())
                    .map(|metadata| metadata.len())
                    .sum();
                self.context.state.add_on_disk(bytes);
                tracing::info!(spool = %id, bytes, "a dead server left usage, which is handed over now");
                self.adopted.insert(id, Source::new(Arc::new(folder), None, &self.context));
            }
        }
        self.adopted_count.store(self.adopted.len(), Ordering::Relaxed);
        Ok(())
    }

    /// Removes the adopted spools that were handed over. Only called when all were. What can't be removed is let go, and
    /// found again the next time.
    async fn bury_adopted(&mut self) {
        while let Some((id, source)) = self.adopted.pop_first() {
            self.adopted_count.store(self.adopted.len(), Ordering::Relaxed);
            if let Err(error) = source.folder().remove() {
                tracing::warn!(%error, spool = %id, "the spool of a dead server can't be removed");
            } else if let Err(error) = self.context.sink.forget_spool(id).await {
                tracing::warn!(%error, spool = %id, "the row of a spool that is gone stays in admin_usage_spools");
            } else {
                tracing::info!(spool = %id, "what a dead server left has been handed over");
            }
        }
    }

    /// The server stops: hands over what can be handed over in time.
    async fn hand_over_the_rest(&mut self, mut too_late: Pin<&mut impl Future<Output = ()>>) {
        loop {
            let done = tokio::select! {
                done = self.round() => done,
                () = &mut too_late => break,
            };
            match done {
                Ok(Step::More) => {}
                Ok(Step::CaughtUp) => {
                    self.all_is_well();
                    break;
                }
                // The next server has all the time in the world.
                Err(error) => {
                    self.complain(&error);
                    break;
                }
            }
        }
        // Whatever is still in memory goes down with us.
        self.spool.append_memory();
        let lost = self.spool.in_memory();
        if lost > 0 {
            self.context.state.lose(lost as u64, "the server stops, and neither disk nor database took them");
        }
    }

    /// Removes our spool if nothing is left in it.
    async fn leave(&mut self, too_late: Pin<&mut impl Future<Output = ()>>) {
        if !self.spool.close() {
            let waiting = self.context.state.waiting();
            let folder = self.context.config.folder.display();
            tracing::warn!(waiting, %folder, "usage stays in the spool for the next server that starts");
            return;
        }
        let Some(own) = self.own.as_ref().map(|own| Arc::clone(own.folder())) else { return };
        if let Err(error) = self.spool.remove_segments().and_then(|()| own.remove()) {
            tracing::warn!(%error, "an empty spool of usage stays");
            return;
        }
        tokio::select! {
            forgotten = self.context.sink.forget_spool(own.id) => if let Err(error) = forgotten {
                tracing::warn!(%error, spool = %own.id, "the row of a spool that is gone stays in admin_usage_spools");
            },
            () = too_late => {}
        }
    }

    fn all_is_well(&self) {
        if self.context.state.database.clear() {
            tracing::info!("usage is handed over again");
        }
    }

    fn complain(&self, error: &HandOverError) {
        let state = &self.context.state;
        match error {
            HandOverError::Database(error) => {
                if state.database.raise(error.to_string()) {
                    let (waiting, behind) = (state.waiting(), state.behind());
                    tracing::error!(%error, waiting, ?behind, "usage can't be handed over; it waits in the spool");
                }
            }
            HandOverError::Disk(error) => {
                if state.disk.raise(error.to_string()) {
                    tracing::error!(%error, "a spool of usage can't be read");
                }
            }
        }
    }
}

/// Some batches of a spool.
async fn hand_over(source: &mut Source, context: &Context, batches: usize) -> Result<Step, HandOverError> {
    for _ in 0..batches {
        if source.step(context).await? == Step::CaughtUp {
            return Ok(Step::CaughtUp);
        }
    }
    Ok(Step::More)
}

/// Moves what is in memory into the spool, and what the spool doesn't take into the database. A record that went both ways
/// after all (its write was given up, and had been carried out) is recognised by its id.
async fn empty_memory(spool: &Arc<Spool>, context: &Context) -> Result<Step, HandOverError> {
    if spool.in_memory() == 0 {
        return Ok(Step::CaughtUp);
    }
    let spooling = Arc::clone(spool);
    tokio::task::spawn_blocking(move || spooling.append_memory()).await.map_err(std::io::Error::other)?;
    let mut batch = context.config.batch.max(1);
    for _ in 0..BATCHES_A_ROUND {
        let records = spool.first_in_memory(batch);
        if records.is_empty() {
            return Ok(Step::CaughtUp);
        }
        match context.sink.write(&records).await {
            Ok(()) => {
                context.state.written_directly.fetch_add(records.len() as u64, Ordering::Relaxed);
                spool.drop_from_memory(records.len());
            }
            Err(UsageSinkError::Refused(_)) if records.len() > 1 => batch = records.len() / 2,
            Err(UsageSinkError::Refused(error)) => {
                spool.drop_from_memory(1);
                context.state.refused.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, record = ?records, "the admin database REFUSES a usage record, and the disk took none");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Step::More)
}
