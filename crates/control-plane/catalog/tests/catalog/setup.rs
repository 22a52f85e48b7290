//! What most tests begin with.

use catalog::api_keys::{ApiKeyRecord, NewApiKey};
use catalog::customers::{Customer, NewCustomer};
use catalog::{Catalog, CatalogConfig, GenericClient};
use chrono::Utc;
use domain::customer::Lifecycle;
use domain::{CustomerId, CustomerSlug, Plan};
use secrets::ApiKey;
use testkit::AdminDatabase;

/// A catalog over a fresh admin database.
pub(crate) async fn catalog() -> (AdminDatabase, Catalog) {
    let database = testkit::admin_database().await;
    let catalog = Catalog::connect(&CatalogConfig::new(database.url().into())).unwrap();
    (database, catalog)
}

pub(crate) fn new_customer(slug: &str) -> NewCustomer {
    let name = format!("{slug} Inc.");
    let slug = CustomerSlug::parse(slug).unwrap();
    NewCustomer {
        lifecycle: Lifecycle::Ready,
        ..NewCustomer::on_trial(slug, name, Plan::Starter, Utc::now())
    }
}

/// A customer who is wholly there.
pub(crate) async fn customer(client: &impl GenericClient, slug: &str) -> Customer {
    catalog::customers::insert(client, &new_customer(slug)).await.unwrap()
}

/// A key of the customer, and its row.
pub(crate) async fn api_key(client: &impl GenericClient, customer: CustomerId) -> (ApiKey, ApiKeyRecord) {
    let key = ApiKey::generate();
    let new = NewApiKey::with_defaults(customer, "test".to_owned(), key.hash(), key.display_prefix());
    let record = catalog::api_keys::insert(client, &new).await.unwrap();
    (key, record)
}
