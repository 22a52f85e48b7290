//! Who holds how many connections, who waits, and who is next: the router's accounts, without any I/O.
//!
//! Every customer has a cap, and all together have a budget. While the budget lasts, a request gets an idle connection
//! of its customer or the right to make one. When it is spent, the connection that has lain idle longest, whoever's it
//! is, gives way. When nothing lies idle either, requests queue: in the order of their arrival within a customer, and
//! between customers whoever has the fewest connections is next. So a customer can use up no more than its cap, and
//! one that has nothing comes before one that has something.
//!
//! All of this happens under one lock, held for no longer than a look into a map, so nothing here is ever half done.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Instant;

use domain::CustomerId;
use tokio::sync::oneshot;

use crate::{Busy, Refusals, RouterConfig, Snapshot};

/// A connection, as far as the accounts care.
pub(crate) trait Alive {
    /// Whether it can still be used, as far as is known without asking the other side.
    fn is_alive(&self) -> bool;
}

/// What a request is given.
#[derive(Debug)]
pub(crate) enum Grant<C> {
    /// A connection that was made in this epoch of its customer.
    Connection(C, u64),
    /// The right to make one.
    Make,
}

/// What a request gives back.
#[derive(Debug)]
pub(crate) enum Returned<C> {
    /// The connection of that epoch.
    Connection(C, u64),
    /// Nothing: the connection is of no use any more.
    Nothing,
    /// The right to make one, unused.
    Make,
}

/// What a request for a connection is told.
#[derive(Debug)]
pub(crate) enum Answer<C> {
    /// Here it is.
    Granted(Grant<C>),
    /// Wait for it. Whoever waits must [`Ledger::leave`] in the end.
    Wait(u64, oneshot::Receiver<Grant<C>>),
    /// No.
    Refused(Busy),
    /// No, because the database has been away for long: in these words.
    Away(String),
}

/// What follows from a failed attempt to make a connection.
#[derive(Debug)]
pub(crate) enum Verdict<C> {
    /// The database may be restarting: try again after a pause.
    TryAgain,
    /// Wait like the others: one request that tries is enough, or there are connections that come free.
    Wait(u64, oneshot::Receiver<Grant<C>>),
    /// The database has been away for long: say so.
    GiveUp,
}

#[derive(Debug)]
struct Idle<C> {
    connection: C,
    /// Orders all idle connections by the time since when they lie idle.
    sequence: u64,
    since: Instant,
}

#[derive(Debug)]
struct Waiter<C> {
    ticket: u64,
    grant: oneshot::Sender<Grant<C>>,
}

/// The database can't be reached at present.
#[derive(Debug)]
struct Failing {
    since: Instant,
    last: Instant,
    words: String,
}

#[derive(Debug)]
struct Account<C> {
    /// Idle, in use and being made.
    taken: usize,
    making: usize,
    /// The one used last at the end: the others get the chance to become old.
    idle: Vec<Idle<C>>,
    waiting: VecDeque<Waiter<C>>,
    failing: Option<Failing>,
    /// How many connections the database allowed when it refused one more.
    ceiling: Option<usize>,
    /// A connection of an earlier epoch leads to a place where the customer isn't any more.
    epoch: u64,
}

impl<C> Default for Account<C> {
    fn default() -> Self {
        Self {
            taken: 0,
            making: 0,
            idle: Vec::new(),
            waiting: VecDeque::new(),
            failing: None,
            ceiling: None,
            epoch: 0,
        }
    }
}

/// The accounts of all customers.
#[derive(Debug)]
pub(crate) struct Ledger<C> {
    config: RouterConfig,
    accounts: HashMap<CustomerId, Account<C>>,
    taken: usize,
    waiting: usize,
    /// Of idle connections, tickets and epochs: never the same twice.
    sequence: u64,
    idle: BTreeMap<u64, CustomerId>,
    /// Customers with waiting requests.
    queued: HashSet<CustomerId>,
    refusals: Refusals,
    evicted: u64,
}

impl<C> Account<C> {
    /// While the database can't be reached, one request at a time tries; while it takes no more connections, none does.
    fn may_make(&self, config: &RouterConfig) -> bool {
        let most = self.ceiling.unwrap_or(usize::MAX).min(config.max_connections_per_customer);
        self.taken < most && (self.failing.is_none() || self.making == 0)
    }

    /// Connections that were made and not lost.
    fn working(&self) -> usize {
        self.taken - self.making
    }

    /// A connection is gone, and with it what was known of how many there can be.
    fn lost(&mut self) {
        self.taken -= 1;
        self.ceiling = None;
    }

    fn is_away(&self, now: Instant, config: &RouterConfig) -> bool {
        let long = |failing: &Failing| now.duration_since(failing.since) >= config.wait_timeout;
        self.working() == 0 && self.failing.as_ref().is_some_and(long)
    }
}

impl<C: Alive> Ledger<C> {
    pub(crate) fn new(config: RouterConfig) -> Self {
        Self {
            config,
            accounts: HashMap::new(),
            taken: 0,
            waiting: 0,
            sequence: 0,
            idle: BTreeMap::new(),
            queued: HashSet::new(),
            refusals: Refusals::default(),
            evicted: 0,
        }
    }

    /// Asks for a connection.
    pub(crate) fn ask(&mut self, customer: CustomerId, now: Instant) -> Answer<C> {
        let account = self.accounts.entry(customer).or_default();
        while let Some(idle) = account.idle.pop() {
            self.idle.remove(&idle.sequence);
            if idle.connection.is_alive() {
                return Answer::Granted(Grant::Connection(idle.connection, account.epoch));
            }
            account.lost();
            self.taken -= 1;
        }
        // What died has made room in the budget, and somebody may have waited for it.
        self.serve();
        let account = self.accounts.entry(customer).or_default();
        if account.making > 0 && account.is_away(now, &self.config) {
            self.refusals.away += 1;
            return Answer::Away(
                account.failing.as_ref().map(|failing| failing.words.clone()).unwrap_or_default(),
            );
        }
        let waiting = account.waiting.len();
        if waiting == 0 && account.may_make(&self.config) && self.reserve() {
            let account = self.accounts.entry(customer).or_default();
            account.taken += 1;
            account.making += 1;
            return Answer::Granted(Grant::Make);
        }
        if waiting >= self.config.max_waiting_per_customer || self.waiting >= self.config.max_waiting {
            self.refusals.queue += 1;
            return Answer::Refused(Busy::Queue);
        }
        let (ticket, waiter, receiver) = self.waiter(customer);
        self.accounts.entry(customer).or_default().waiting.push_back(waiter);
        Answer::Wait(ticket, receiver)
    }

    /// Ends a wait, whatever became of it. A grant that arrived too late comes along.
    pub(crate) fn leave(&mut self, customer: CustomerId, ticket: u64, grant: Option<Grant<C>>, now: Instant) {
        if let Some(account) = self.accounts.get_mut(&customer)
            && let Some(place) = account.waiting.iter().position(|waiter| waiter.ticket == ticket)
        {
            account.waiting.remove(place);
            self.left(customer);
        }
        match grant {
            Some(Grant::Connection(connection, epoch)) => {
                self.give_back(customer, Returned::Connection(connection, epoch), now);
            }
            Some(Grant::Make) => self.give_back(customer, Returned::Make, now),
            None => {}
        }
    }

    /// Why a request has waited in vain; counts it.
    pub(crate) fn waited_in_vain(&mut self, customer: CustomerId) -> Result<Busy, String> {
        let account = self.accounts.entry(customer).or_default();
        if let Some(failing) = &account.failing {
            self.refusals.away += 1;
            return Err(failing.words.clone());
        }
        if account.taken >= self.config.max_connections_per_customer || account.ceiling.is_some() {
            self.refusals.connections += 1;
            return Ok(Busy::Connections);
        }
        self.refusals.budget += 1;
        Ok(Busy::Budget)
    }

    /// The connection that somebody had the right to make is made.
    pub(crate) fn made(&mut self, customer: CustomerId) {
        let account = self.accounts.entry(customer).or_default();
        account.making = account.making.saturating_sub(1);
        let (failing, ceiling) = (account.failing.take(), account.ceiling.take());
        if failing.is_some() || ceiling.is_some() {
            // The others needn't wait for the one that tried any more.
            self.serve();
        }
    }

    /// A connection in use is lost, and another one is made in its place.
    pub(crate) fn remake(&mut self, customer: CustomerId) {
        let account = self.accounts.entry(customer).or_default();
        account.making += 1;
        account.ceiling = None;
    }

    /// A connection could not be made, in these words.
    pub(crate) fn failed(&mut self, customer: CustomerId, words: String, now: Instant) -> Verdict<C> {
        let patience = self.config.wait_timeout;
        let account = self.accounts.entry(customer).or_default();
        if account.working() > 0 {
            // Not away, or not yet: it takes no more than there are, and those that there are come free.
            account.ceiling = Some(account.working());
        } else {
            // What happened long ago says nothing about now: it is another outage.
            account.failing.take_if(|failing| now.duration_since(failing.last) > patience * 2);
            let since = account.failing.as_ref().map_or(now, |failing| failing.since);
            account.failing = Some(Failing { since, last: now, words });
            if now.duration_since(since) >= patience {
                return Verdict::GiveUp;
            }
            if account.making <= 1 {
                return Verdict::TryAgain;
            }
        }
        account.making -= 1;
        account.taken -= 1;
        self.taken -= 1;
        // It was there before those who wait.
        let (ticket, waiter, receiver) = self.waiter(customer);
        let account = self.accounts.entry(customer).or_default();
        match account.idle.pop() {
            // Given back while it tried.
            Some(idle) => {
                let sent = waiter.grant.send(Grant::Connection(idle.connection, account.epoch));
                self.idle.remove(&idle.sequence);
                self.left(customer);
                debug_assert!(sent.is_ok());
            }
            None => account.waiting.push_front(waiter),
        }
        self.serve();
        Verdict::Wait(ticket, receiver)
    }

    /// Takes back what was granted.
    pub(crate) fn give_back(&mut self, customer: CustomerId, returned: Returned<C>, now: Instant) {
        let yields = self.yields(customer);
        let account = self.accounts.entry(customer).or_default();
        let kept = match returned {
            Returned::Connection(connection, epoch) => {
                let is_kept = epoch == account.epoch && connection.is_alive() && !yields;
                is_kept.then_some(connection)
            }
            Returned::Nothing => None,
            Returned::Make => {
                account.making = account.making.saturating_sub(1);
                None
            }
        };
        match (kept, account.waiting.pop_front()) {
            (Some(connection), Some(waiter)) => {
                let sent = waiter.grant.send(Grant::Connection(connection, account.epoch));
                self.left(customer);
                // Whoever waits leaves before it stops listening.
                debug_assert!(sent.is_ok());
            }
            (Some(connection), None) => {
                self.sequence += 1;
                account.idle.push(Idle { connection, sequence: self.sequence, since: now });
                self.idle.insert(self.sequence, customer);
            }
            (None, waiter) => {
                account.lost();
                self.taken -= 1;
                if let Some(waiter) = waiter {
                    account.waiting.push_front(waiter);
                }
            }
        }
        self.serve();
    }

    /// The customer isn't where its connections lead: closes those that lie idle now, and the others when they are
    /// given back.
    pub(crate) fn close(&mut self, customer: CustomerId) {
        self.sequence += 1;
        if let Some(account) = self.accounts.get_mut(&customer) {
            account.epoch = self.sequence;
            account.failing = None;
            account.ceiling = None;
            for idle in account.idle.drain(..) {
                self.idle.remove(&idle.sequence);
                account.taken -= 1;
                self.taken -= 1;
            }
            self.serve();
        }
    }

    /// The epoch of the customer's connections that are made now.
    pub(crate) fn epoch(&self, customer: CustomerId) -> u64 {
        self.accounts.get(&customer).map_or(0, |account| account.epoch)
    }

    /// Whether the customer has connections.
    pub(crate) fn is_used(&self, customer: CustomerId) -> bool {
        self.accounts.get(&customer).is_some_and(|account| account.taken > 0)
    }

    /// Closes what has lain idle for too long; returns the customers that have nothing left.
    pub(crate) fn close_idle(&mut self, now: Instant) -> Vec<CustomerId> {
        while let Some((sequence, customer)) = self.idle.first_key_value().map(|(key, value)| (*key, *value))
        {
            let Some(account) = self.accounts.get_mut(&customer) else { break };
            // The oldest is the first, of the customer's as of all.
            let is_old = account
                .idle
                .first()
                .is_some_and(|idle| now.duration_since(idle.since) >= self.config.idle_timeout);
            if !is_old {
                break;
            }
            account.idle.remove(0);
            account.taken -= 1;
            self.taken -= 1;
            self.idle.remove(&sequence);
        }
        let patience = self.config.wait_timeout * 2;
        let mut closed = Vec::new();
        self.accounts.retain(|customer, account| {
            // Perhaps there is room again.
            account.ceiling = None;
            let remembers = |failing: &Failing| now.duration_since(failing.last) <= patience;
            let is_used = account.taken > 0
                || !account.waiting.is_empty()
                || account.failing.as_ref().is_some_and(remembers);
            if !is_used {
                closed.push(*customer);
            }
            is_used
        });
        self.serve();
        closed
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let (mut pools, mut making) = (0, 0);
        for account in self.accounts.values() {
            pools += usize::from(account.taken > 0);
            making += account.making;
        }
        Snapshot {
            pools,
            connections: self.taken,
            connecting: making,
            idle: self.idle.len(),
            in_use: self.taken - self.idle.len() - making,
            waiting: self.waiting,
            evicted: self.evicted,
            refusals: self.refusals,
        }
    }

    fn waiter(&mut self, customer: CustomerId) -> (u64, Waiter<C>, oneshot::Receiver<Grant<C>>) {
        let (grant, receiver) = oneshot::channel();
        self.sequence += 1;
        self.waiting += 1;
        self.queued.insert(customer);
        (self.sequence, Waiter { ticket: self.sequence, grant }, receiver)
    }

    /// One of the customer's waiting requests waits no longer.
    fn left(&mut self, customer: CustomerId) {
        self.waiting -= 1;
        if self.accounts.get(&customer).is_none_or(|account| account.waiting.is_empty()) {
            self.queued.remove(&customer);
        }
    }

    /// Takes one connection out of the budget, if need be in place of the one that has lain idle longest.
    fn reserve(&mut self) -> bool {
        if self.taken < self.config.max_connections {
            self.taken += 1;
            return true;
        }
        let Some((_, owner)) = self.idle.pop_first() else { return false };
        if let Some(account) = self.accounts.get_mut(&owner) {
            account.idle.remove(0);
            account.lost();
        }
        self.evicted += 1;
        true
    }

    /// Whether the customer's next free connection belongs to another one: nothing is left of the budget, and the
    /// other has none, or fewer even after it got this one. Between equals nothing changes hands, or connections would
    /// be made for every request.
    fn yields(&self, customer: CustomerId) -> bool {
        if self.queued.is_empty() || self.taken < self.config.max_connections || !self.idle.is_empty() {
            return false;
        }
        let own = self.accounts.get(&customer).map_or(0, |account| account.taken);
        self.queued.iter().filter(|other| **other != customer).any(|other| {
            self.accounts.get(other).is_some_and(|account| {
                account.may_make(&self.config) && (account.taken == 0 || account.taken + 1 < own)
            })
        })
    }

    /// Gives what is left of the budget to those who wait: the customer with the fewest connections first, between
    /// equals the one that has waited longest.
    fn serve(&mut self) {
        while !self.queued.is_empty() {
            let next = self
                .queued
                .iter()
                .filter_map(|customer| self.accounts.get(customer).map(|account| (customer, account)))
                .filter(|(_, account)| account.may_make(&self.config))
                .min_by_key(|(_, account)| {
                    (account.taken, account.waiting.front().map(|waiter| waiter.ticket))
                })
                .map(|(customer, _)| *customer);
            let Some(customer) = next else { return };
            if !self.reserve() {
                return;
            }
            let account = self.accounts.entry(customer).or_default();
            account.taken += 1;
            account.making += 1;
            let sent =
                account.waiting.pop_front().is_some_and(|waiter| waiter.grant.send(Grant::Make).is_ok());
            self.left(customer);
            // Whoever waits leaves before it stops listening.
            debug_assert!(sent);
        }
    }
}
