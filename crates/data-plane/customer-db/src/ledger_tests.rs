//! The accounts hold whatever happens in whatever order.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::CustomerId;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::sync::oneshot;

use crate::ledger::{Alive, Answer, Grant, Ledger, Returned, Verdict};
use crate::{Busy, RouterConfig};

/// A connection to nowhere; alive unless it says otherwise.
#[derive(Debug)]
struct Fake {
    of: CustomerId,
    alive: bool,
}

impl Alive for Fake {
    fn is_alive(&self) -> bool {
        self.alive
    }
}

const CONFIG: RouterConfig = RouterConfig {
    max_connections: 5,
    max_connections_per_customer: 3,
    max_waiting: 7,
    max_waiting_per_customer: 3,
    wait_timeout: Duration::from_secs(5),
    connect_timeout: Duration::from_secs(1),
    idle_timeout: Duration::from_secs(30),
    statement_timeout: Duration::from_secs(1),
    lock_timeout: Duration::from_secs(1),
    plain_text_on_this_machine: false,
};

/// What the requests of all customers hold and wait for.
struct World {
    ledger: Ledger<Fake>,
    customers: Vec<CustomerId>,
    held: Vec<(CustomerId, Fake, u64)>,
    making: Vec<CustomerId>,
    waiting: Vec<(CustomerId, u64, oneshot::Receiver<Grant<Fake>>)>,
    now: Instant,
}

impl World {
    fn new() -> Self {
        Self::with(CONFIG)
    }

    fn with(config: RouterConfig) -> Self {
        Self {
            ledger: Ledger::new(config),
            customers: (0..4).map(|_| CustomerId::generate()).collect(),
            held: Vec::new(),
            making: Vec::new(),
            waiting: Vec::new(),
            now: Instant::now(),
        }
    }

    fn ask(&mut self, customer: usize) -> Option<Busy> {
        let customer = self.customers[customer];
        match self.ledger.ask(customer, self.now) {
            Answer::Granted(grant) => self.take(customer, grant),
            Answer::Wait(ticket, receiver) => self.waiting.push((customer, ticket, receiver)),
            Answer::Refused(cause) => return Some(cause),
            Answer::Away(_) => {}
        }
        self.collect();
        None
    }

    fn take(&mut self, customer: CustomerId, grant: Grant<Fake>) {
        match grant {
            Grant::Connection(connection, epoch) => {
                assert_eq!(connection.of, customer, "a customer was given another's connection");
                self.held.push((customer, connection, epoch));
            }
            Grant::Make => self.making.push(customer),
        }
    }

    /// Takes what was granted to those who wait.
    fn collect(&mut self) {
        let mut waiting = Vec::new();
        for (customer, ticket, mut receiver) in std::mem::take(&mut self.waiting) {
            match receiver.try_recv() {
                Ok(grant) => {
                    self.take(customer, grant);
                    self.ledger.leave(customer, ticket, None, self.now);
                }
                Err(_) => waiting.push((customer, ticket, receiver)),
            }
        }
        self.waiting = waiting;
    }

    fn make(&mut self, pick: usize) {
        if let Some(index) = pick.checked_rem(self.making.len()) {
            let customer = self.making.remove(index);
            let epoch = self.ledger.epoch(customer);
            self.ledger.made(customer);
            self.held.push((customer, Fake { of: customer, alive: true }, epoch));
        }
        self.collect();
    }

    fn fail(&mut self, pick: usize) {
        if let Some(index) = pick.checked_rem(self.making.len()) {
            let customer = self.making.remove(index);
            match self.ledger.failed(customer, "away".to_owned(), self.now) {
                Verdict::TryAgain => self.making.push(customer),
                Verdict::Wait(ticket, receiver) => self.waiting.push((customer, ticket, receiver)),
                Verdict::GiveUp => self.ledger.give_back(customer, Returned::Make, self.now),
            }
        }
        self.collect();
    }

    fn give_back(&mut self, pick: usize, alive: bool) {
        if let Some(index) = pick.checked_rem(self.held.len()) {
            let (customer, mut connection, epoch) = self.held.remove(index);
            connection.alive = alive;
            self.ledger.give_back(customer, Returned::Connection(connection, epoch), self.now);
        }
        self.collect();
    }

    /// A request goes away while it waits; its grant may be on the way.
    fn leave(&mut self, pick: usize) {
        if let Some(index) = pick.checked_rem(self.waiting.len()) {
            let (customer, ticket, mut receiver) = self.waiting.remove(index);
            let grant = receiver.try_recv().ok();
            self.ledger.leave(customer, ticket, grant, self.now);
        }
        self.collect();
    }

    fn lose(&mut self, pick: usize) {
        if let Some(index) = pick.checked_rem(self.held.len()) {
            let (customer, _, _) = self.held.remove(index);
            self.ledger.remake(customer);
            self.making.push(customer);
        }
    }

    fn check(&self) {
        let snapshot = self.ledger.snapshot();
        assert!(snapshot.connections <= CONFIG.max_connections, "{snapshot:?}");
        assert_eq!(snapshot.in_use, self.held.len(), "{snapshot:?}");
        assert_eq!(snapshot.connecting, self.making.len(), "{snapshot:?}");
        assert_eq!(snapshot.waiting, self.waiting.len(), "{snapshot:?}");
        let mut per_customer: HashMap<CustomerId, usize> = HashMap::new();
        for customer in self.held.iter().map(|(customer, _, _)| customer).chain(&self.making) {
            *per_customer.entry(*customer).or_default() += 1;
        }
        assert!(per_customer.values().all(|count| *count <= CONFIG.max_connections_per_customer));
        // Who waits has a reason: the budget is spent, the cap is reached, or one tries already.
        if snapshot.connections < CONFIG.max_connections || snapshot.idle > 0 {
            for (customer, _, _) in &self.waiting {
                let own = per_customer.get(customer).copied().unwrap_or_default();
                // One that holds a connection hands it on: it may have learned that there can't be more.
                assert!(
                    own == CONFIG.max_connections_per_customer
                        || self.making.contains(customer)
                        || self.held.iter().any(|(holder, _, _)| holder == customer),
                    "somebody waits for nothing: {snapshot:?}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_sums_are_right_and_nobody_waits_for_nothing(
        steps in vec((0..12_usize, any::<usize>()), 1..200)
    ) {
        let mut world = World::new();
        for (step, pick) in steps {
            match step {
                0..4 => drop(world.ask(pick % 4)),
                4 | 5 => world.make(pick),
                6 => world.fail(pick),
                7 => world.give_back(pick, true),
                8 => world.give_back(pick, pick % 3 > 0),
                9 => world.leave(pick),
                10 => world.lose(pick),
                _ if pick % 2 == 0 => world.ledger.close(world.customers[pick % 4]),
                _ => {
                    world.now += Duration::from_secs(20);
                    world.ledger.close_idle(world.now);
                }
            }
            world.collect();
            world.check();
        }
        // In the end everybody is served, and nothing is left.
        for _ in 0..100 {
            world.make(0);
            world.give_back(0, true);
        }
        prop_assert!(world.waiting.is_empty() && world.held.is_empty() && world.making.is_empty());
        world.now += Duration::from_secs(60);
        world.ledger.close_idle(world.now);
        prop_assert_eq!(world.ledger.snapshot().connections, 0);
    }
}

#[test]
fn a_customer_s_requests_are_served_in_the_order_of_their_arrival() {
    let mut world = World::new();
    for _ in 0..6 {
        world.ask(0);
    }
    assert_eq!(world.ask(0), Some(Busy::Queue));
    let tickets: Vec<_> = world.waiting.iter().map(|(_, ticket, _)| *ticket).collect();
    for served in 0..3 {
        world.make(0);
        world.give_back(0, true);
        let left: Vec<_> = world.waiting.iter().map(|(_, ticket, _)| *ticket).collect();
        assert_eq!(left, tickets[served + 1..]);
    }
    assert_eq!(world.ledger.snapshot().refusals.queue, 1);
}

#[test]
fn who_has_nothing_comes_before_who_has_something() {
    let mut world = World::new();
    for customer in [0, 0, 0, 1, 1] {
        world.ask(customer);
        world.make(0);
    }
    // The budget is spent. The first two have more to do, then the third comes.
    for customer in [0, 1, 0, 1, 2] {
        world.ask(customer);
    }
    assert_eq!(world.waiting.len(), 5);
    world.give_back(0, true);
    assert_eq!(world.making, [world.customers[2]], "the customer that had nothing was not next");
    world.check();
}

#[test]
fn the_connection_that_has_lain_idle_longest_gives_way() {
    let mut world = World::new();
    for customer in [0, 0, 1, 1, 2] {
        world.ask(customer);
        world.make(0);
        world.now += Duration::from_secs(1);
    }
    for pick in [2, 0, 0, 0, 0] {
        world.give_back(pick, true);
    }
    assert_eq!(world.ledger.snapshot().idle, 5);
    world.ask(3);
    let snapshot = world.ledger.snapshot();
    assert_eq!((snapshot.idle, snapshot.evicted, snapshot.connecting), (4, 1, 1));
    // It was one of the second customer's: the first has both of its own.
    for _ in 0..2 {
        world.ask(0);
    }
    assert_eq!(world.held.len(), 2);
    world.ask(1);
    assert_eq!(world.held.len(), 3);
    world.ask(1);
    assert_eq!(world.held.len(), 3, "the second customer has two connections still");
}

#[test]
fn while_a_database_is_away_one_request_tries_and_after_a_time_nobody_waits() {
    let mut world = World::new();
    for _ in 0..3 {
        world.ask(0);
    }
    assert_eq!(world.making.len(), 3);
    world.fail(0);
    world.fail(0);
    assert_eq!((world.making.len(), world.waiting.len()), (1, 2));
    world.now += CONFIG.wait_timeout;
    let customer = world.customers[0];
    assert!(matches!(world.ledger.ask(customer, world.now), Answer::Away(words) if words == "away"));
    assert_eq!(world.ledger.waited_in_vain(customer), Err("away".to_owned()));
    // Back again: all are served at once.
    world.make(0);
    assert_eq!((world.making.len(), world.waiting.len()), (2, 0));
}

#[test]
fn a_database_that_takes_no_more_connections_is_not_away() {
    let mut world = World::new();
    for _ in 0..3 {
        world.ask(0);
    }
    world.make(0);
    world.fail(0);
    world.fail(0);
    // Nobody tries in vain; all wait for the one connection, however long the database stays full.
    assert_eq!((world.held.len(), world.making.len(), world.waiting.len()), (1, 0, 2));
    world.now += CONFIG.wait_timeout * 3;
    world.ask(0);
    assert_eq!(world.waiting.len(), 3);
    assert_eq!(world.ledger.waited_in_vain(world.customers[0]), Ok(Busy::Connections));
    world.give_back(0, true);
    assert_eq!((world.held.len(), world.waiting.len()), (1, 2));
    // When it is lost, another one is made.
    world.give_back(0, false);
    assert_eq!((world.held.len(), world.making.len(), world.waiting.len()), (0, 2, 0));
}
