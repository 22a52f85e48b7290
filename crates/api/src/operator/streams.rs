//! How many event streams are open at once: each holds a connection and some memory for as long as somebody listens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::operator::Credential;
use problem::Problem;

/// How many one session or token has at most: a few tabs, each with the news and an operation.
const MOST_OF_ONE: usize = 8;
/// How many those have together who show the token of the configuration: it is the same for all of them.
const MOST_OF_PROGRAMS: usize = 64;
/// How many a server has at most.
const MOST_OF_ALL: usize = 1024;

/// When it makes sense to come back, in seconds: a tab that is closed gives its own back soon.
const COME_BACK: u64 = 10;

/// The event streams that are open on this server. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventStreams(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    all: usize,
    of: HashMap<Credential, usize>,
}

/// The right to one stream: given back when it is dropped, with the connection.
#[derive(Debug)]
pub(crate) struct OpenStream {
    streams: EventStreams,
    whose: Credential,
}

impl EventStreams {
    /// One more stream of whoever came in with this.
    ///
    /// # Errors
    /// `too-many-streams`.
    pub(crate) fn open(&self, whose: Credential) -> Result<OpenStream, Problem> {
        let most = match whose {
            Credential::Session(_) | Credential::Token(_) => MOST_OF_ONE,
            Credential::Bootstrap | Credential::System => MOST_OF_PROGRAMS,
        };
        let mut open = self.lock();
        if open.of.get(&whose).is_some_and(|of_one| *of_one >= most) {
            return Err(Problem::too_many_streams(format!(
                "You have {most} event streams open, which is the most. Close one: a tab, or a program that watches."
            ))
            .retry_after(COME_BACK));
        }
        if open.all >= MOST_OF_ALL {
            return Err(Problem::too_many_streams(
                "This server has as many event streams open as it can. Try again in a moment.",
            )
            .retry_after(COME_BACK));
        }
        open.all += 1;
        *open.of.entry(whose).or_default() += 1;
        Ok(OpenStream { streams: self.clone(), whose })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        open.all = open.all.saturating_sub(1);
        if let Some(of_one) = open.of.get_mut(&self.whose) {
            *of_one = of_one.saturating_sub(1);
            if *of_one == 0 {
                open.of.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn one_session_takes_nothing_from_another_and_gives_everything_back() {
        let streams = EventStreams::default();
        let (ann, bob) = (Credential::Session(Uuid::now_v7()), Credential::Session(Uuid::now_v7()));
        let mut of_ann: Vec<_> = (0..MOST_OF_ONE).map(|_| streams.open(ann).unwrap()).collect();
        assert_eq!(streams.open(ann).unwrap_err().kind(), "too-many-streams");
        let of_bob = streams.open(bob).unwrap();
        of_ann.pop();
        of_ann.push(streams.open(ann).unwrap());
        drop((of_ann, of_bob));
        let left = streams.lock();
        assert_eq!((left.all, left.of.len()), (0, 0));
    }

    #[test]
    fn a_server_has_an_end() {
        let streams = EventStreams::default();
        let all: Vec<_> =
            (0..MOST_OF_ALL).map(|_| streams.open(Credential::Token(Uuid::now_v7())).unwrap()).collect();
        assert!(streams.open(Credential::Token(Uuid::now_v7())).is_err());
        drop(all);
        assert!(streams.open(Credential::Bootstrap).is_ok());
    }
}
