//! An admin database with customers whose passwords are really sealed.

use std::sync::Arc;

use catalog::credentials::{self, Credential};
use catalog::customers::{self as customer_rows, DatabaseConnection, NewCustomer};
use catalog::{Catalog, CatalogConfig};
use chrono::Utc;
use domain::customer::Lifecycle;
use domain::{CustomerId, CustomerSlug, Plan};
use secrets::{ExposeSecret as _, KeyRing, LocalKeys, MasterKey, SealContext, SecretString, WrappedDataKey};
use uuid::Uuid;

pub(crate) struct House {
    pub(crate) database: testkit::AdminDatabase,
    pub(crate) catalog: Catalog,
    pub(crate) old: MasterKey,
    pub(crate) new: MasterKey,
    /// What every process of the installation has.
    pub(crate) ring: KeyRing,
}

/// A ring of a process of its own, which has nothing in its memory yet.
pub(crate) fn ring(keys: &[&MasterKey]) -> KeyRing {
    KeyRing::new(vec![Arc::new(LocalKeys::new(keys.iter().map(|key| (*key).clone()).collect()))])
}

pub(crate) fn place(row: Uuid, customer: CustomerId) -> SealContext<'static> {
    SealContext { table: "admin_database_credentials", column: "password_encrypted", row, customer }
}

impl House {
    pub(crate) async fn new() -> Self {
        let database = testkit::admin_database().await;
        let catalog = Catalog::connect(&CatalogConfig::new(database.url().into())).unwrap();
        let (old, new) = (MasterKey::generate(), MasterKey::generate());
        let ring = ring(&[&old, &new]);
        Self { database, catalog, old, new, ring }
    }

    /// A customer with a data key and two places in which the password `password of <slug>` is sealed.
    pub(crate) async fn customer(&self, slug: &str) -> CustomerId {
        let client = self.catalog.client().await.unwrap();
        let name = CustomerSlug::parse(slug).unwrap();
        let new = NewCustomer::on_trial(name, slug.to_owned(), Plan::Starter, Utc::now());
        customer_rows::insert(&client, &new).await.unwrap();
        let wrapped = data_keys::new_customer_key(&client, &self.ring, new.id).await.unwrap();
        catalog::data_keys::insert(&client, new.id, &wrapped.0).await.unwrap();
        let key = data_keys::newest(&client, &self.ring, Some(new.id)).await.unwrap();
        let password = SecretString::from(format!("password of {slug}"));
        let id = Uuid::now_v7();
        let credential = Credential {
            id,
            customer_id: new.id,
            role: "app".to_owned(),
            username: format!("{slug}_app"),
            password_encrypted: key.seal(place(id, new.id), &password).unwrap(),
        };
        credentials::insert_if_absent(&client, &credential).await.unwrap();
        let own = SealContext {
            table: "admin_customers",
            column: "database_password_encrypted",
            row: new.id.uuid(),
            customer: new.id,
        };
        let address = DatabaseConnection {
            host: "localhost".to_owned(),
            port: 1,
            name: format!("customer_{slug}"),
            user: credential.username.clone(),
            password_encrypted: key.seal(own, &password).unwrap(),
        };
        customer_rows::set_database(&client, new.id, &address).await.unwrap();
        let (from, to) = (Lifecycle::Provisioning, Lifecycle::Ready);
        assert!(customer_rows::set_lifecycle(&client, new.id, from, to).await.unwrap());
        new.id
    }

    /// What a server does for a request of a customer whom it hasn't in its memory: one look at the directory, and the
    /// password opened.
    pub(crate) async fn open_password(&self, ring: &KeyRing, customer: CustomerId) -> Result<String, String> {
        let client = self.catalog.client().await.map_err(|error| error.to_string())?;
        let row = client
            .query_one(
                "select credential.id, password_encrypted, wrapped_key from admin_database_credentials credential
                 join admin_data_keys data_key on data_key.customer_id = credential.customer_id
                     and data_key.version = admin_sealed_version(password_encrypted)
                 where credential.customer_id = $1",
                &[&customer.uuid()],
            )
            .await
            .map_err(|error| error.to_string())?;
        let wrapped = WrappedDataKey(row.get(2));
        let opened = ring.open(&wrapped, place(row.get(0), customer), row.get(1)).await;
        opened.map(|secret| secret.expose_secret().to_owned()).map_err(|error| error.to_string())
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.database.connect().await.query_one(sql, &[]).await.unwrap().get(0)
    }
}
