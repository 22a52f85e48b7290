//! Hands one spool over, batch by batch.
//!
//! The database's ledger is the truth of how far the spool has been handed over. What is known of it here is only trusted
//! while every call succeeds: a call that failed, or was given up, may have been carried out. The next one then asks first.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use domain::usage::{
    HandOver, HandedOver, SpoolPosition, SpoolProgress, UsageRecord, UsageSink, UsageSinkError,
};

use crate::MeteringConfig;
use crate::folder::{self, Segment, SpoolFolder};
use crate::reader::{self, Piece};
use crate::set_aside;
use crate::spool::{Published, Spool};
use crate::state::State;

/// What every hand-over needs.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) sink: Arc<dyn UsageSink>,
    pub(crate) config: Arc<MeteringConfig>,
    pub(crate) state: Arc<State>,
}

/// Why a hand-over stopped. It goes on when the cause is gone.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandOverError {
    /// The database didn't do its part.
    #[error(transparent)]
    Database(#[from] UsageSinkError),
    /// A segment can't be read or removed.
    #[error("a spool of usage can't be read: {0}")]
    Disk(#[from] io::Error),
}

/// A spool that is being handed over.
pub(crate) struct Source {
    folder: Arc<SpoolFolder>,
    /// Our own, still written to; none for a dead server's.
    live: Option<Arc<Spool>>,
    /// Absent when the ledger must be asked.
    progress: Option<SpoolProgress>,
    /// What lies between the ledger's position and this one has no records worth handing over.
    skipped_to: SpoolPosition,
    /// Damage before this place has been reported.
    reported_to: SpoolPosition,
    /// How many records are tried at once: fewer after a refusal, to find the one that is refused.
    limit: usize,
    /// How many were refused, and are kept in files.
    refused: u64,
}

/// What is next in a spool.
struct Next {
    segment: Segment,
    piece: Piece,
    /// The segment is the one that is being written.
    is_active: bool,
}

/// Whether there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Perhaps.
    More,
    /// Everything that was there has been handed over.
    CaughtUp,
}

impl Source {
    pub(crate) fn new(folder: Arc<SpoolFolder>, live: Option<Arc<Spool>>, context: &Context) -> Self {
        let limit = context.config.batch;
        Self {
            folder,
            live,
            progress: None,
            skipped_to: SpoolPosition::default(),
            reported_to: SpoolPosition::default(),
            limit,
            refused: 0,
        }
    }

    pub(crate) fn folder(&self) -> &Arc<SpoolFolder> {
        &self.folder
    }

    /// Hands a batch over. May be dropped at any await.
    pub(crate) async fn step(&mut self, context: &Context) -> Result<Step, HandOverError> {
        let progress = match self.progress.take() {
            Some(progress) => progress,
            None => {
                let progress = context.sink.open_spool(self.folder.id).await?;
                self.note(progress, context);
                // The ledger may have been restored to an older state, and tells anew what must be read.
                self.skipped_to = progress.position;
                progress
            }
        };
        let began = Instant::now();
        let from = progress.position.max(self.skipped_to);
        let asked = self.limit;
        let Some(Next { segment, piece, is_active }) = self.next(from, context).await? else {
            self.progress = Some(progress);
            if self.live.is_some() {
                context.state.note_caught_up(began);
            }
            return Ok(Step::CaughtUp);
        };
        let to = SpoolPosition { segment: segment.number, byte: piece.to };
        self.report(&segment, &piece, context)?;
        if piece.records.is_empty() {
            // The ledger needn't know: whoever reads this place again finds nothing again.
            self.skipped_to = to;
            self.progress = Some(progress);
            return Ok(Step::More);
        }
        self.hand_over(progress, to, &piece.records, context).await?;
        // Fewer than could be: what comes next waits for company.
        if is_active && piece.records.len() < asked {
            context.state.note_caught_up(began);
            return Ok(Step::CaughtUp);
        }
        Ok(Step::More)
    }

    async fn hand_over(
        &mut self,
        progress: SpoolProgress,
        to: SpoolPosition,
        records: &[UsageRecord],
        context: &Context,
    ) -> Result<(), HandOverError> {
        let batch = HandOver { spool: self.folder.id, from: progress.position, to, records };
        match context.sink.hand_over(batch).await {
            Ok(HandedOver::Written) => {
                self.limit = (self.limit * 2).min(context.config.batch);
                let records = progress.records + records.len() as u64;
                self.note(SpoolProgress { position: to, records }, context);
            }
            Ok(HandedOver::StandsAt(progress)) => {
                tracing::info!(spool = %self.folder.id, ?progress, "the spool has been handed over further than was known");
                self.skipped_to = progress.position;
                self.note(progress, context);
            }
            // Halves, until the one that is refused is alone.
            Err(UsageSinkError::Refused(_)) if records.len() > 1 => {
                self.limit = (records.len() / 2).max(1);
                self.progress = Some(progress);
            }
            Err(UsageSinkError::Refused(error)) => {
                self.set_aside(records, &*error, context)?;
                let nothing = HandOver { records: &[], ..batch };
                if context.sink.hand_over(nothing).await? == HandedOver::Written {
                    self.refused += 1;
                    context.state.refused.fetch_add(1, Ordering::Relaxed);
                    self.note(SpoolProgress { position: to, ..progress }, context);
                }
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Notes what the ledger says.
    fn note(&mut self, progress: SpoolProgress, context: &Context) {
        self.progress = Some(progress);
        if self.live.is_some() {
            context.state.handed_over.store(progress.records + self.refused, Ordering::Release);
        }
    }

    /// What comes next; removes the segments that have been handed over wholly.
    async fn next(&self, from: SpoolPosition, context: &Context) -> Result<Option<Next>, HandOverError> {
        let published = self.live.as_ref().map(|spool| spool.published());
        let (folder, state, limit) = (self.folder.path.clone(), Arc::clone(&context.state), self.limit);
        let read = tokio::task::spawn_blocking(move || next(&folder, from, published, limit, &state));
        Ok(read.await.map_err(io::Error::other)??)
    }

    /// Says what of a piece could not be read, once, and sets the segment aside.
    fn report(&mut self, segment: &Segment, piece: &Piece, context: &Context) -> io::Result<()> {
        let spool = self.folder.id;
        let place = |byte: u64| SpoolPosition { segment: segment.number, byte };
        if let Some(torn) = &piece.torn
            && place(torn.start) >= self.reported_to
        {
            tracing::warn!(
                %spool, segment = segment.number, at = torn.start, bytes = torn.end - torn.start,
                "the end of a spool is incomplete: its server was killed while it wrote"
            );
        }
        for damaged in piece.damaged.iter().filter(|damaged| place(damaged.start) >= self.reported_to) {
            // First: what can't be kept isn't skipped.
            let kept = set_aside::segment(&context.config.folder, spool, segment)?;
            let bytes = damaged.end - damaged.start;
            context.state.damaged_bytes.fetch_add(bytes, Ordering::Relaxed);
            tracing::error!(
                %spool, segment = segment.number, at = damaged.start, bytes, kept = %kept.display(),
                "part of a spool of usage is DAMAGED; the rest is handed over, the file is kept"
            );
        }
        self.reported_to = self.reported_to.max(place(piece.to));
        Ok(())
    }

    fn set_aside(
        &self,
        records: &[UsageRecord],
        error: &(dyn std::error::Error + Send + Sync),
        context: &Context,
    ) -> io::Result<()> {
        for record in records {
            let kept = set_aside::record(&context.config.folder, self.folder.id, record)?;
            tracing::error!(
                %error, record = %record.id, kept = %kept.display(),
                "the admin database REFUSES a usage record; it is kept in a file"
            );
        }
        Ok(())
    }
}

/// The blocking part of [`Source::next`].
fn next(
    folder: &Path,
    from: SpoolPosition,
    published: Option<Published>,
    limit: usize,
    state: &State,
) -> io::Result<Option<Next>> {
    for segment in folder::segments(folder)? {
        let is_active = published.is_some_and(|published| segment.number >= published.segment);
        let begin = if segment.number == from.segment { from.byte } else { 0 };
        let file = match File::open(&segment.path) {
            // Somebody else hands this spool over too, and was faster: the ledger keeps us apart.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        let on_disk = file.metadata()?.len();
        let end = match published {
            Some(published) if published.segment == segment.number => published.length,
            // Begun after we looked.
            Some(_) if is_active => return Ok(None),
            _ => on_disk,
        };
        if segment.number >= from.segment && begin < end {
            let mut piece = reader::read(&file, begin, end, limit)?;
            if piece.is_foreign {
                // A newer server wrote it, before this older one was installed. It is kept for that one.
                piece.to = end;
                piece.damaged.push(begin..end);
            }
            return Ok(Some(Next { segment, piece, is_active }));
        }
        if is_active {
            return Ok(None);
        }
        match fs::remove_file(&segment.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed?,
        }
        state.remove_on_disk(on_disk);
    }
    Ok(None)
}
