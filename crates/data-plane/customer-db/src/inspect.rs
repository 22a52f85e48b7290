//! What a customer's database says of itself, to the role that serves their requests: nothing of what is in it.

use std::time::SystemTime;

use domain::CustomerId;
use tokio_postgres::Row;

use crate::{CustomerDatabases, Error};

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The server's version, such as `15.14`.
    pub postgres_version: String,
    /// When the server was started.
    pub started_at: SystemTime,
    /// The database's size on disk.
    pub size_bytes: i64,
    /// How many connections the server takes from roles that aren't superusers.
    pub connection_limit: i64,
    /// Tables, the largest first.
    pub tables: Vec<Table>,
    /// Connections by role, the most first.
    pub connections: Vec<RoleConnections>,
    /// Those of the asked-for roles that are there.
    pub roles: Vec<Role>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// About how many rows it has, over all organizations; `None`: nobody has counted.
    pub rows_estimate: Option<i64>,
    /// With its indexes.
    pub size_bytes: i64,
}

/// How many connections a role has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleConnections {
    /// The role.
    pub role: String,
    /// How many.
    pub connections: i64,
}

/// A role of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Whether somebody can connect as it.
    pub can_login: bool,
    /// Whether it sees every organization's rows: a superuser does, too.
    pub bypasses_rls: bool,
}

const SERVER: &str =
    "select current_setting('server_version') as version, pg_postmaster_start_time() as started_at,
        pg_database_size(current_database()) as size_bytes,
        current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
            as connection_limit";

/// What was counted last counts; a table that nobody has looked at yet says -1.
const TABLES: &str = "select class.relname::text as name,
        case when stat.n_live_tup > 0 then stat.n_live_tup
             when class.reltuples >= 0 then class.reltuples::bigint end as rows_estimate,
        pg_total_relation_size(class.oid) as size_bytes
     from pg_catalog.pg_class class
     left join pg_catalog.pg_stat_user_tables stat on stat.relid = class.oid
     where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p')
     order by size_bytes desc, name";

/// Whose a connection is can be seen of every connection; what it does can't.
const CONNECTIONS: &str = "select usename::text as role, count(*) as connections from pg_catalog.pg_stat_activity
     where datname = current_database() and usename is not null group by usename order by connections desc, role";

const ROLES: &str = "select rolname::text as name, rolcanlogin as can_login,
        rolbypassrls or rolsuper as bypasses_rls
     from pg_catalog.pg_roles where rolname = any($1) order by name";

impl CustomerDatabases {
    /// Asks a customer's database what it says of itself and of these roles. Takes a connection as a request does, and no
    /// longer than a request may; set a shorter limit where somebody waits.
    ///
    /// # Errors
    /// As [`CustomerDatabases::begin`].
    pub async fn inspect(&self, customer: CustomerId, roles: &[String]) -> Result<Inspection, Error> {
        let mut session = self.begin(customer, None).await?;
        let server = session.query_opt(SERVER, &[]).await?.ok_or(Error::UnknownOrganization)?;
        let tables = session.query(TABLES, &[]).await?;
        let connections = session.query(CONNECTIONS, &[]).await?;
        let roles = session.query(ROLES, &[&roles]).await?;
        session.commit().await?;
        Ok(Inspection {
            postgres_version: server.try_get("version")?,
            started_at: server.try_get("started_at")?,
            size_bytes: server.try_get("size_bytes")?,
            connection_limit: server.try_get("connection_limit")?,
            tables: all(&tables, |row| {
                Ok(Table {
                    name: row.try_get("name")?,
                    rows_estimate: row.try_get("rows_estimate")?,
                    size_bytes: row.try_get("size_bytes")?,
                })
            })?,
            connections: all(&connections, |row| {
                Ok(RoleConnections { role: row.try_get("role")?, connections: row.try_get("connections")? })
            })?,
            roles: all(&roles, |row| {
                Ok(Role {
                    name: row.try_get("name")?,
                    can_login: row.try_get("can_login")?,
                    bypasses_rls: row.try_get("bypasses_rls")?,
                })
            })?,
        })
    }
}

fn all<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, tokio_postgres::Error>) -> Result<Vec<T>, Error> {
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}
