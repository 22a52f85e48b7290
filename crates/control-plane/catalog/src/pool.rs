//! Connections to the admin database: a pool for everyday statements, and single ones for migrations and listening.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, PoolConfig, QueueMode, RecyclingMethod, Runtime, Timeouts,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::listener::Listener;
use crate::{CatalogError, broken_off, query, tls};

/// Where the admin database is, and who asks.
#[derive(Clone)]
pub enum Address {
    /// A connection URL, `postgresql://user:password@host:port/database`.
    Url(SecretString),
    /// The same in parts, which need no escaping.
    Parts {
        /// The host's name or address, or the folder of a Unix socket.
        host: String,
        /// The port.
        port: u16,
        /// The role.
        user: String,
        /// Its password.
        password: SecretString,
        /// The database.
        database: String,
    },
}

/// How to reach the admin database and how many connections to keep.
#[derive(Debug, Clone)]
pub struct CatalogConfig {
    /// Where it is. TLS is used when a URL says `sslmode=require`.
    pub address: Address,
    /// Whether TLS is a must, with a certificate that the machine trusts unless there is an authority of one's own. Default
    /// no.
    pub requires_tls: bool,
    /// The certificate authority that the server's certificate must be signed by, PEM; makes TLS a must. Default none.
    pub ca_certificate: Option<String>,
    /// At most so many connections at once; further callers wait. Default 20.
    pub max_connections: usize,
    /// A connection that nobody used for this long is closed. Default 30 s.
    pub idle_timeout: Duration,
    /// How long to wait for a free connection, and for a new one to be made. Default 2 s.
    pub connect_timeout: Duration,
    /// A statement of the pool that takes longer is given up by the database, as unavailable. Default: it may take as long as
    /// it likes.
    pub statement_timeout: Option<Duration>,
    /// Under which name the connections show in `pg_stat_activity`. Default `sixty`.
    pub application_name: &'static str,
}

impl CatalogConfig {
    /// The default configuration for a connection URL.
    #[must_use]
    pub fn new(url: SecretString) -> Self {
        Self::at(Address::Url(url))
    }

    /// The default configuration for an address.
    #[must_use]
    pub fn at(address: Address) -> Self {
        Self {
            address,
            requires_tls: false,
            ca_certificate: None,
            max_connections: 20,
            idle_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(2),
            statement_timeout: None,
            application_name: "sixty",
        }
    }

    fn driver_config(&self) -> Result<tokio_postgres::Config, CatalogError> {
        let mut config = match &self.address {
            // The parser's error repeats parts of the URL, and with them perhaps the password: it is not kept.
            Address::Url(url) => url.expose_secret().parse::<tokio_postgres::Config>().map_err(|_| {
                CatalogError::unavailable(
                    "the URL is not of the form postgresql://user:password@host:port/database",
                )
            })?,
            Address::Parts { host, port, user, password, database } => {
                let mut config = tokio_postgres::Config::new();
                config.host(host).port(*port).user(user).password(password.expose_secret()).dbname(database);
                config
            }
        };
        if self.requires_tls {
            config.ssl_mode(SslMode::Require);
        }
        config.connect_timeout(self.connect_timeout).application_name(self.application_name);
        // A listener waits in silence: only keepalives tell it that the server's machine is gone.
        config.keepalives_idle(Duration::from_secs(30));
        Ok(config)
    }
}

/// The admin database. Cheap to clone; all clones share the pool.
#[derive(Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
}

struct Shared {
    pool: Pool,
    config: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    connect_timeout: Duration,
    /// Closes idle connections, until the last clone of the catalog is dropped.
    evictor: JoinHandle<()>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.evictor.abort();
    }
}

impl Catalog {
    /// Prepares the pool. Makes no connection: the database may come later, and each call says if it isn't there.
    /// Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// [`CatalogError::Unavailable`] when the address or the certificate authority can't be understood.
    pub fn connect(config: &CatalogConfig) -> Result<Self, CatalogError> {
        let mut driver_config = config.driver_config()?;
        let tls = tls::connector(&mut driver_config, config.ca_certificate.as_deref())?;
        let manager = Manager::from_config(
            driver_config.clone(),
            tls.clone(),
            ManagerConfig { recycling_method: RecyclingMethod::Fast },
        );
        let timeouts = Timeouts {
            wait: Some(config.connect_timeout),
            create: Some(config.connect_timeout),
            recycle: Some(config.connect_timeout),
        };
        let pool = Pool::builder(manager)
            // Last in, first out: under light load the same few connections do all the work, and the others idle out.
            .config(PoolConfig { max_size: config.max_connections, timeouts, queue_mode: QueueMode::Lifo })
            .runtime(Runtime::Tokio1)
            .post_create(bounded(config.statement_timeout))
            .pre_recycle(free(tls.clone()))
            .build()
            .map_err(CatalogError::unavailable)?;
        let evictor = tokio::spawn(evict_idle(pool.clone(), config.idle_timeout));
        let shared =
            Shared { pool, config: driver_config, tls, connect_timeout: config.connect_timeout, evictor };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A connection of the pool; it goes back when it is dropped.
    ///
    /// # Errors
    /// [`CatalogError::Unavailable`] when none is free or can be made in time.
    pub async fn client(&self) -> Result<deadpool_postgres::Client, CatalogError> {
        Ok(self.shared.pool.get().await?)
    }

    /// Asks the database for nothing, to learn whether it answers.
    ///
    /// # Errors
    /// [`CatalogError::Unavailable`] when it doesn't.
    pub async fn ping(&self) -> Result<(), CatalogError> {
        let client = self.client().await?;
        let asked = query::one(&client, "select 1", &[]);
        tokio::time::timeout(self.shared.connect_timeout, asked)
            .await
            .map_err(CatalogError::unavailable)??;
        Ok(())
    }

    /// A connection of its own, for what must not share one: migrations, session locks.
    ///
    /// # Errors
    /// [`CatalogError::Unavailable`] when it can't be made.
    pub async fn dedicated_client(&self) -> Result<tokio_postgres::Client, CatalogError> {
        let connecting = self.shared.config.connect(self.shared.tls.clone());
        let (client, connection) = tokio::time::timeout(self.shared.connect_timeout, connecting)
            .await
            .map_err(CatalogError::unavailable)?
            .map_err(CatalogError::unavailable)?;
        // Ends by itself when the client is dropped; its error reaches whoever uses the client.
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the admin database ended");
            }
        });
        Ok(client)
    }

    /// Listens for notifications on the channels, over a connection of its own.
    ///
    /// # Errors
    /// [`CatalogError::Unavailable`] when the connection can't be made, or when what another session tells isn't heard over
    /// it: behind a pooler in transaction mode.
    pub async fn listen(&self, channels: &[&str]) -> Result<Listener, CatalogError> {
        let connecting = async {
            let mut listener = Listener::connect(&self.shared.config, self.shared.tls.clone()).await?;
            // Not one of the pool: all of those may be in use, and this must not wait for its turn.
            listener.prove(&self.dedicated_client().await?).await?;
            listener.listen(channels).await?;
            Ok(listener)
        };
        tokio::time::timeout(self.shared.connect_timeout, connecting)
            .await
            .map_err(CatalogError::unavailable)?
    }

    /// How many connections the pool has open now.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.shared.pool.status().size
    }
}

/// Bounds what a new connection's statements may take.
fn bounded(statement_timeout: Option<Duration>) -> Hook {
    Hook::async_fn(move |client, _| {
        Box::pin(async move {
            let Some(longest) = statement_timeout else { return Ok(()) };
            let set = format!("set statement_timeout = {}", longest.as_millis());
            client.batch_execute(&set).await.map_err(HookError::Backend)
        })
    })
}

/// Gives out no connection that still works for somebody who has gone.
fn free(tls: MakeRustlsConnect) -> Hook {
    Hook::async_fn(move |client, metrics| {
        let suspect = broken_off::is_suspect(metrics).then(|| tls.clone());
        Box::pin(async move {
            match suspect {
                Some(tls) => broken_off::is_free(client, &tls).await,
                None => Ok(()),
            }
        })
    })
}

/// Closes connections that nobody used for a while, and those that broke while they were idle.
async fn evict_idle(pool: Pool, idle_timeout: Duration) {
    let period = (idle_timeout / 4).max(Duration::from_millis(10));
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        pool.retain(|client, metrics| !client.is_closed() && metrics.last_used() < idle_timeout);
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(_) => formatter.write_str("Url([REDACTED])"),
            Self::Parts { host, port, user, database, .. } => formatter
                .debug_struct("Parts")
                .field("host", host)
                .field("port", port)
                .field("user", user)
                .field("database", database)
                .finish_non_exhaustive(),
        }
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Catalog").field("pool", &self.shared.pool.status()).finish_non_exhaustive()
    }
}
