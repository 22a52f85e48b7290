//! Where the customers' databases are, as far as this server knows.
//!
//! What was once learned is kept: with the directory away, every customer that this server has served is still found.
//! It is only asked again when there is a reason to doubt (a connection that can't be made, a change that was
//! announced, a pool that lay idle), and many who doubt at once share one answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::CustomerId;
use domain::principal::{Directory, SealedEndpoint};

use crate::Error;

/// What is known of one customer.
#[derive(Default)]
struct Place {
    endpoint: Option<Arc<SealedEndpoint>>,
    /// Whether there is a reason to ask again before it is used for a new connection.
    doubted: bool,
    /// How many times the directory was asked, and which question was answered last, with what.
    asked: u64,
    answered: u64,
    outcome: Outcome,
    /// One question at a time.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Default)]
enum Outcome {
    #[default]
    Known,
    /// The directory knows of no such customer that is ready.
    Unknown,
    /// The directory could not be asked.
    Away(String),
}

/// What the directory said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// The same place as before, or the first that is known.
    Same(Arc<SealedEndpoint>),
    /// Another place: connections to the old one are of no use.
    Moved(Arc<SealedEndpoint>),
}

impl Found {
    pub(crate) fn endpoint(self) -> Arc<SealedEndpoint> {
        match self {
            Self::Same(endpoint) | Self::Moved(endpoint) => endpoint,
        }
    }
}

pub(crate) struct Places {
    directory: Arc<dyn Directory>,
    known: Mutex<HashMap<CustomerId, Place>>,
}

impl Places {
    pub(crate) fn new(directory: Arc<dyn Directory>) -> Self {
        Self { directory, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<CustomerId, Place>> {
        // Nothing can be half done while the lock is held, so a panic elsewhere doesn't spoil the map.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known and not doubted.
    pub(crate) fn trusted(&self, customer: CustomerId) -> Option<Arc<SealedEndpoint>> {
        self.known().get(&customer).filter(|place| !place.doubted)?.endpoint.clone()
    }

    /// What was last known, however long ago.
    pub(crate) fn last_known(&self, customer: CustomerId) -> Option<Arc<SealedEndpoint>> {
        self.known().get(&customer)?.endpoint.clone()
    }

    /// Asks again before the next connection is made. Says whether anything is known that could be wrong.
    pub(crate) fn doubt(&self, customer: CustomerId) -> bool {
        match self.known().get_mut(&customer) {
            Some(place) => {
                place.doubted = true;
                place.endpoint.is_some()
            }
            None => false,
        }
    }

    /// The customers of whom there is a reason to ask again.
    pub(crate) fn doubted(&self) -> Vec<CustomerId> {
        self.known().iter().filter(|(_, place)| place.doubted).map(|(customer, _)| *customer).collect()
    }

    /// The customers that something is known of.
    pub(crate) fn customers(&self) -> Vec<CustomerId> {
        self.known().keys().copied().collect()
    }

    /// Asks the directory. The answer is one to a question that was asked after this call began, so that it is never
    /// older than the reason for asking; whoever comes while another's question is on its way shares the next one.
    ///
    /// # Errors
    /// [`Error::UnknownCustomer`] or [`Error::Unavailable`]. What was known before is kept when the directory is away.
    pub(crate) async fn look_up(&self, customer: CustomerId) -> Result<Found, Error> {
        let (turn, asked_before) = {
            let mut known = self.known();
            let place = known.entry(customer).or_default();
            (Arc::clone(&place.turn), place.asked)
        };
        let _turn = turn.lock().await;
        let number = {
            let mut known = self.known();
            let place = known.entry(customer).or_default();
            // The last answer is to a question of after our coming.
            if place.answered > asked_before {
                return match (&place.outcome, &place.endpoint) {
                    (Outcome::Away(words), _) => Err(Error::Unavailable(words.clone())),
                    (Outcome::Known, Some(endpoint)) => Ok(Found::Same(Arc::clone(endpoint))),
                    (Outcome::Unknown, _) | (Outcome::Known, None) => Err(Error::UnknownCustomer),
                };
            }
            place.asked += 1;
            place.asked
        };
        let answer = self.directory.endpoint(customer).await;
        let mut known = self.known();
        let place = known.entry(customer).or_default();
        place.answered = number;
        match answer {
            Err(error) => {
                let words = error.to_string();
                place.outcome = Outcome::Away(words.clone());
                Err(Error::Unavailable(words))
            }
            Ok(None) => {
                place.outcome = Outcome::Unknown;
                place.endpoint = None;
                // Nothing is kept of a customer that isn't there, unless somebody waits for this answer: the map and
                // this call hold the lock between them otherwise.
                if Arc::strong_count(&place.turn) <= 2 {
                    known.remove(&customer);
                }
                Err(Error::UnknownCustomer)
            }
            Ok(Some(endpoint)) => {
                place.outcome = Outcome::Known;
                place.doubted = false;
                let endpoint = Arc::new(endpoint);
                let old = place.endpoint.replace(Arc::clone(&endpoint));
                let has_moved = old.is_some_and(|old| !is_same_place(&old, &endpoint));
                Ok(if has_moved { Found::Moved(endpoint) } else { Found::Same(endpoint) })
            }
        }
    }
}

/// Whether connections to the one are as good as connections to the other. The password isn't part of it: a
/// connection that was let in stays in when the password changes.
fn is_same_place(one: &SealedEndpoint, other: &SealedEndpoint) -> bool {
    (&one.host, one.port, &one.database, &one.user, &one.ca_certificate)
        == (&other.host, other.port, &other.database, &other.user, &other.ca_certificate)
}
