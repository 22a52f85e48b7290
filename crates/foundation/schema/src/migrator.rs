//! Applies migrations: each in a transaction of its own, one migrator at a time.

use tokio_postgres::{Client, GenericClient};

use crate::migrations::{Migration, MigrationSet};

/// `sixty` in ASCII: the advisory lock that migrators of one database queue on.
pub(crate) const LOCK: i64 = 0x73_69_78_74_79;

/// What a run of the migrator did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The versions that were applied now.
    pub applied: Vec<i32>,
    /// The version that the database has.
    pub version: i32,
}

/// Why a database could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A statement failed; its migration was rolled back, those before it stay.
    #[error("migration {version:04}_{name} failed: {}", describe(.source))]
    Failed {
        /// The migration's number.
        version: i32,
        /// The migration's name.
        name: String,
        /// What PostgreSQL said.
        source: tokio_postgres::Error,
    },
    /// The database knows another text under a number of ours.
    #[error(
        "migration {version:04} was applied with another text than this binary has: \
         the database belongs to another build of sixty, or the file was edited after it was applied"
    )]
    Changed {
        /// The migration's number.
        version: i32,
    },
    /// The database has migrations that this binary doesn't know.
    #[error("the database is at schema version {found}, this binary knows only {known}: use a newer sixty")]
    Newer {
        /// The database's version.
        found: i32,
        /// The newest version that this binary knows.
        known: i32,
    },
    /// The database could not be asked.
    #[error("the database can't be asked for its schema version: {}", describe(.0))]
    Database(#[from] tokio_postgres::Error),
}

/// PostgreSQL's own words, which `tokio_postgres::Error` keeps to itself.
fn describe(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(
        || error.to_string(),
        |database| format!("{}: {}", database.code().code(), database.message()),
    )
}

/// Brings the database up to date. Several may run at once: they queue on an advisory lock, and the later ones
/// find nothing to do.
///
/// The lock is held by the session, not by a transaction: each migration commits by itself, so that a failure
/// keeps what came before. A killed migrator's session ends, and the lock with it.
///
/// # Errors
/// [`MigrateError`] says which migration failed and why.
pub async fn migrate(client: &mut Client, set: &MigrationSet) -> Result<Migrated, MigrateError> {
    client.execute("select pg_advisory_lock($1)", &[&LOCK]).await?;
    let outcome = migrate_locked(client, set).await;
    // An error here means that the connection is gone, and the lock with it.
    let _ = client.execute("select pg_advisory_unlock($1)", &[&LOCK]).await;
    outcome
}

async fn migrate_locked(client: &mut Client, set: &MigrationSet) -> Result<Migrated, MigrateError> {
    client
        .batch_execute(&format!(
            "create table if not exists {} (
                version integer primary key,
                name text not null,
                checksum text not null,
                applied_at timestamptz not null default now()
            )",
            set.history_table
        ))
        .await?;
    let found = check_history(client, set).await?;
    let mut applied = Vec::new();
    for migration in set.migrations.iter().filter(|migration| migration.version > found) {
        apply(client, set, migration).await.map_err(|source| MigrateError::Failed {
            version: migration.version,
            name: migration.name.clone(),
            source,
        })?;
        tracing::info!(
            kind = set.kind,
            version = migration.version,
            name = migration.name,
            "migration applied"
        );
        applied.push(migration.version);
    }
    Ok(Migrated { applied, version: set.latest() })
}

async fn apply(
    client: &mut Client,
    set: &MigrationSet,
    migration: &Migration,
) -> Result<(), tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(migration.sql).await?;
    transaction
        .execute(
            &format!("insert into {} (version, name, checksum) values ($1, $2, $3)", set.history_table),
            &[&migration.version, &migration.name, &migration.checksum],
        )
        .await?;
    transaction.commit().await
}

async fn check_history(client: &Client, set: &MigrationSet) -> Result<i32, MigrateError> {
    let rows = client
        .query(&format!("select version, checksum from {} order by version", set.history_table), &[])
        .await?;
    let mut found = 0;
    for row in rows {
        found = row.get(0);
        let checksum: String = row.get(1);
        match set.migrations.iter().find(|migration| migration.version == found) {
            Some(migration) if migration.checksum == checksum => {}
            Some(migration) => return Err(MigrateError::Changed { version: migration.version }),
            None => return Err(MigrateError::Newer { found, known: set.latest() }),
        }
    }
    Ok(found)
}

/// The version that the database has; 0 when it was never migrated.
///
/// # Errors
/// When the database can't be asked.
pub async fn schema_version(
    client: &impl GenericClient,
    set: &MigrationSet,
) -> Result<i32, tokio_postgres::Error> {
    let exists: bool =
        client.query_one("select to_regclass($1) is not null", &[&set.history_table]).await?.get(0);
    if !exists {
        return Ok(0);
    }
    let row = client
        .query_one(&format!("select coalesce(max(version), 0) from {}", set.history_table), &[])
        .await?;
    Ok(row.get(0))
}
