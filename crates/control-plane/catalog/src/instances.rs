//! `admin_instances`: the PostgreSQL instances that the platform looks after.

use chrono::{DateTime, Utc};
use domain::{CustomerId, InstanceId};
use rust_decimal::Decimal;
use tokio_postgres::Row;

use crate::{CatalogError, GenericClient, query};

/// A row of `admin_instances`.
#[derive(Debug, Clone)]
pub struct Instance {
    /// The instance.
    pub id: InstanceId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Which backend runs it.
    pub backend: String,
    /// The host that clients connect to.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The customer's database in it.
    pub database_name: String,
    /// PostgreSQL's own identifier of the instance, once it was there.
    pub system_identifier: Option<u64>,
    /// The server's version, once it was there.
    pub postgres_version: Option<String>,
    /// The certificate authority of its certificate, PEM.
    pub ca_certificate: Option<String>,
    /// The schema version of the customer's database.
    pub schema_version: Option<i32>,
    /// When it first was wholly there.
    pub ready_at: Option<DateTime<Utc>>,
}

/// What is learned of an instance when it was configured.
#[derive(Debug, Clone)]
pub struct InstanceRecord {
    /// PostgreSQL's own identifier.
    pub system_identifier: u64,
    /// The server's version.
    pub postgres_version: String,
    /// The certificate authority, PEM.
    pub ca_certificate: String,
    /// The schema version of the customer's database.
    pub schema_version: i32,
}

const COLUMNS: &str = "id, customer_id, backend, host, port, database_name, system_identifier, postgres_version, \
     ca_certificate, schema_version, ready_at";

fn instance(row: &Row) -> Result<Instance, CatalogError> {
    let port: i32 = row.try_get("port")?;
    let system_identifier: Option<Decimal> = row.try_get("system_identifier")?;
    Ok(Instance {
        id: InstanceId(row.try_get("id")?),
        customer_id: CustomerId(row.try_get("customer_id")?),
        backend: row.try_get("backend")?,
        host: row.try_get("host")?,
        port: u16::try_from(port).map_err(|_| CatalogError::Unreadable(format!("port {port}")))?,
        database_name: row.try_get("database_name")?,
        system_identifier: system_identifier.and_then(|number| u64::try_from(number).ok()),
        postgres_version: row.try_get("postgres_version")?,
        ca_certificate: row.try_get("ca_certificate")?,
        schema_version: row.try_get("schema_version")?,
        ready_at: row.try_get("ready_at")?,
    })
}

/// A customer's instance, if a place was chosen for it.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_customer(
    client: &impl GenericClient,
    customer: CustomerId,
) -> Result<Option<Instance>, CatalogError> {
    let sql = format!("select {COLUMNS} from admin_instances where customer_id = $1");
    query::optional(client, &sql, &[&customer.uuid()]).await?.as_ref().map(instance).transpose()
}

/// The ports of a host that are given to instances.
///
/// # Errors
/// When the database can't be asked.
pub async fn ports_in_use(client: &impl GenericClient, host: &str) -> Result<Vec<u16>, CatalogError> {
    let rows = query::rows(client, "select port from admin_instances where host = $1", &[&host]).await?;
    rows.iter().map(|row| Ok(u16::try_from(row.try_get::<_, i32>(0)?).unwrap_or_default())).collect()
}

/// What is needed to reserve a place.
#[derive(Debug, Clone)]
pub struct NewInstance {
    /// Whose it is.
    pub customer_id: CustomerId,
    /// Which backend will run it.
    pub backend: String,
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The customer's database.
    pub database_name: String,
}

/// Reserves a port for a customer's instance. `None` when the port was given to somebody else meanwhile: choose
/// another. A customer who has a place gets the new port instead of the old one.
///
/// # Errors
/// When the database can't be asked.
pub async fn reserve(
    client: &impl GenericClient,
    new: &NewInstance,
) -> Result<Option<Instance>, CatalogError> {
    let sql = format!(
        "insert into admin_instances (customer_id, backend, host, port, database_name)
         select $1, $2, $3, $4, $5
         where not exists (select from admin_instances where host = $3 and port = $4)
         on conflict (customer_id) do update set host = excluded.host, port = excluded.port
         returning {COLUMNS}"
    );
    let reserved = query::optional(
        client,
        &sql,
        &[&new.customer_id.uuid(), &new.backend, &new.host, &i32::from(new.port), &new.database_name],
    )
    .await;
    match reserved {
        // Two that asked for the same free port at the same moment: the unique index decides.
        Err(CatalogError::Conflict { constraint, .. }) if constraint == "admin_instances_host_port_key" => {
            Ok(None)
        }
        other => other?.as_ref().map(instance).transpose(),
    }
}

/// Writes down what was learned when the instance was configured.
///
/// # Errors
/// When the database can't be asked.
pub async fn record(
    client: &impl GenericClient,
    id: InstanceId,
    record: &InstanceRecord,
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "update admin_instances set system_identifier = $2, postgres_version = $3, ca_certificate = $4,
                schema_version = $5, ready_at = coalesce(ready_at, now())
         where id = $1",
        &[
            &id.uuid(),
            &Decimal::from(record.system_identifier),
            &record.postgres_version,
            &record.ca_certificate,
            &record.schema_version,
        ],
    )
    .await?;
    Ok(())
}

/// The instances of a backend that should be running: those of customers who are wholly there. An older client removes
/// a customer by `deleted_at` alone: nobody is served from such an instance.
///
/// # Errors
/// When the database can't be asked.
pub async fn should_run(client: &impl GenericClient, backend: &str) -> Result<Vec<Instance>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_instances
         where backend = $1 and target = 'running' and ready_at is not null
           and exists (select from admin_customers
                       where admin_customers.id = admin_instances.customer_id and deleted_at is null)
           and not exists (select from admin_operations
                           where admin_operations.customer_id = admin_instances.customer_id
                             and status in ('queued', 'running', 'dead'))
         order by id"
    );
    query::rows(client, &sql, &[&backend]).await?.iter().map(instance).collect()
}

/// Tells the clients of all instances of a home which authorities to trust, PEM. How many didn't know.
///
/// # Errors
/// When the database can't be asked.
pub async fn publish_authorities(
    client: &impl GenericClient,
    (backend, host): (&str, &str),
    ca_certificate: &str,
) -> Result<u64, CatalogError> {
    query::execute(
        client,
        "update admin_instances set ca_certificate = $3
         where backend = $1 and host = $2 and ready_at is not null and ca_certificate is distinct from $3",
        &[&backend, &host, &ca_certificate],
    )
    .await
}

/// The instances of a home that were ever wholly there, whatever is going on with them.
///
/// # Errors
/// When the database can't be asked.
pub async fn of_home(
    client: &impl GenericClient,
    (backend, host): (&str, &str),
) -> Result<Vec<Instance>, CatalogError> {
    let sql = format!(
        "select {COLUMNS} from admin_instances where backend = $1 and host = $2 and ready_at is not null order by id"
    );
    query::rows(client, &sql, &[&backend, &host]).await?.iter().map(instance).collect()
}

/// Writes down when what an instance shows ends, and when who signed it does.
///
/// # Errors
/// When the database can't be asked.
pub async fn record_certificate(
    client: &impl GenericClient,
    id: InstanceId,
    expires_at: DateTime<Utc>,
    authority_expires_at: DateTime<Utc>,
) -> Result<(), CatalogError> {
    query::execute(
        client,
        "update admin_instances set certificate_expires_at = $2, authority_expires_at = $3
         where id = $1 and (certificate_expires_at, authority_expires_at) is distinct from ($2, $3)",
        &[&id.uuid(), &expires_at, &authority_expires_at],
    )
    .await?;
    Ok(())
}

/// What is known of all instances' certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    /// How many instances there are that should show one.
    pub instances: i64,
    /// When the first of them ends.
    pub first_expires_at: Option<DateTime<Utc>>,
    /// When the first of those who signed them ends.
    pub first_authority_expires_at: Option<DateTime<Utc>>,
    /// Whose ends first.
    pub first_database: Option<String>,
}

/// What is known of all instances' certificates.
///
/// # Errors
/// When the database can't be asked.
pub async fn certificates(client: &impl GenericClient) -> Result<Certificates, CatalogError> {
    let row = query::one(
        client,
        "select count(*) as instances, min(certificate_expires_at) as first, min(authority_expires_at) as authority,
                (array_agg(database_name order by certificate_expires_at) filter (where certificate_expires_at is not null))[1]
                    as database_name
         from admin_instances where ready_at is not null and target = 'running'",
        &[],
    )
    .await?;
    Ok(Certificates {
        instances: row.try_get("instances")?,
        first_expires_at: row.try_get("first")?,
        first_authority_expires_at: row.try_get("authority")?,
        first_database: row.try_get("database_name")?,
    })
}

/// Forgets a customer's instance. Only after everything of it is gone.
///
/// # Errors
/// When the database can't be asked.
pub async fn delete(client: &impl GenericClient, customer: CustomerId) -> Result<(), CatalogError> {
    query::execute(client, "delete from admin_instances where customer_id = $1", &[&customer.uuid()]).await?;
    Ok(())
}
