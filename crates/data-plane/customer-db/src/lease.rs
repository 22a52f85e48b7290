//! A request's hold on one connection of its customer.

use std::sync::Arc;

use domain::CustomerId;
use tokio::time::Instant;

use crate::Error;
use crate::connection::Connection;
use crate::ledger::Returned;
use crate::router::Inner;

/// A connection, or the right to make one, until it is dropped.
pub(crate) struct Lease {
    inner: Arc<Inner>,
    customer: CustomerId,
    /// Until when a connection may be waited for.
    deadline: Instant,
    hold: Hold,
}

pub(crate) enum Hold {
    /// A connection that was made in this epoch of its customer.
    Connection(Box<Connection>, u64),
    /// The right to make one.
    Make,
    /// A place among the customer's connections, whose connection is of no use any more.
    Lost,
    /// Nothing: it was given back.
    Nothing,
}

impl Lease {
    pub(crate) fn new(inner: Arc<Inner>, customer: CustomerId, deadline: Instant, hold: Hold) -> Self {
        Self { inner, customer, deadline, hold }
    }

    pub(crate) fn customer(&self) -> CustomerId {
        self.customer
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The connection.
    ///
    /// # Errors
    /// When there is none, because it was lost and could not be replaced.
    pub(crate) fn connection(&mut self) -> Result<&mut Connection, Error> {
        match &mut self.hold {
            Hold::Connection(connection, _) => Ok(connection),
            _ => Err(lost()),
        }
    }

    /// The connection, for somebody who isn't the only one to use it.
    ///
    /// # Errors
    /// As [`Lease::connection`].
    pub(crate) fn shared(&self) -> Result<&Connection, Error> {
        match &self.hold {
            Hold::Connection(connection, _) => Ok(connection),
            _ => Err(lost()),
        }
    }

    pub(crate) fn holds(&self) -> &Hold {
        &self.hold
    }

    pub(crate) fn hold(&mut self, hold: Hold) {
        self.hold = hold;
    }

    /// Makes another connection in the place of this one, which is broken.
    pub(crate) async fn replace(&mut self) -> Result<(), Error> {
        self.hold = Hold::Make;
        self.inner.ledger().remake(self.customer);
        let inner = Arc::clone(&self.inner);
        inner.connect(self).await
    }

    /// Gives the connection back once what its request left behind is cleared up. Until then it counts as in use: a
    /// customer whose requests go away has no more connections at work than any other.
    pub(crate) fn settle(mut self) {
        let runtime = self.inner.runtime().clone();
        drop(runtime.spawn(async move {
            if let Hold::Connection(connection, _) = &self.hold
                && !connection.settle().await
            {
                self.hold(Hold::Lost);
            }
        }));
    }
}

/// What is said when there is no connection any more.
pub(crate) fn lost() -> Error {
    Error::Unavailable("the connection was lost".to_owned())
}

impl Drop for Lease {
    fn drop(&mut self) {
        let returned = match std::mem::replace(&mut self.hold, Hold::Nothing) {
            Hold::Connection(connection, epoch) => Returned::Connection(connection, epoch),
            Hold::Make => Returned::Make,
            Hold::Lost => Returned::Nothing,
            Hold::Nothing => return,
        };
        self.inner.ledger().give_back(self.customer, returned, std::time::Instant::now());
    }
}
