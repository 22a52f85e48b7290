//! What `/api/ready` asks: the admin database and its schema, Redis, the master key's fit, and the start-up.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::{Dependency, Need};
use async_trait::async_trait;
use catalog::Catalog;
use metering::Meter;
use redis::AsyncConnectionConfig;
use redis_address::RedisAddress;
use schema::MigrationSet;
use session_tokens::SessionIssuer;
use tokio::sync::Mutex;

/// The admin database: there, and with the schema that this binary needs, or a newer one, which serves older programs too.
pub(crate) struct AdminDatabase {
    catalog: Catalog,
    was_well: AtomicBool,
}

impl AdminDatabase {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self { catalog, was_well: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Dependency for AdminDatabase {
    fn name(&self) -> &'static str {
        "admin_database"
    }

    fn need(&self) -> Need {
        // Once it was well, customers whom the server knows are served without it.
        if self.was_well.load(Ordering::Relaxed) { Need::ToBegin } else { Need::Required }
    }

    async fn check(&self) -> Result<(), String> {
        let client = self.catalog.client().await.map_err(|_| "can't be reached".to_owned())?;
        let set = MigrationSet::admin();
        let version = schema::schema_version(&**client, set)
            .await
            .map_err(|_| "can't be asked for its schema".to_owned())?;
        if version >= set.latest() {
            self.was_well.store(true, Ordering::Relaxed);
            Ok(())
        } else {
            Err(format!("schema version {version}, this server needs {}: run sixty migrate", set.latest()))
        }
    }
}

/// Redis. Without it jobs are slower to begin, and nothing else.
pub(crate) struct Redis {
    address: RedisAddress,
    connection: Mutex<Option<redis::aio::MultiplexedConnection>>,
}

impl Redis {
    pub(crate) fn new(address: RedisAddress) -> Self {
        Self { address, connection: Mutex::new(None) }
    }

    async fn ping(&self) -> redis::RedisResult<()> {
        let mut held = self.connection.lock().await;
        // Taken out, and put back only after a good answer: a broken connection is made anew next time.
        let mut connection = match held.take() {
            Some(connection) => connection,
            None => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(Duration::from_secs(1)))
                    .set_response_timeout(Some(Duration::from_secs(1)));
                let client = self.address.client()?;
                client.get_multiplexed_async_connection_with_config(&config).await?
            }
        };
        redis::cmd("PING").query_async::<()>(&mut connection).await?;
        *held = Some(connection);
        Ok(())
    }
}

#[async_trait]
impl Dependency for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn need(&self) -> Need {
        Need::Optional
    }

    async fn check(&self) -> Result<(), String> {
        self.ping().await.map_err(|error| match error.kind() {
            redis::ErrorKind::AuthenticationFailed => "refuses the password".to_owned(),
            _ => "can't be reached".to_owned(),
        })
    }
}

/// The way of usage from here to the admin database. When it is blocked nothing is refused, and nothing is lost before the
/// bounds are reached.
pub(crate) struct Usage(pub(crate) Meter);

#[async_trait]
impl Dependency for Usage {
    fn name(&self) -> &'static str {
        "usage"
    }

    fn need(&self) -> Need {
        Need::Optional
    }

    async fn check(&self) -> Result<(), String> {
        let health = self.0.health();
        if health.lost > 0 {
            return Err(format!(
                "{} records are lost: the spool and the memory for usage are full",
                health.lost
            ));
        }
        if health.disk_error.is_some() {
            return Err("usage can't be written to the disk, and is kept in memory".to_owned());
        }
        if health.is_degraded() { Err("usage waits for the admin database".to_owned()) } else { Ok(()) }
    }
}

/// The start-up of `sixty dev`: over when it has printed where everything is.
pub(crate) struct StartUp(pub(crate) PathBuf);

#[async_trait]
impl Dependency for StartUp {
    fn name(&self) -> &'static str {
        "start_up"
    }

    fn need(&self) -> Need {
        Need::Required
    }

    async fn check(&self) -> Result<(), String> {
        if tokio::fs::try_exists(&self.0).await.unwrap_or(false) {
            Ok(())
        } else {
            Err("still starting".to_owned())
        }
    }
}

/// The keys of session tokens. Without them nobody who is signed in is let in; programs with API keys are.
pub(crate) struct SessionKeys(pub(crate) Arc<SessionIssuer>);

#[async_trait]
impl Dependency for SessionKeys {
    fn name(&self) -> &'static str {
        "session_keys"
    }

    fn need(&self) -> Need {
        Need::Optional
    }

    async fn check(&self) -> Result<(), String> {
        if self.0.is_ready() {
            Ok(())
        } else {
            Err("the keys of session tokens can't be asked for".to_owned())
        }
    }
}
