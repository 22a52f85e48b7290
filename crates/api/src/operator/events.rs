//! News of the control plane, live: `/api/admin/events`.
//!
//! Who listens hears of what they may read, and of nothing else. What they may is looked at again while they listen: as
//! soon as something about their account changes, and twice a minute in any case. While it can't be looked at, nothing is
//! told; when it can again, they hear that anything may have changed.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use customers::Actor;
use domain::Rights;
use domain::news::{News, Topic};
use futures_util::stream::{self, Stream, StreamExt as _};
use problem::Problem;
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;
use uuid::Uuid;

use super::schemas;
use super::streams::OpenStream;
use crate::ApiState;
use crate::news::Told;
use crate::problem_document::ProblemDocument;

/// How often it is looked at what a listener may hear, and after how long without a look nothing is told any more.
const LOOK_EVERY: Duration = Duration::from_secs(25);
const LONGEST_UNSEEN: Duration = Duration::from_secs(60);
/// How often something is sent when there is no news.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How soon a browser should come back when the connection is lost.
const COME_BACK: Duration = Duration::from_secs(2);

/// Something changed. What it is now is asked for at its own route.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeView {
    /// What kind of thing.
    #[schema(schema_with = schemas::topic)]
    topic: Topic,
    /// Whose; null: nobody's, several customers', or it isn't known.
    #[schema(required)]
    customer: Option<Uuid>,
    /// Which one; null: several, or it isn't known.
    #[schema(required)]
    id: Option<Uuid>,
}

impl From<News> for ChangeView {
    fn from(News { topic, customer, id }: News) -> Self {
        Self { topic, customer, id }
    }
}

/// What changes, live: an event `change` with the kind of thing, whose it is and which one, for what the operator may read;
/// a comment every 15 s. Many changes at once are told as few, each kind at most twice a second. A change with neither
/// customer nor id says that anything of its kind may have changed: so it does for each kind after something was missed.
/// Read what is shown anew after every reconnection. Ends with the session, and keeps none alive. At most eight streams of a
/// session or token are open at once.
#[utoipa::path(get, path = "/api/admin/events", tag = "events",
    responses((status = 200, description = "Server-sent events; the data is a change", content_type = "text/event-stream", body = ChangeView),
        (status = 429, description = "Too many streams are open", body = ProblemDocument)))]
pub(crate) async fn events(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let listening = Listening {
        _open: state.streams.open(actor.credential())?,
        told: state.news.subscribe(),
        rights: actor.rights(),
        looked_at: Instant::now(),
        look_at: Instant::now() + LOOK_EVERY,
        missed: false,
        queue: VecDeque::new(),
        actor,
        state,
    };
    let stop = listening.state.stop.clone();
    let hello = stream::once(async { Event::default().retry(COME_BACK).comment("listening") });
    let changes = stream::unfold(listening, Listening::next_event);
    let events = hello.chain(changes).map(Ok).take_until(stop.cancelled_owned());
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

struct Listening {
    /// Given back when they hang up.
    _open: OpenStream,
    state: ApiState,
    actor: Actor,
    told: Receiver<Told>,
    /// What the listener may do, as it was when it was last looked at.
    rights: Rights,
    looked_at: Instant,
    look_at: Instant,
    /// Whether something changed that they were not told.
    missed: bool,
    queue: VecDeque<News>,
}

impl Listening {
    async fn next_event(mut self) -> Option<(Event, Self)> {
        loop {
            if let Some(news) = self.queue.pop_front() {
                let data = serde_json::to_string(&ChangeView::from(news)).unwrap_or_default();
                return Some((Event::default().event("change").data(data), self));
            }
            match timeout_at(self.look_at, self.told.recv()).await {
                Ok(Ok(Told::News(news))) => {
                    if news.iter().any(|news| self.is_about_listener(news)) || self.is_unseen() {
                        self.look().await?;
                    }
                    self.tell(&news);
                }
                Ok(Ok(Told::Missed) | Err(RecvError::Lagged(_))) => {
                    self.missed = true;
                    self.look().await?;
                }
                Ok(Err(RecvError::Closed)) => return None,
                Err(_) => self.look().await?,
            }
        }
    }

    fn tell(&mut self, news: &[News]) {
        if self.is_unseen() {
            self.missed = true;
            return;
        }
        self.queue.extend(news.iter().filter(|news| news.is_for(self.rights)));
    }

    /// Looks what the listener may hear now. `None`: nothing, because their session or token has ended.
    async fn look(&mut self) -> Option<()> {
        self.look_at = Instant::now() + LOOK_EVERY;
        match self.state.identity.rights_now(&self.actor).await {
            Ok(rights) => {
                self.rights = rights?;
                self.looked_at = Instant::now();
                if std::mem::take(&mut self.missed) {
                    let all = Topic::ALL.iter().map(|topic| News::of(*topic));
                    self.queue = all.filter(|news| news.is_for(self.rights)).collect();
                }
            }
            Err(error) => tracing::debug!(%error, "what a listener may hear can't be looked at"),
        }
        Some(())
    }

    fn is_unseen(&self) -> bool {
        self.looked_at.elapsed() >= LONGEST_UNSEEN
    }

    fn is_about_listener(&self, news: &News) -> bool {
        news.topic == Topic::Operators && (news.id.is_none() || news.id == self.actor.operator_id())
    }
}

#[cfg(test)]
mod tests {
    use domain::operator::Credential;
    use domain::{Right, Role};

    use super::*;
    use crate::operator::tests::Api;

    async fn listening(api: &Api, looked_at: Instant) -> Listening {
        let actor = Actor::operator(Uuid::now_v7(), Credential::Session(Uuid::nil()), Role::Owner.rights());
        Listening {
            _open: api.state().streams.open(actor.credential()).unwrap(),
            told: api.state().news.subscribe(),
            rights: actor.rights(),
            looked_at,
            look_at: Instant::now() + LOOK_EVERY,
            missed: false,
            queue: VecDeque::new(),
            actor,
            state: api.state().clone(),
        }
    }

    #[tokio::test]
    async fn nothing_is_told_while_it_can_not_be_looked_at_what_somebody_may_hear() {
        let api = Api::new().await;
        let news = [News::of(Topic::Customers)];
        assert!(Role::Owner.rights().has(Right::CustomersRead));
        let second = Duration::from_secs(1);
        for (age, told) in
            [(Duration::ZERO, 1), (LONGEST_UNSEEN - second * 10, 1), (LONGEST_UNSEEN + second, 0)]
        {
            let mut listening = listening(&api, Instant::now().checked_sub(age).unwrap()).await;
            listening.tell(&news);
            assert_eq!((listening.queue.len(), listening.missed), (told, told == 0), "{age:?}");
        }
    }
}
