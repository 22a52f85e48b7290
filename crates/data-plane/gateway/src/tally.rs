//! Counts that many threads add to at once, in a place for each thread: a number that all of them write would go back and
//! forth between the processor's cores for every request. What the places hold is added up when somebody asks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use domain::CustomerId;
use domain::principal::CustomerStanding;
use foldhash::fast::RandomState;
use metrics::{Counter, Histogram, counter, histogram};

/// Customers with a series of their own; what is used by further ones is counted together, as `other`.
const CUSTOMERS: usize = 1_000;
/// Measured times that wait in a place before they are told.
const WAITING: usize = 256;
/// As many as threads that seldom meet.
const PLACES: usize = 16;

/// Something of its own for each thread; threads beyond [`PLACES`] share.
struct Places<T>([Place<T>; PLACES]);

/// So far apart that no two are fetched together.
#[repr(align(128))]
#[derive(Default)]
struct Place<T>(Mutex<T>);

impl<T: Default> Default for Places<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Place::default()))
    }
}

impl<T> Places<T> {
    /// This thread's.
    fn own(&self) -> MutexGuard<'_, T> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        std::thread_local!(static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed) % PLACES);
        lock(&self.0[OWN.with(|own| *own)].0)
    }

    fn all(&self) -> impl Iterator<Item = MutexGuard<'_, T>> {
        self.0.iter().map(|place| lock(&place.0))
    }
}

/// No change under these locks can be half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Requests by customer.
#[derive(Default)]
pub(crate) struct CustomerTally {
    places: Places<HashMap<CustomerId, Pile, RandomState>>,
    /// One counter for each, whatever the thread.
    known: RwLock<HashMap<CustomerId, Counter, RandomState>>,
}

/// What isn't told yet.
struct Pile {
    counter: Counter,
    requests: u64,
}

impl CustomerTally {
    pub(crate) fn count(&self, customer: &CustomerStanding) {
        let mut piles = self.places.own();
        if let Some(pile) = piles.get_mut(&customer.id) {
            pile.requests += 1;
            return;
        }
        match self.counter(customer) {
            Some(counter) => drop(piles.insert(customer.id, Pile { counter, requests: 1 })),
            None => counter!("sixty_customer_requests_total", "customer" => "other").increment(1),
        }
    }

    /// None for a customer who is counted with the others.
    fn counter(&self, customer: &CustomerStanding) -> Option<Counter> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(&customer.id) && known.len() >= CUSTOMERS {
            return None;
        }
        let counter = known.entry(customer.id).or_insert_with(
            || counter!("sixty_customer_requests_total", "customer" => customer.slug.clone()),
        );
        Some(counter.clone())
    }

    pub(crate) fn tell(&self) {
        for mut piles in self.places.all() {
            for pile in piles.values_mut() {
                pile.counter.increment(std::mem::take(&mut pile.requests));
            }
        }
    }
}

/// The requests of one route.
pub(crate) struct RouteTally {
    route: String,
    places: Places<Answered>,
    time: Histogram,
    ok: Counter,
}

/// Requests that were answered and aren't told yet.
#[derive(Default)]
struct Answered {
    ok: u64,
    seconds: Vec<f64>,
}

impl RouteTally {
    pub(crate) fn new(route: String) -> Self {
        Self {
            places: Places::default(),
            time: histogram!("sixty_request_seconds", "route" => route.clone()),
            ok: counter!("sixty_requests_total", "route" => route.clone(), "outcome" => "ok"),
            route,
        }
    }

    /// A request was answered, and with what outcome.
    pub(crate) fn answered(&self, outcome: &'static str, after: Duration) {
        let mut answered = self.places.own();
        answered.seconds.push(after.as_secs_f64());
        if outcome == "ok" {
            answered.ok += 1;
        } else {
            counter!("sixty_requests_total", "route" => self.route.clone(), "outcome" => outcome)
                .increment(1);
        }
        if answered.seconds.len() >= WAITING {
            self.tell_place(&mut answered);
        }
    }

    pub(crate) fn tell(&self) {
        for mut answered in self.places.all() {
            self.tell_place(&mut answered);
        }
    }

    fn tell_place(&self, answered: &mut Answered) {
        self.ok.increment(std::mem::take(&mut answered.ok));
        for seconds in answered.seconds.drain(..) {
            self.time.record(seconds);
        }
    }
}
