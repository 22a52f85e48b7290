//! A database per test.

use std::sync::atomic::{AtomicU32, Ordering};

use schema::MigrationSet;
use tokio_postgres::{Client, NoTls};

use crate::server;

/// The password of every role of the tests' server.
pub const PASSWORD: &str = "test_password";
/// The role that owns every test's customer database.
pub const CUSTOMER_OWNER: &str = "customer_test_owner";
/// The role that serves requests.
pub const CUSTOMER_APP: &str = "customer_test_app";
/// The role that only reads.
pub const CUSTOMER_READONLY: &str = "customer_test_readonly";

pub(crate) const ADMIN_ROLE: &str = "admin_user";
pub(crate) const SERVER_ROLE: &str = "sixty_server";
pub(crate) const WORKER_ROLE: &str = "sixty_worker";
pub(crate) const ADMIN_TEMPLATE: &str = "admin_template";
pub(crate) const CUSTOMER_TEMPLATE: &str = "customer_template";

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A fresh admin database with all migrations, owned by `admin_user`, who is no superuser.
#[derive(Debug, Clone)]
pub struct AdminDatabase {
    name: String,
    port: u16,
}

/// A fresh customer database with all migrations, its rights given, and its three roles able to log in.
#[derive(Debug, Clone)]
pub struct CustomerDatabase {
    name: String,
    port: u16,
    ca_certificate: String,
}

/// An admin database of the test's own.
pub async fn admin_database() -> AdminDatabase {
    let server = server::shared().await;
    let name = format!("admin_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    create(&name, ADMIN_TEMPLATE, ADMIN_ROLE).await;
    AdminDatabase { name, port: server.port }
}

/// A customer's database of the test's own.
pub async fn customer_database() -> CustomerDatabase {
    let server = server::shared().await;
    let name = format!("customer_test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    create(&name, CUSTOMER_TEMPLATE, CUSTOMER_OWNER).await;
    let database =
        CustomerDatabase { name, port: server.port, ca_certificate: server.ca_certificate.clone() };
    // The rights on the database itself don't come with a copy.
    grant(&connect(&database.owner_url()).await).await;
    database
}

impl AdminDatabase {
    /// The whole URL, as `admin_user`.
    #[must_use]
    pub fn url(&self) -> String {
        url(ADMIN_ROLE, self.port, &self.name)
    }

    /// The whole URL, as the role of `sixty serve`.
    #[must_use]
    pub fn server_url(&self) -> String {
        url(SERVER_ROLE, self.port, &self.name)
    }

    /// The whole URL, as the role of `sixty worker`.
    #[must_use]
    pub fn worker_url(&self) -> String {
        url(WORKER_ROLE, self.port, &self.name)
    }

    /// The whole URL, as the superuser.
    #[must_use]
    pub fn superuser_url(&self) -> String {
        url(postgres_server::SUPERUSER, self.port, &self.name)
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server's port on localhost: for a [`crate::fault_proxy`] in front of it.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of the role of `sixty serve` through another port, such as a proxy's.
    #[must_use]
    pub fn server_url_through(&self, port: u16) -> String {
        url(SERVER_ROLE, port, &self.name)
    }

    /// The URL through another port, such as a proxy's.
    #[must_use]
    pub fn url_through(&self, port: u16) -> String {
        url(ADMIN_ROLE, port, &self.name)
    }

    /// A connection, as `admin_user`.
    pub async fn connect(&self) -> Client {
        connect(&self.url()).await
    }
}

impl CustomerDatabase {
    /// The whole URL, as the owner.
    #[must_use]
    pub fn owner_url(&self) -> String {
        url(CUSTOMER_OWNER, self.port, &self.name)
    }

    /// The whole URL, as the app role.
    #[must_use]
    pub fn app_url(&self) -> String {
        url(CUSTOMER_APP, self.port, &self.name)
    }

    /// The whole URL, as the role that only reads.
    #[must_use]
    pub fn readonly_url(&self) -> String {
        url(CUSTOMER_READONLY, self.port, &self.name)
    }

    /// The whole URL, as the superuser.
    #[must_use]
    pub fn superuser_url(&self) -> String {
        url(postgres_server::SUPERUSER, self.port, &self.name)
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server's port on localhost. It speaks TLS as well as plain.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate authority that signed the server's certificate (for localhost, 127.0.0.1 and ::1), PEM.
    #[must_use]
    pub fn ca_certificate(&self) -> &str {
        &self.ca_certificate
    }
}

/// A connection without TLS; it ends when the client is dropped.
///
/// # Panics
/// When the server refuses.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .unwrap_or_else(|error| panic!("connecting to {url}: {error:?}"));
    tokio::spawn(connection);
    client
}

pub(crate) async fn migrate_templates(port: u16) {
    let mut admin = connect(&url(ADMIN_ROLE, port, ADMIN_TEMPLATE)).await;
    schema::migrate(&mut admin, MigrationSet::admin()).await.unwrap_or_else(|error| panic!("{error}"));
    schema::AdminRoles::default().grant(&mut admin).await.unwrap_or_else(|error| panic!("grants: {error:?}"));
    let mut customer = connect(&url(CUSTOMER_OWNER, port, CUSTOMER_TEMPLATE)).await;
    schema::migrate(&mut customer, MigrationSet::customer()).await.unwrap_or_else(|error| panic!("{error}"));
    grant(&customer).await;
}

async fn grant(owner: &Client) {
    owner
        .batch_execute(&schema::customer_grants(CUSTOMER_OWNER, CUSTOMER_APP, CUSTOMER_READONLY))
        .await
        .unwrap_or_else(|error| panic!("grants: {error:?}"));
}

async fn create(name: &str, template: &str, owner: &str) {
    let server = server::shared().await;
    let superuser = server.server.superuser("postgres").await.unwrap_or_else(|error| panic!("{error}"));
    superuser
        .batch_execute(&format!("create database {name} template {template} owner {owner}"))
        .await
        .unwrap_or_else(|error| panic!("create database {name}: {error:?}"));
}

fn url(role: &str, port: u16, database: &str) -> String {
    format!("postgresql://{role}:{PASSWORD}@localhost:{port}/{database}")
}
