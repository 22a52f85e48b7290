//! Lanes: connections that short reads share.
//!
//! A read of one statement is a transaction of its own, from its first message to its last, so PostgreSQL can be told the
//! next one before it has answered the first: it finds it waiting instead of falling asleep, and several answers come in one
//! piece. Each sets the organization for itself alone, and what it sets ends with it.
//!
//! A lane is a lease that several requests hold. It is nobody's for long: after a moment it takes nobody more, and goes
//! back when the last request leaves it, so that whoever waits for a connection has their turn. And it never takes more than
//! half of a customer's connections.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::CustomerId;
use foldhash::fast::RandomState;

use crate::Error;
use crate::connection::Connection;
use crate::lease::{self, Lease};

/// Requests in a lane at once: how long the last of them waits for the others.
pub(crate) const RIDERS: usize = 16;
/// How long a lane takes further requests.
const OPEN_FOR: Duration = Duration::from_millis(20);

/// The lanes of all customers.
pub(crate) struct Lanes {
    /// Of one customer at most, those that are being opened included.
    most: usize,
    customers: Mutex<HashMap<CustomerId, Customer, RandomState>>,
}

#[derive(Default)]
struct Customer {
    open: Vec<Open>,
    opening: usize,
}

struct Open {
    lane: Arc<Lane>,
    riders: usize,
    since: Instant,
}

struct Lane {
    /// There until it is given back.
    lease: Option<Lease>,
    /// Somebody went away without having heard the answer: a statement may still be running.
    is_abandoned: AtomicBool,
}

/// What a request for a place in a lane is told.
pub(crate) enum Boarding {
    Seat(Seat),
    /// There is none; one more may be opened.
    Open(Opening),
    /// All are full.
    Full,
}

impl Lanes {
    pub(crate) fn new(connections_per_customer: usize) -> Self {
        Self { most: (connections_per_customer / 2).max(1), customers: Mutex::default() }
    }

    fn customers(&self) -> MutexGuard<'_, HashMap<CustomerId, Customer, RandomState>> {
        // Nothing can be half done while the lock is held.
        self.customers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place in the emptiest lane; a lane of one's own as long as there may be more.
    pub(crate) fn board(self: &Arc<Self>, customer: CustomerId, now: Instant) -> Boarding {
        let mut customers = self.customers();
        let lanes = customers.entry(customer).or_default();
        if lanes.open.len() + lanes.opening < self.most {
            lanes.opening += 1;
            return Boarding::Open(Opening { lanes: Arc::clone(self), customer });
        }
        let has_room = |open: &&mut Open| open.riders < RIDERS && now < open.since + OPEN_FOR;
        match lanes.open.iter_mut().filter(has_room).min_by_key(|open| open.riders) {
            Some(open) => {
                open.riders += 1;
                Boarding::Seat(self.seat(customer, &open.lane))
            }
            None => Boarding::Full,
        }
    }

    fn seat(self: &Arc<Self>, customer: CustomerId, lane: &Arc<Lane>) -> Seat {
        Seat { lanes: Arc::clone(self), customer, lane: Arc::clone(lane), is_waiting: false }
    }

    fn change(&self, customer: CustomerId, change: impl FnOnce(&mut Customer)) {
        let mut customers = self.customers();
        if let Some(lanes) = customers.get_mut(&customer) {
            change(lanes);
            if lanes.open.is_empty() && lanes.opening == 0 {
                customers.remove(&customer);
            }
        }
    }
}

/// The right to open a lane.
pub(crate) struct Opening {
    lanes: Arc<Lanes>,
    customer: CustomerId,
}

impl Opening {
    /// Opens it with this connection, and takes the first place.
    pub(crate) fn open(self, lease: Lease, now: Instant) -> Seat {
        let lane = Arc::new(Lane { lease: Some(lease), is_abandoned: AtomicBool::new(false) });
        let seat = self.lanes.seat(self.customer, &lane);
        self.lanes.change(self.customer, |lanes| lanes.open.push(Open { lane, riders: 1, since: now }));
        seat
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.lanes.change(self.customer, |lanes| lanes.opening -= 1);
    }
}

/// A request's place in a lane.
pub(crate) struct Seat {
    lanes: Arc<Lanes>,
    customer: CustomerId,
    lane: Arc<Lane>,
    /// Whether an answer is waited for.
    pub(crate) is_waiting: bool,
}

impl Seat {
    /// The connection.
    ///
    /// # Errors
    /// When it was lost.
    pub(crate) fn connection(&self) -> Result<&Connection, Error> {
        self.lane.lease.as_ref().ok_or_else(lease::lost)?.shared()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.is_waiting {
            self.lane.is_abandoned.store(true, Ordering::Release);
        }
        self.lanes.change(self.customer, |lanes| {
            let Some(place) = lanes.open.iter().position(|open| Arc::ptr_eq(&open.lane, &self.lane)) else {
                return;
            };
            let open = &mut lanes.open[place];
            open.riders -= 1;
            if open.riders == 0 {
                lanes.open.swap_remove(place);
            }
        });
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take()
            && self.is_abandoned.load(Ordering::Acquire)
        {
            lease.settle();
        }
    }
}
