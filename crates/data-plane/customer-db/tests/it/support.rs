//! A directory of customers whose databases are the tests', with really sealed passwords.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use customer_db::{CustomerDatabases, RouterConfig};
use domain::principal::{Directory, DirectoryUnavailable, Member, Principal, SealedEndpoint};
use domain::{CustomerId, OrganizationId};
use secrets::{DataKey, MasterKey, SealContext, SecretString};
use testkit::CustomerDatabase;
use tokio_postgres::Client;
use uuid::Uuid;

/// The customers that the router can ask about.
pub(crate) struct TestDirectory {
    master_key: MasterKey,
    endpoints: Mutex<HashMap<CustomerId, SealedEndpoint>>,
    /// Whether it can't be asked, as when the admin database is down.
    is_away: AtomicBool,
    questions: AtomicUsize,
}

impl TestDirectory {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            master_key: MasterKey::generate(),
            endpoints: Mutex::default(),
            is_away: AtomicBool::new(false),
            questions: AtomicUsize::new(0),
        })
    }

    /// Can't be asked any more, or again.
    pub(crate) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    /// How many times it was asked where a customer's database is.
    pub(crate) fn questions(&self) -> usize {
        self.questions.load(Ordering::SeqCst)
    }

    pub(crate) fn master_key(&self) -> MasterKey {
        self.master_key.clone()
    }

    /// Says that the customer's database is there, as the app role, with TLS.
    pub(crate) fn place(&self, customer: CustomerId, database: &CustomerDatabase) {
        self.place_as(customer, database, testkit::CUSTOMER_APP, testkit::PASSWORD);
    }

    pub(crate) fn place_as(
        &self,
        customer: CustomerId,
        database: &CustomerDatabase,
        role: &str,
        password: &str,
    ) {
        let endpoint = SealedEndpoint {
            port: database.port(),
            database: database.name().to_owned(),
            user: role.to_owned(),
            ca_certificate: Some(database.ca_certificate().to_owned()),
            ..self.seal(customer, password)
        };
        self.change(customer, Some(endpoint));
    }

    /// An endpoint on this machine with this password, and nothing else that is true.
    pub(crate) fn seal(&self, customer: CustomerId, password: &str) -> SealedEndpoint {
        let data_key = DataKey::generate(customer);
        let credential_id = Uuid::now_v7();
        let context = SealContext {
            table: "admin_database_credentials",
            column: "password_encrypted",
            row: credential_id,
            customer,
        };
        SealedEndpoint {
            customer_id: customer,
            host: "127.0.0.1".to_owned(),
            port: 0,
            database: String::new(),
            user: String::new(),
            credential_id,
            password_sealed: data_key.seal(context, &SecretString::from(password)).unwrap(),
            data_key_wrapped: data_key.wrap(&self.master_key).unwrap().0,
            ca_certificate: None,
        }
    }

    pub(crate) fn change(&self, customer: CustomerId, endpoint: Option<SealedEndpoint>) {
        let mut endpoints = self.endpoints.lock().unwrap();
        match endpoint {
            Some(endpoint) => endpoints.insert(customer, endpoint),
            None => endpoints.remove(&customer),
        };
    }

    /// Changes where the customer's database is said to be.
    pub(crate) fn adjust(&self, customer: CustomerId, change: impl FnOnce(&mut SealedEndpoint)) {
        change(self.endpoints.lock().unwrap().get_mut(&customer).unwrap());
    }

    pub(crate) fn get(&self, customer: CustomerId) -> SealedEndpoint {
        self.endpoints.lock().unwrap()[&customer].clone()
    }
}

#[async_trait]
impl Directory for TestDirectory {
    async fn principal(&self, _: &str) -> Result<Option<Arc<Principal>>, DirectoryUnavailable> {
        Ok(None)
    }

    async fn member(&self, _: &str, _: &str) -> Result<Option<Arc<Member>>, DirectoryUnavailable> {
        Ok(None)
    }

    async fn endpoint(&self, customer: CustomerId) -> Result<Option<SealedEndpoint>, DirectoryUnavailable> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        // An answer takes a moment, so that others can ask meanwhile.
        tokio::task::yield_now().await;
        if self.is_away.load(Ordering::SeqCst) {
            return Err(DirectoryUnavailable("the admin database is down".into()));
        }
        Ok(self.endpoints.lock().unwrap().get(&customer).cloned())
    }
}

/// A customer with a database of its own and two organizations.
pub(crate) struct TestCustomer {
    pub(crate) id: CustomerId,
    pub(crate) database: CustomerDatabase,
    pub(crate) directory: Arc<TestDirectory>,
    pub(crate) databases: CustomerDatabases,
    pub(crate) first: OrganizationId,
    pub(crate) second: OrganizationId,
}

/// Waits are short, so that a test that waits for one to end is quick.
pub(crate) fn config() -> RouterConfig {
    RouterConfig {
        max_connections_per_customer: 4,
        wait_timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(10),
        // Some tests have an instance of their own, that they restart at will.
        plain_text_on_this_machine: true,
        ..RouterConfig::default()
    }
}

pub(crate) async fn customer() -> TestCustomer {
    customer_with(config()).await
}

pub(crate) async fn customer_with(config: RouterConfig) -> TestCustomer {
    let database = testkit::customer_database().await;
    let owner = testkit::connect(&database.owner_url()).await;
    let first = ensure_first(&owner, "First").await;
    let second: Uuid = owner
        .query_one("insert into organizations (name) values ('Second') returning id", &[])
        .await
        .unwrap()
        .get(0);
    let directory = TestDirectory::new();
    let id = CustomerId::generate();
    directory.place(id, &database);
    let databases = CustomerDatabases::new(config, directory.clone(), directory.master_key());
    TestCustomer { id, database, directory, databases, first, second: OrganizationId(second) }
}

pub(crate) async fn ensure_first(client: &Client, name: &str) -> OrganizationId {
    let row = client.query_one("select sixty_ensure_first_organization($1, 'UTC')", &[&name]).await.unwrap();
    OrganizationId(row.get(0))
}

/// Sets the organization of a whole session, as a client with SQL would.
pub(crate) async fn enter(client: &Client, organization: &str) {
    client.query("select set_config('app.org_id', $1, false)", &[&organization]).await.unwrap();
}
