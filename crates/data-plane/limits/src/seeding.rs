//! What was used before Redis began to count: asked without anybody waiting for it for long, and told when it is known.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::timeout;

use crate::limit::Limit;
use crate::limiter::Inner;
use crate::policy::OnRedisLoss;
use crate::seed::Span;
use crate::window::Window;
use crate::word::{Purpose, SeedWord};

/// How long the count in PostgreSQL may take.
const SEEDING: Duration = Duration::from_secs(5);
/// How long a count that begins is held up for it. Afterwards it begins in Redis without it: all nodes share what is
/// counted from then on, while each for itself would accept the whole quota.
const PROMPT: Duration = Duration::from_millis(100);

/// An answer that came when its count had begun.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LateSeed {
    pub(crate) window: Window,
    pub(crate) word: SeedWord,
}

impl Inner {
    /// What to tell a Redis that has no count. [`SeedWord::Unknown`] when that isn't known yet: it is told later.
    pub(crate) async fn first_seed(
        self: &Arc<Self>,
        limit: &Arc<Limit>,
        window: Window,
        declared: OnRedisLoss,
    ) -> SeedWord {
        if declared == OnRedisLoss::Closed {
            // What isn't known is refused there.
            return self.seed(limit, window, true).await;
        }
        let (inner, asked) = (Arc::clone(self), Arc::clone(limit));
        let mut question = Box::pin(async move { inner.seed(&asked, window, true).await });
        let prompt = PROMPT.min(self.config.patience / 3);
        if let Ok(word) = timeout(prompt, question.as_mut()).await {
            return word;
        }
        limit.state().seeding = true;
        self.tell_late(limit, window, question);
        SeedWord::Unknown
    }

    /// Asks for a count that began without an answer. The caller has set the limit's `seeding`.
    pub(crate) fn seed_late(self: &Arc<Self>, limit: &Arc<Limit>, window: Window) {
        let (inner, asked) = (Arc::clone(self), Arc::clone(limit));
        self.tell_late(limit, window, async move { inner.seed(&asked, window, false).await });
    }

    fn tell_late(
        self: &Arc<Self>,
        limit: &Arc<Limit>,
        window: Window,
        question: impl Future<Output = SeedWord> + Send + 'static,
    ) {
        let (inner, limit) = (Arc::clone(self), Arc::clone(limit));
        tokio::spawn(async move {
            let word = question.await;
            {
                let mut state = limit.state();
                state.seeding = false;
                if word == SeedWord::Unknown {
                    return;
                }
                state.late_seed = Some(LateSeed { window, word });
            }
            // If another word is under way, the next one tells it.
            inner.say_alone(limit, Purpose::Keep).await;
        });
    }

    async fn seed(&self, limit: &Limit, window: Window, from_beginning: bool) -> SeedWord {
        match timeout(SEEDING, self.seed.used(&limit.key.subject, span(&window))).await {
            Ok(Ok(used)) if from_beginning => SeedWord::UsedBefore(used),
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
