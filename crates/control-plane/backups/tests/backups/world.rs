//! What the tests stand on: databases with rows in them, and one with roles of its own to restore into.

use std::path::PathBuf;

use backups::{DatabaseAccess, FileLock, NewFileLock, RestoreSource, RestoreTarget, backup_database};
use domain::{BackupId, CustomerId};
use provisioning::{DatabaseRoles, RoleCredential};
use secrecy::SecretString;
use secrets::FileKey;
use testkit::{CustomerDatabase, Home, PASSWORD};
use tokio_postgres::Client;

pub(crate) const ORGANIZATION: &str = "0192aaaa-0000-7000-8000-000000000001";
pub(crate) const OTHER_ORGANIZATION: &str = "0192aaaa-0000-7000-8000-000000000002";

pub(crate) fn client_tools() -> PathBuf {
    testkit::installation().bin_dir
}

/// A database of the tests' server, as its superuser.
pub(crate) fn access(port: u16, database: &str) -> DatabaseAccess {
    DatabaseAccess {
        host: "localhost".to_owned(),
        port,
        user: "postgres".to_owned(),
        password: Some(SecretString::from(PASSWORD)),
        database: database.to_owned(),
        ca_certificate: None,
        requires_tls: false,
        client_tools: client_tools(),
    }
}

/// A customer's database with rows of two organizations, and something the customer's owner has made.
pub(crate) async fn filled_database() -> CustomerDatabase {
    let database = testkit::customer_database().await;
    let client = testkit::connect(&database.superuser_url()).await;
    client
        .batch_execute(&format!(
            "delete from organizations;
             insert into organizations (id, name) values ('{ORGANIZATION}', 'Acme'), ('{OTHER_ORGANIZATION}', 'Bolt');
             insert into contacts (org_id, first_name, email, metadata)
                 select case when n % 2 = 0 then '{ORGANIZATION}' else '{OTHER_ORGANIZATION}' end::uuid,
                        'Contact ' || n, n || '@example.com', jsonb_build_object('n', n, 'ä', E'\\t''\"\\\\')
                 from generate_series(1, 500) as n;
             insert into deals (org_id, contact_id, name, mrr, one_off_revenue)
                 select org_id, id, 'Deal of ' || first_name, 12.34, 0.01 from contacts;
             insert into tasks (org_id, title) values ('{ORGANIZATION}', 'Call Ann');
             set role {owner};
             create schema reports;
             create table reports.notes (id integer primary key, text text);
             insert into reports.notes values (1, 'kept');
             reset role;",
            owner = testkit::CUSTOMER_OWNER,
        ))
        .await
        .expect("filled");
    database
}

/// A database to restore into, as a backend leaves it: with roles, schema and rights, and names of its own.
pub(crate) async fn new_customer(server: &CustomerDatabase, name: &str) -> RestoreTarget {
    let credential =
        |suffix| RoleCredential { name: format!("{name}_{suffix}"), password: SecretString::from(PASSWORD) };
    let roles = DatabaseRoles {
        owner: credential("owner"),
        app: credential("app"),
        readonly: credential("readonly"),
    };
    let postgres = connect(&access(server.port(), "postgres")).await;
    for role in [&roles.owner, &roles.app, &roles.readonly] {
        let sql = format!("create role \"{}\" login password '{PASSWORD}'", role.name);
        postgres.batch_execute(&sql).await.expect("a role");
    }
    let sql = format!("create database \"{name}\" owner \"{}\"", roles.owner.name);
    postgres.batch_execute(&sql).await.expect("a database");
    let target = RestoreTarget {
        superuser: access(server.port(), name),
        host: "localhost".to_owned(),
        port: server.port(),
        ca_certificate: server.ca_certificate().to_owned(),
        roles,
    };
    let mut owner = connect_as(&target, &target.roles.owner).await;
    owner
        .batch_execute("drop schema public cascade; create schema public")
        .await
        .expect("a schema of the owner's");
    schema::migrate(&mut owner, schema::MigrationSet::customer()).await.expect("migrated");
    let DatabaseRoles { owner: owner_role, app, readonly } = &target.roles;
    let rights = schema::customer_grants(&owner_role.name, &app.name, &readonly.name);
    owner.batch_execute(&rights).await.expect("rights");
    target
}

pub(crate) async fn connect_as(target: &RestoreTarget, role: &RoleCredential) -> Client {
    connect(&DatabaseAccess { user: role.name.clone(), ..target.superuser.clone() }).await
}

pub(crate) async fn connect(access: &DatabaseAccess) -> Client {
    let DatabaseAccess { host, port, user, database, .. } = access;
    testkit::connect(&format!("postgresql://{user}:{PASSWORD}@{host}:{port}/{database}")).await
}

/// What locks the backup of some customer.
pub(crate) fn new_lock() -> NewFileLock {
    let (backup, customer) = (BackupId::generate(), Some(CustomerId::generate()));
    let lock = FileLock { backup, customer, key: FileKey::generate() };
    NewFileLock { lock, in_file: "v1.data.sealed".to_owned() }
}

/// A backup of the database in the folder.
pub(crate) async fn back_up(home: &Home, database: &CustomerDatabase) -> RestoreSource {
    let path = home.path().join("backups").join("one.dump");
    let new = new_lock();
    let from = access(database.port(), database.name());
    let file = backup_database(&from, &path, &new).await.expect("backed up");
    RestoreSource { path, sha256: file.sha256, postgres_version: file.postgres_version, lock: Some(new.lock) }
}

/// Every row of every table of ours, as text, in a fixed order.
pub(crate) async fn contents(client: &Client) -> Vec<String> {
    let tables = "select format('%I.%I', schemaname, tablename) from pg_tables
                  where schemaname in ('public', 'reports') order by 1";
    let mut all = Vec::new();
    for row in client.query(tables, &[]).await.expect("tables") {
        let table: String = row.get(0);
        let sql = format!("select to_jsonb(t)::text from {table} as t order by 1");
        for row in client.query(&sql, &[]).await.expect("rows") {
            all.push(format!("{table} {}", row.get::<_, String>(0)));
        }
    }
    all
}
