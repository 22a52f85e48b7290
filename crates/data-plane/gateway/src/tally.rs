//! Counts that many threads add to at once, in a place for each thread: a number that all of them write would go back and
//! forth between the processor's cores for every request. What the places hold is added up when somebody asks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
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
    places: Places<Piles>,
    /// One counter for each, whatever the thread, until there are [`CUSTOMERS`].
    known: Mutex<Counters>,
    /// All that there will ever be: nobody needs a lock to find that a customer isn't among them.
    full: OnceLock<Counters>,
    /// Of those who have none of their own.
    others: OnceLock<Counter>,
}

type Counters = HashMap<CustomerId, Counter, RandomState>;

/// What one place has counted and isn't told yet.
#[derive(Default)]
struct Piles {
    customers: HashMap<CustomerId, Pile, RandomState>,
    others: u64,
}

struct Pile {
    counter: Counter,
    requests: u64,
}

impl CustomerTally {
    pub(crate) fn count(&self, customer: &CustomerStanding) {
        let mut piles = self.places.own();
        if let Some(pile) = piles.customers.get_mut(&customer.id) {
            pile.requests += 1;
            return;
        }
        match self.counter(customer) {
            Some(counter) => drop(piles.customers.insert(customer.id, Pile { counter, requests: 1 })),
            None => piles.others += 1,
        }
    }

    /// None for a customer who is counted with the others.
    fn counter(&self, customer: &CustomerStanding) -> Option<Counter> {
        if let Some(all) = self.full.get() {
            return all.get(&customer.id).cloned();
        }
        let mut known = lock(&self.known);
        if let Some(counter) = known.get(&customer.id) {
            return Some(counter.clone());
        }
        if known.len() >= CUSTOMERS {
            self.full.get_or_init(|| known.clone());
            return None;
        }
        let counter = counter!("sixty_customer_requests_total", "customer" => customer.slug.clone());
        known.insert(customer.id, counter.clone());
        Some(counter)
    }

    pub(crate) fn tell(&self) {
        for mut piles in self.places.all() {
            for pile in piles.customers.values_mut() {
                pile.counter.increment(std::mem::take(&mut pile.requests));
            }
            let others = std::mem::take(&mut piles.others);
            if others > 0 {
                let counter = self
                    .others
                    .get_or_init(|| counter!("sixty_customer_requests_total", "customer" => "other"));
                counter.increment(others);
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

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::guard::tests::principal;

    #[test]
    fn customers_beyond_the_thousandth_are_counted_together_and_the_first_ones_still_alone() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let numbers = metrics::with_local_recorder(&recorder, || {
            let tally = CustomerTally::default();
            let customers: Vec<_> = (0..CUSTOMERS + 5)
                .map(|number| CustomerStanding { slug: format!("c{number}"), ..principal().customer })
                .collect();
            for customer in customers.iter().chain(&customers) {
                tally.count(customer);
            }
            tally.tell();
            // Another thread has a place of its own, and finds the same counters.
            std::thread::scope(|scope| {
                scope.spawn(|| customers.iter().for_each(|customer| tally.count(customer)));
            });
            tally.tell();
            recorder.handle().render()
        });
        for line in ["{customer=\"c0\"} 3", "{customer=\"c999\"} 3", "{customer=\"other\"} 15"] {
            assert!(numbers.contains(&format!("sixty_customer_requests_total{line}\n")), "{line}");
        }
        assert!(!numbers.contains("customer=\"c1000\""));
    }
}
