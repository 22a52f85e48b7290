//! News of the admin database, for whoever looks at a dashboard: one listening connection per server, any number of
//! listeners in memory.

mod burst;

use std::sync::Arc;
use std::time::Duration;

use catalog::{Catalog, CatalogError, DASHBOARD, Listener};
use domain::news::News;
use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use burst::Burst;

/// How often the connection is made anew when it can't be.
const TRY_EVERY: Duration = Duration::from_millis(500);
/// How often the connection is asked for a sign of life, and how long it may take to give one.
const PROBE_EVERY: Duration = Duration::from_secs(5);
const PROBE_PATIENCE: Duration = Duration::from_secs(2);
/// How many tellings a slow listener may be behind before it is told that it missed some.
const KEPT: usize = 64;

/// What listeners are told.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    /// This changed.
    News(Arc<[News]>),
    /// Whatever may have changed meanwhile wasn't heard of.
    Missed,
}

/// Tells what changed in the admin database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NewsDesk {
    told: broadcast::Sender<Told>,
}

impl NewsDesk {
    /// Starts listening, until told to stop. A lost connection is made anew.
    #[must_use]
    pub fn start(catalog: Catalog, stop: CancellationToken) -> Self {
        let (told, _) = broadcast::channel(KEPT);
        let desk = Self { told };
        let task = desk.clone();
        tokio::spawn(async move { stop.run_until_cancelled(task.listen_for_ever(&catalog)).await });
        desk
    }

    /// Hears what is told from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Told> {
        self.told.subscribe()
    }

    async fn listen_for_ever(&self, catalog: &Catalog) {
        let mut attempts = interval(TRY_EVERY);
        attempts.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            attempts.tick().await;
            match catalog.listen(&[DASHBOARD]).await {
                Ok(mut listener) => {
                    self.tell(Told::Missed);
                    let Err(error) = self.pass_on(&mut listener).await;
                    tracing::warn!(%error, "news of the admin database aren't heard: the connection is lost");
                }
                Err(error) => tracing::debug!(%error, "news of the admin database can't be listened to"),
            }
        }
    }

    async fn pass_on(&self, listener: &mut Listener) -> Result<std::convert::Infallible, CatalogError> {
        let mut burst = Burst::default();
        let mut probe_at = Instant::now() + PROBE_EVERY;
        loop {
            let until = burst.due().map_or(probe_at, |due| due.min(probe_at));
            if let Ok(notification) = timeout_at(until, listener.next()).await {
                match notification?.payload.parse() {
                    Ok(news) => burst.add(news, Instant::now()),
                    // Another version's, or somebody else's who may write to the channel.
                    Err(error) => tracing::debug!(%error, "what was told is no news"),
                }
            }
            let now = Instant::now();
            if burst.due().is_some_and(|due| due <= now) {
                self.tell(Told::News(burst.take(now).into()));
            }
            if probe_at <= now {
                let answer = timeout(PROBE_PATIENCE, listener.probe()).await;
                answer.map_err(|silence| CatalogError::Unavailable(silence.into()))??;
                probe_at = Instant::now() + PROBE_EVERY;
            }
        }
    }

    fn tell(&self, told: Told) {
        // No receivers is fine: nobody looks.
        let _ = self.told.send(told);
    }
}
