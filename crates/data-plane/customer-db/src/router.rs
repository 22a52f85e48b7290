//! One pool per customer, made on first use and closed when idle.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool, PoolError};
use domain::principal::{Directory, SealedEndpoint};
use domain::{CustomerId, OrganizationId};
use secrets::MasterKey;
use tokio_postgres::error::SqlState;

use crate::{Error, RouterConfig, Session, connect};

/// Every connection to a customer's database. A clone is another handle to the same pools.
#[derive(Clone)]
pub struct CustomerDatabases(Arc<Inner>);

struct Inner {
    config: RouterConfig,
    directory: Arc<dyn Directory>,
    master_key: MasterKey,
    pools: Mutex<HashMap<CustomerId, Entry>>,
}

#[derive(Clone)]
struct Entry {
    /// What the pool was made of, to notice that the customer has moved or has another password.
    endpoint: SealedEndpoint,
    pool: Pool,
    last_used: Instant,
}

impl fmt::Debug for CustomerDatabases {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CustomerDatabases")
            .field("pools", &self.0.pools().len())
            .finish_non_exhaustive()
    }
}

impl CustomerDatabases {
    /// Makes the router, and starts the task that closes what lies idle. The task ends with the last handle.
    ///
    /// Must be called inside a Tokio runtime.
    #[must_use]
    pub fn new(config: RouterConfig, directory: Arc<dyn Directory>, master_key: MasterKey) -> Self {
        let every = (config.idle_timeout / 4).max(Duration::from_millis(50));
        let inner = Arc::new(Inner { config, directory, master_key, pools: Mutex::default() });
        tokio::spawn(close_idle(Arc::downgrade(&inner), every));
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
        Ok(Session::new(self.connection(customer).await?, organization))
    }

    /// Forgets the customer's pool: the next request asks where the database is. Requests under way keep their
    /// connections to their end.
    pub fn forget(&self, customer: CustomerId) {
        if let Some(entry) = self.0.pools().remove(&customer) {
            entry.pool.close();
        }
    }

    /// How many connections the router holds now, over all customers.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.0.pools().values().map(|entry| entry.pool.status().size).sum()
    }

    async fn connection(&self, customer: CustomerId) -> Result<Object, Error> {
        let known = self.0.known(customer);
        let entry = match known {
            Some(entry) => entry,
            None => self.0.look_up(customer).await?,
        };
        match entry.pool.get().await {
            Ok(connection) => Ok(connection),
            // The pool may be made of an endpoint that is no longer true: ask once more, and try the new one.
            Err(error) if may_have_moved(&error) => {
                self.0.forget_same(customer, &entry);
                let fresh = self.0.look_up(customer).await?;
                if fresh.endpoint == entry.endpoint && !matches!(error, PoolError::Closed) {
                    return Err(error.into());
                }
                fresh.pool.get().await.map_err(Error::from)
            }
            Err(error) => Err(error.into()),
        }
        .inspect_err(|error| match error {
            Error::Isolation(faults) => tracing::error!(%customer, faults, "a connection is refused"),
            other => tracing::warn!(%customer, error = %other, "no connection to the customer's database"),
        })
    }
}

impl Inner {
    fn pools(&self) -> MutexGuard<'_, HashMap<CustomerId, Entry>> {
        // Nothing can be half done while the lock is held, so a panic elsewhere doesn't spoil the map.
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, customer: CustomerId) -> Option<Entry> {
        let mut pools = self.pools();
        let entry = pools.get_mut(&customer)?;
        entry.last_used = Instant::now();
        Some(entry.clone())
    }

    async fn look_up(&self, customer: CustomerId) -> Result<Entry, Error> {
        let endpoint = self
            .directory
            .endpoint(customer)
            .await
            .map_err(|error| Error::Unavailable(error.to_string()))?
            .ok_or(Error::UnknownCustomer)?;
        let pool = connect::pool(&endpoint, &self.config, &self.master_key)?;
        let fresh = Entry { endpoint, pool, last_used: Instant::now() };
        let mut pools = self.pools();
        // Another request may have been faster: then its pool is the customer's, or there would be two.
        let entry = pools.entry(customer).or_insert_with(|| fresh.clone());
        if entry.endpoint != fresh.endpoint {
            entry.pool.close();
            *entry = fresh;
        }
        Ok(entry.clone())
    }

    /// Forgets the customer's pool if it is still this one.
    fn forget_same(&self, customer: CustomerId, entry: &Entry) {
        let mut pools = self.pools();
        if pools.get(&customer).is_some_and(|current| current.endpoint == entry.endpoint) {
            pools.remove(&customer);
            entry.pool.close();
        }
    }

    fn close_idle(&self) {
        let idle = self.config.idle_timeout;
        self.pools().retain(|_, entry| {
            entry.pool.retain(|_, metrics| metrics.last_used() < idle);
            let in_use = entry.pool.status().size > 0 || entry.last_used.elapsed() < idle;
            if !in_use {
                entry.pool.close();
            }
            in_use
        });
    }
}

/// Whether a pool's failure can come from an endpoint that has changed: another port, password or database, or a
/// pool that somebody forgot meanwhile.
fn may_have_moved(error: &PoolError) -> bool {
    match error {
        PoolError::Closed => true,
        PoolError::Backend(error) => match error.code() {
            Some(code) => [
                SqlState::INVALID_PASSWORD,
                SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                SqlState::INVALID_CATALOG_NAME,
            ]
            .contains(code),
            None => true,
        },
        _ => false,
    }
}

async fn close_idle(inner: Weak<Inner>, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match inner.upgrade() {
            Some(inner) => inner.close_idle(),
            None => return,
        }
    }
}
