//! The router: gives a request a connection of its customer, and makes one where there is none.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use domain::principal::{Directory, SealedEndpoint};
use domain::{CustomerId, OrganizationId};
use secrets::KeyRing;
use telemetry::SPANS;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use tracing::Instrument as _;

use crate::connect::{self, Failure};
use crate::connection::Connection;
use crate::lanes::{Boarding, Lanes};
use crate::lease::{Hold, Lease};
use crate::ledger::{Answer, Grant, Ledger, Verdict};
use crate::places::{Found, Places};
use crate::session::{self, Refusal};
use crate::{Busy, Error, RouterConfig, Session, Snapshot};

/// The first pause after a connection that could not be made; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(320);

/// Every connection to a customer's database. A clone is another handle to the same connections.
#[derive(Clone)]
pub struct CustomerDatabases(Arc<Inner>);

pub(crate) struct Inner {
    config: RouterConfig,
    keys: KeyRing,
    places: Places,
    ledger: Mutex<Ledger<Box<Connection>>>,
    lanes: Arc<Lanes>,
    runtime: Handle,
}

impl fmt::Debug for CustomerDatabases {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("CustomerDatabases").field(&self.snapshot()).finish()
    }
}

impl CustomerDatabases {
    /// Makes the router, and starts the task that closes what lies idle. The task ends with the last handle.
    ///
    /// Must be called inside a Tokio runtime.
    #[must_use]
    pub fn new(config: RouterConfig, directory: Arc<dyn Directory>, keys: impl Into<KeyRing>) -> Self {
        let every = (config.idle_timeout / 4).max(Duration::from_millis(50));
        let inner = Arc::new(Inner {
            ledger: Mutex::new(Ledger::new(config.clone())),
            lanes: Arc::new(Lanes::new(config.max_connections_per_customer)),
            places: Places::new(directory),
            runtime: Handle::current(),
            config,
            keys: keys.into(),
        });
        tokio::spawn(tidy(Arc::downgrade(&inner), every));
        Self(inner)
    }

    /// Takes a connection to the customer's database for work in one organization; `None` is the customer's first
    /// one. The transaction begins with the first statement, in the same round trip, so an unknown organization is
    /// noticed there and not here.
    ///
    /// # Errors
    /// [`Error::UnknownCustomer`], [`Error::Unavailable`], [`Error::Busy`] or [`Error::Isolation`].
    pub async fn begin(
        &self,
        customer: CustomerId,
        organization: Option<OrganizationId>,
    ) -> Result<Session, Error> {
        Ok(Session::new(self.lease(customer).await?, organization))
    }

    /// Runs a `select` that only reads, as a whole transaction in one organization, and returns its rows. It must be a
    /// short one, such as that of one object by its id: it may share its connection with others, which wait for it.
    /// What it must look like, and what its rows are, is as [`Session::query_and_commit`] says.
    ///
    /// # Errors
    /// As [`CustomerDatabases::begin`] and [`Session::query_and_commit`].
    pub async fn read_briefly(
        &self,
        customer: CustomerId,
        organization: Option<OrganizationId>,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let seat = match self.0.lanes.board(customer, std::time::Instant::now()) {
            Boarding::Seat(seat) => Some(seat),
            Boarding::Open(opening) => {
                Some(opening.open(self.lease(customer).await?, std::time::Instant::now()))
            }
            Boarding::Full => None,
        };
        if let Some(mut seat) = seat {
            seat.is_waiting = true;
            let read = session::read(seat.connection()?, organization, sql, parameters);
            let answered = tokio::time::timeout(
                self.0.config.statement_timeout,
                read.instrument(session::statement_span()),
            );
            // Behind others that wait for a lock, it waits no longer than a statement of its own could take; its seat is
            // left as one whose answer is still to come.
            let Ok(outcome) = answered.await else { return Err(Error::Busy(Busy::Rows)) };
            seat.is_waiting = false;
            match outcome {
                Ok(rows) => return Ok(rows),
                Err(Refusal::Other(error)) => return Err(error),
                // Nothing was written: it is sent again, over a connection of its own.
                Err(Refusal::Broken(error)) => {
                    tracing::debug!(%customer, %error, "a shared connection was broken");
                }
            }
        }
        self.begin(customer, organization).await?.query_and_commit(sql, parameters).await
    }

    async fn lease(&self, customer: CustomerId) -> Result<Lease, Error> {
        let waiting = tracing::trace_span!(target: SPANS, "customer database: connection");
        self.0.lease(customer).instrument(waiting).await.inspect_err(|error| match error {
            Error::Isolation(faults) => tracing::error!(%customer, faults, "a connection is refused"),
            other => tracing::warn!(%customer, error = %other, "no connection to the customer's database"),
        })
    }

    /// Something about the customer has changed: asks where the database is, in the background, and leaves the
    /// connections alone unless it is somewhere else. Cheap, and free for a customer without connections: where their
    /// database is will be asked when the next one is made.
    ///
    /// When the directory can't be asked, it is asked again later; meanwhile the customer is served as before.
    pub fn revalidate(&self, customer: CustomerId) {
        if self.0.places.doubt(customer) && self.0.is_used(customer) {
            let inner = Arc::clone(&self.0);
            drop(self.0.runtime.spawn(async move { inner.revalidate(customer).await }));
        }
    }

    /// As [`CustomerDatabases::revalidate`], for every customer: changes may have been missed. One after the other, so
    /// that the directory isn't overrun.
    pub fn revalidate_all(&self) {
        let inner = Arc::clone(&self.0);
        drop(self.0.runtime.spawn(async move {
            for customer in inner.places.customers() {
                if inner.places.doubt(customer) && inner.is_used(customer) {
                    inner.revalidate(customer).await;
                }
            }
        }));
    }

    /// Gives up the customer's connections: idle ones are closed now, and those in use when their requests end. The
    /// next request asks where the database is.
    pub fn forget(&self, customer: CustomerId) {
        self.0.places.doubt(customer);
        self.0.ledger().close(customer);
    }

    /// How many connections the router holds now, over all customers.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.snapshot().connections
    }

    /// The router's state in numbers.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.0.ledger().snapshot()
    }
}

impl Inner {
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger<Box<Connection>>> {
        // Nothing can be half done while the lock is held, so a panic elsewhere doesn't spoil the accounts.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    async fn lease(self: &Arc<Self>, customer: CustomerId) -> Result<Lease, Error> {
        let now = Instant::now();
        let deadline = now + self.config.wait_timeout;
        let answer = self.ledger().ask(customer, now.into_std());
        let mut lease = Lease::new(Arc::clone(self), customer, deadline, Hold::Nothing);
        match answer {
            Answer::Granted(grant) => lease.hold(grant.into()),
            Answer::Wait(ticket, receiver) => self.wait(&mut lease, ticket, receiver).await?,
            Answer::Refused(cause) => return Err(Error::Busy(cause)),
            Answer::Away(words) => return Err(Error::Unavailable(words)),
        }
        self.connect(&mut lease).await?;
        Ok(lease)
    }

    /// Waits in the queue.
    async fn wait(
        &self,
        lease: &mut Lease,
        ticket: u64,
        receiver: oneshot::Receiver<Grant<Box<Connection>>>,
    ) -> Result<(), Error> {
        let mut place = InQueue { inner: self, customer: lease.customer(), ticket, receiver };
        match tokio::time::timeout_at(lease.deadline(), &mut place.receiver).await {
            Ok(Ok(grant)) => {
                lease.hold(grant.into());
                Ok(())
            }
            Ok(Err(_)) | Err(_) => {
                let customer = lease.customer();
                Err(self.ledger().waited_in_vain(customer).map_or_else(Error::Unavailable, Error::Busy))
            }
        }
    }

    /// Makes a connection, if the lease has no more than the right to make one. An instance that restarts and a
    /// password that changes are waited for, with short pauses, up to the lease's deadline; meanwhile one request of
    /// the customer tries and the others queue. A database that has been away for longer is tried once.
    pub(crate) async fn connect(self: &Arc<Self>, lease: &mut Lease) -> Result<(), Error> {
        let customer = lease.customer();
        let mut pause = FIRST_PAUSE;
        while matches!(lease.holds(), Hold::Make) {
            let endpoint = self.place(customer).await?;
            // A move is first written down and then begins a new epoch. So when this epoch is read while the endpoint is
            // still the one that is known, a move from here on makes the connection one of an old epoch.
            let epoch = self.ledger().epoch(customer);
            if self.places.last_known(customer).is_none_or(|known| *known != *endpoint) {
                continue;
            }
            let failure = match connect::connect(&endpoint, &self.config, &self.keys).await {
                Ok(connection) => {
                    self.ledger().made(customer);
                    lease.hold(Hold::Connection(Box::new(connection), epoch));
                    return Ok(());
                }
                Err(failure) => failure,
            };
            let error = match failure {
                Failure::Final(error) => return Err(error),
                Failure::Passing(error) => error,
                Failure::Moved(error) => {
                    if self.is_elsewhere(customer, &endpoint).await? && Instant::now() < lease.deadline() {
                        continue;
                    }
                    error
                }
                Failure::Wrong(error) => {
                    if self.is_elsewhere(customer, &endpoint).await? && Instant::now() < lease.deadline() {
                        continue;
                    }
                    return Err(error);
                }
            };
            let verdict = self.ledger().failed(customer, error.to_string(), std::time::Instant::now());
            match verdict {
                Verdict::GiveUp => return Err(error),
                Verdict::Wait(ticket, receiver) => {
                    lease.hold(Hold::Nothing);
                    self.wait(lease, ticket, receiver).await?;
                }
                Verdict::TryAgain if Instant::now() + pause >= lease.deadline() => return Err(error),
                Verdict::TryAgain => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
        Ok(())
    }

    /// Where the customer's database is. Only who has never been served here depends on the directory.
    async fn place(&self, customer: CustomerId) -> Result<Arc<SealedEndpoint>, Error> {
        if let Some(endpoint) = self.places.trusted(customer) {
            return Ok(endpoint);
        }
        match self.look_up(customer).await {
            Err(error @ Error::Unavailable(_)) => self.places.last_known(customer).ok_or(error),
            found => found,
        }
    }

    /// Whether the directory says something else by now than what was tried in vain.
    async fn is_elsewhere(&self, customer: CustomerId, tried: &SealedEndpoint) -> Result<bool, Error> {
        match self.look_up(customer).await {
            Ok(found) => Ok(*found != *tried),
            // What is known is all there is: the directory's absence takes nothing away.
            Err(Error::Unavailable(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn look_up(&self, customer: CustomerId) -> Result<Arc<SealedEndpoint>, Error> {
        let found = self.places.look_up(customer).await.inspect_err(|error| {
            if matches!(error, Error::UnknownCustomer) {
                self.ledger().close(customer);
            }
        })?;
        if matches!(found, Found::Moved(_)) {
            self.ledger().close(customer);
        }
        Ok(found.endpoint())
    }

    async fn revalidate(&self, customer: CustomerId) {
        if let Err(error) = self.look_up(customer).await {
            tracing::warn!(%customer, %error, "can't find out where the customer's database is now");
        }
    }

    /// Whether the customer has connections. The lock is not held for longer than the question.
    fn is_used(&self, customer: CustomerId) -> bool {
        self.ledger().is_used(customer)
    }

    fn tidy(self: &Arc<Self>) {
        // Who comes back after an idle time is looked up again, if the directory can be asked.
        let closed = self.ledger().close_idle(std::time::Instant::now());
        for customer in closed {
            self.places.doubt(customer);
        }
        // A change that could not be looked into when it was announced.
        for customer in self.places.doubted() {
            if self.is_used(customer) {
                let inner = Arc::clone(self);
                drop(self.runtime.spawn(async move { inner.revalidate(customer).await }));
            }
        }
    }
}

impl From<Grant<Box<Connection>>> for Hold {
    fn from(grant: Grant<Box<Connection>>) -> Self {
        match grant {
            Grant::Connection(connection, epoch) => Self::Connection(connection, epoch),
            Grant::Make => Self::Make,
        }
    }
}

/// A place in the queue. Leaves it however the wait ends, and hands back a grant that nobody took: grants are only
/// sent under the lock of the accounts, which leaving takes too, so none can be missed.
struct InQueue<'a> {
    inner: &'a Inner,
    customer: CustomerId,
    ticket: u64,
    receiver: oneshot::Receiver<Grant<Box<Connection>>>,
}

impl Drop for InQueue<'_> {
    fn drop(&mut self) {
        let mut ledger = self.inner.ledger();
        let grant = self.receiver.try_recv().ok();
        ledger.leave(self.customer, self.ticket, grant, std::time::Instant::now());
    }
}

async fn tidy(inner: Weak<Inner>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match inner.upgrade() {
            Some(inner) => inner.tidy(),
            None => return,
        }
    }
}
