//! `admin_backups`: the logical backups of customers' databases and of the admin database.
//!
//! A row is written before its file and removed after it, so that no file is there that nobody knows of.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{BackupId, BackupKind, BackupStatus, CustomerId};
use tokio_postgres::Row;

use crate::{CatalogError, GenericClient, query, row};

/// A row of `admin_backups`.
#[derive(Debug, Clone)]
pub struct Backup {
    /// The backup.
    pub id: BackupId,
    /// Whose it is; `None` for the admin database.
    pub customer_id: Option<CustomerId>,
    /// The database.
    pub database_name: String,
    /// Why it was made.
    pub kind: BackupKind,
    /// The night it belongs to.
    pub backup_day: Option<NaiveDate>,
    /// Where it stands.
    pub status: BackupStatus,
    /// The file.
    pub path: String,
    /// The sealed key of the file; `None` when it is plain, as all were before keys came.
    pub key: Option<BackupKey>,
    /// The file's size, when it is whole.
    pub size_bytes: Option<i64>,
    /// The file's hex SHA-256, when it is whole.
    pub sha256: Option<String>,
    /// The version of the server that was dumped.
    pub postgres_version: Option<String>,
    /// Why there is no file.
    pub error: Option<String>,
    /// When it was begun.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The sealed key of a backup's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupKey {
    /// Sealed by the customer's data key.
    Customers(String),
    /// Sealed by the platform's: of the admin database, and of customers who are gone.
    Platforms(String),
}

/// What is needed to begin a backup.
#[derive(Debug, Clone)]
pub struct NewBackup {
    /// The backup: its file's name is made of it, so the caller chooses it.
    pub id: BackupId,
    /// Whose it is; `None` for the admin database.
    pub customer_id: Option<CustomerId>,
    /// The database.
    pub database_name: String,
    /// The night it belongs to; `None` when somebody asked for it.
    pub backup_day: Option<NaiveDate>,
    /// The file that there will be.
    pub path: String,
    /// The sealed key of that file. It is stored before the file is there: no file is, whose key nobody has.
    pub key: BackupKey,
}

/// What is known of a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFile {
    /// Its size.
    pub size_bytes: i64,
    /// Its hex SHA-256.
    pub sha256: String,
    /// The version of the server that was dumped.
    pub postgres_version: String,
}

/// Which backups to list.
#[derive(Debug, Clone, Default)]
pub struct BackupFilter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only in this state.
    pub status: Option<BackupStatus>,
    /// Only those begun before this one: the last id of the page before.
    pub before: Option<BackupId>,
}

const COLUMNS: &str = "id, customer_id, database_name, kind::text, backup_day, status::text, path, key_encrypted, \
     key_sealed, size_bytes, sha256, postgres_version, error, started_at, finished_at";

fn backup(row: &Row) -> Result<Backup, CatalogError> {
    let customer_id: Option<uuid::Uuid> = row.try_get("customer_id")?;
    let customers: Option<String> = row.try_get("key_encrypted")?;
    let platforms: Option<String> = row.try_get("key_sealed")?;
    Ok(Backup {
        id: BackupId(row.try_get("id")?),
        customer_id: customer_id.map(CustomerId),
        database_name: row.try_get("database_name")?,
        kind: row::named(row, "kind")?,
        backup_day: row.try_get("backup_day")?,
        status: row::named(row, "status")?,
        path: row.try_get("path")?,
        key: customers.map(BackupKey::Customers).or(platforms.map(BackupKey::Platforms)),
        size_bytes: row.try_get("size_bytes")?,
        sha256: row.try_get("sha256")?,
        postgres_version: row.try_get("postgres_version")?,
        error: row.try_get("error")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
    })
}

/// Begins a backup. `None` when the night has one of this database already, done or under way.
///
/// # Errors
/// When the database can't be asked.
pub async fn begin(client: &impl GenericClient, new: &NewBackup) -> Result<Option<Backup>, CatalogError> {
    let kind = if new.backup_day.is_some() { BackupKind::Nightly } else { BackupKind::Manual };
    let sql = format!(
        "insert into admin_backups (id, customer_id, database_name, kind, backup_day, path, key_encrypted, key_sealed)
         values ($1, $2, $3, $4::text::admin_backup_kind, $5, $6, $7, $8)
         on conflict (database_name, backup_day) where kind = 'nightly' and status in ('running', 'succeeded')
         do nothing returning {COLUMNS}"
    );
    let customer = new.customer_id.map(CustomerId::uuid);
    let (customers, platforms) = match &new.key {
        BackupKey::Customers(sealed) => (Some(sealed), None),
        BackupKey::Platforms(sealed) => (None, Some(sealed)),
    };
    let parameters: query::Parameters<'_> = &[
        &new.id.uuid(),
        &customer,
        &new.database_name,
        &kind.as_str(),
        &new.backup_day,
        &new.path,
        &customers,
        &platforms,
    ];
    query::optional(client, &sql, parameters).await?.as_ref().map(backup).transpose()
}

/// Writes down that the file is whole. `false` when the backup was given up meanwhile: then remove the file.
///
/// # Errors
/// When the database can't be asked.
pub async fn succeed(
    client: &impl GenericClient,
    id: BackupId,
    file: &BackupFile,
) -> Result<bool, CatalogError> {
    let changed = query::execute(
        client,
        "update admin_backups set status = 'succeeded', finished_at = now(), size_bytes = $2, sha256 = $3,
                postgres_version = $4
         where id = $1 and status = 'running'",
        &[&id.uuid(), &file.size_bytes, &file.sha256, &file.postgres_version],
    )
    .await?;
    Ok(changed == 1)
}

/// Writes down why there is no file.
///
/// # Errors
/// When the database can't be asked.
pub async fn fail(client: &impl GenericClient, id: BackupId, error: &str) -> Result<(), CatalogError> {
    query::execute(
        client,
        "update admin_backups set status = 'failed', finished_at = now(), error = $2
         where id = $1 and status = 'running'",
        &[&id.uuid(), &error],
    )
    .await?;
    Ok(())
}

/// Gives up backups of this kind that were begun before the moment and never ended: their maker died. Answers them.
///
/// # Errors
/// When the database can't be asked.
pub async fn give_up(
    client: &impl GenericClient,
    kind: BackupKind,
    begun_before: DateTime<Utc>,
) -> Result<Vec<Backup>, CatalogError> {
    let sql = format!(
        "update admin_backups set status = 'failed', finished_at = now(), error = 'interrupted before it was whole'
         where status = 'running' and kind = $1::text::admin_backup_kind and started_at < $2 returning {COLUMNS}"
    );
    let rows = query::rows(client, &sql, &[&kind.as_str(), &begun_before]).await?;
    row::all(&rows, backup)
}

/// One backup.
///
/// # Errors
/// When the database can't be asked.
pub async fn get(client: &impl GenericClient, id: BackupId) -> Result<Option<Backup>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_backups where id = $1");
    query::optional(client, &sql, &[&id.uuid()]).await?.as_ref().map(backup).transpose()
}

/// The newest whole backup of a customer's database.
///
/// # Errors
/// When the database can't be asked.
pub async fn latest(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Option<Backup>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_backups where customer_id = $1 and status = 'succeeded' order by id desc limit 1"
    );
    query::optional(client, &sql, &[&customer.uuid()]).await?.as_ref().map(backup).transpose()
}

/// Backups, the newest first.
///
/// # Errors
/// When the database can't be asked.
pub async fn list(
    client: &impl GenericClient,
    filter: &BackupFilter,
    limit: i64,
) -> Result<Vec<Backup>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_backups
         where ($1::uuid is null or customer_id = $1)
           and ($2::text is null or status = $2::text::admin_backup_status) and ($3::uuid is null or id < $3)
         order by id desc limit $4"
    );
    let parameters: query::Parameters<'_> = &[
        &filter.customer_id.map(CustomerId::uuid),
        &filter.status.map(BackupStatus::as_str),
        &filter.before.map(BackupId::uuid),
        &limit,
    ];
    row::all(&query::rows(client, &sql, parameters).await?, backup)
}

/// Backups that ended before the moment, except the newest whole one of each database that is still in use.
///
/// # Errors
/// When the database can't be asked.
pub async fn outdated(
    client: &impl GenericClient,
    finished_before: DateTime<Utc>,
) -> Result<Vec<Backup>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_backups as old
         where finished_at < $1 and not (
             status = 'succeeded'
             and (customer_id is null or exists (
                 select from admin_customers where id = old.customer_id and lifecycle <> 'deleted'))
             and not exists (
                 select from admin_backups as newer
                 where newer.database_name = old.database_name and newer.status = 'succeeded' and newer.id > old.id))
         order by id"
    );
    row::all(&query::rows(client, &sql, &[&finished_before]).await?, backup)
}

/// The keys of a customer's backups that the customer's data key seals.
///
/// # Errors
/// When the database can't be asked.
pub async fn customers_keys(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Vec<(BackupId, String)>, CatalogError> {
    let sql =
        "select id, key_encrypted from admin_backups where customer_id = $1 and key_encrypted is not null
               order by id";
    let rows = query::rows(client, sql, &[&customer.uuid()]).await?;
    rows.iter().map(|row| Ok((BackupId(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// Replaces the key that a customer's data key seals by the same one sealed by the platform's, if it is still what was
/// read. `false`: somebody was faster.
///
/// # Errors
/// When the database can't be asked.
pub async fn hand_key_over(
    client: &impl GenericClient,
    id: BackupId,
    customers: &str,
    platforms: &str,
) -> Result<bool, CatalogError> {
    let sql =
        "update admin_backups set key_encrypted = null, key_sealed = $3 where id = $1 and key_encrypted = $2";
    Ok(query::execute(client, sql, &[&id.uuid(), &customers, &platforms]).await? == 1)
}

/// Forgets a backup whose file is gone, and with it the key of every copy of that file.
///
/// # Errors
/// When the database can't be asked.
pub async fn forget(client: &impl GenericClient, id: BackupId) -> Result<(), CatalogError> {
    query::execute(client, "delete from admin_backups where id = $1", &[&id.uuid()]).await?;
    Ok(())
}

/// The customers whose databases there are to back up.
///
/// # Errors
/// When the database can't be asked.
pub async fn customers_to_back_up(client: &impl GenericClient) -> Result<Vec<CustomerId>, CatalogError> {
    let rows = query::rows(
        client,
        "select customer.id from admin_customers as customer
         join admin_instances as instance on instance.customer_id = customer.id
         where customer.deleted_at is null and customer.lifecycle = 'ready' and instance.target = 'running' and instance.ready_at is not null
         order by customer.id",
        &[],
    )
    .await?;
    rows.iter().map(|row| Ok(CustomerId(row.try_get(0)?))).collect()
}

/// Where the roles of a configured database reach it: host, port and certificate authority (PEM).
///
/// # Errors
/// When the database can't be asked.
pub async fn place_of(
    client: &impl GenericClient,
    database: &str,
) -> Result<Option<(String, u16, String)>, CatalogError> {
    let row = query::optional(
        client,
        "select host, port, ca_certificate from admin_instances
         where database_name = $1 and ca_certificate is not null",
        &[&database],
    )
    .await?;
    row.map(|row| {
        let port: i32 = row.try_get(1)?;
        let port = u16::try_from(port).map_err(|_| CatalogError::Unreadable(format!("port {port}")))?;
        Ok((row.try_get(0)?, port, row.try_get(2)?))
    })
    .transpose()
}
