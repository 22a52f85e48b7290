//! What operators see of a customer's database: a real one, one that is away, and never another customer's.

use catalog::credentials::{self, Credential};
use catalog::instances::{self, InstanceRecord, NewInstance};
use catalog::{Catalog, CatalogConfig};
use domain::{CustomerId, Plan};
use provisioning::roles::seal_context;
use secrets::KeyRing;
use serde_json::{Value, json};
use testkit::{CUSTOMER_APP, CUSTOMER_OWNER, CUSTOMER_READONLY, CustomerDatabase, PASSWORD};
use uuid::Uuid;

use super::Api;

impl Api {
    /// Says that this database is the customer's, at this port.
    pub(super) async fn place(&self, customer: CustomerId, database: &CustomerDatabase, port: u16) {
        // As the worker would: the server has no right to.
        let owner = Catalog::connect(&CatalogConfig::new(self.database.url().into())).unwrap();
        let client = owner.client().await.unwrap();
        let place = NewInstance {
            customer_id: customer,
            backend: "local".to_owned(),
            host: "localhost".to_owned(),
            port,
            database_name: database.name().to_owned(),
        };
        let instance = instances::reserve(&client, &place).await.unwrap().unwrap();
        let record = InstanceRecord {
            system_identifier: Uuid::now_v7().as_u64_pair().1 >> 1,
            postgres_version: "15.0".to_owned(),
            ca_certificate: database.ca_certificate().to_owned(),
            schema_version: 2,
        };
        instances::record(&client, instance.id, &record).await.unwrap();
        let ring = KeyRing::from(self.master_key.clone());
        let wrapped = data_keys::new_customer_key(&client, &ring, customer).await.unwrap();
        catalog::data_keys::insert(&client, customer, &wrapped.0).await.unwrap();
        let key = data_keys::newest(&client, &ring, Some(customer)).await.unwrap();
        for (role, username) in
            [("owner", CUSTOMER_OWNER), ("app", CUSTOMER_APP), ("readonly", CUSTOMER_READONLY)]
        {
            let id = Uuid::now_v7();
            let password_encrypted =
                key.seal(seal_context(id, customer), &PASSWORD.to_owned().into()).unwrap();
            let credential = Credential {
                id,
                customer_id: customer,
                role: role.to_owned(),
                username: username.to_owned(),
                password_encrypted,
            };
            credentials::insert_if_absent(&client, &credential).await.unwrap();
        }
    }
}

async fn organization(database: &CustomerDatabase, name: &str) {
    let owner = testkit::connect(&database.owner_url()).await;
    owner.execute("insert into organizations (name) values ($1)", &[&name]).await.unwrap();
}

#[tokio::test]
async fn a_database_says_what_it_is_and_nothing_of_what_is_in_it() {
    let api = Api::new().await;
    let (acme, other) = (testkit::customer_database().await, testkit::customer_database().await);
    for (slug, database) in [("acme", &acme), ("other", &other)] {
        let id = api.customer(slug, Plan::Starter).await;
        api.place(id, database, database.port()).await;
        organization(database, "First").await;
        if slug == "acme" {
            // The next one's place is its own.
            api.sql("update admin_instances set host = '127.0.0.1'").await;
        }
    }
    organization(&acme, "Secret Sauce").await;
    let found = api.get("/api/admin/customers/acme/database").await.expect(200).body;
    assert_eq!((&found["reachable"], &found["problem"]), (&json!(true), &Value::Null), "{found}");
    assert_eq!((&found["database"], &found["port"]), (&json!(acme.name()), &json!(acme.port())));
    assert!(found["postgres_version"].as_str().unwrap().starts_with("15."), "{found}");
    assert_ne!(found["postgres_version"], "15.0", "the database's own word");
    assert_eq!(found["schema_version"], 2);
    assert_eq!(found["newest_schema_version"], schema::MigrationSet::customer().latest());
    assert!(found["size_bytes"].as_i64().unwrap() > 1_000_000, "{found}");
    assert!(found["started_at"].is_string() && found["certificate_expires_at"].is_string(), "{found}");
    let tables = found["tables"].as_array().unwrap();
    let names: Vec<_> = tables.iter().map(|table| table["name"].as_str().unwrap()).collect();
    assert!(
        ["organizations", "contacts", "deals", "users"].iter().all(|name| names.contains(name)),
        "{names:?}"
    );
    let sizes: Vec<_> = tables.iter().map(|table| table["size_bytes"].as_i64().unwrap()).collect();
    assert!(sizes.is_sorted_by(|larger, smaller| larger >= smaller), "{sizes:?}");
    let by_role = found["connections"]["by_role"].as_array().unwrap();
    assert!(by_role.iter().any(|role| role["role"] == CUSTOMER_APP), "{found}");
    assert!(found["connections"]["used"].as_i64() < found["connections"]["limit"].as_i64(), "{found}");
    let purposes: Vec<_> = found["roles"].as_array().unwrap().iter().map(|role| &role["purpose"]).collect();
    assert_eq!(purposes.len(), 3, "{purposes:?}");
    for role in found["roles"].as_array().unwrap() {
        assert_eq!((&role["can_login"], &role["bypasses_rls"]), (&json!(true), &json!(false)), "{role}");
    }
    assert!(!found.to_string().contains("Secret Sauce") && !found.to_string().contains(PASSWORD));

    let theirs = api.get("/api/admin/customers/other/database").await.expect(200).body;
    assert_eq!(theirs["database"], json!(other.name()), "each is asked its own");
    assert_eq!(theirs["reachable"], true, "{theirs}");
    api.get("/api/admin/customers/nobody/database").await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn a_database_that_is_away_is_told_of_as_far_as_it_is_known() {
    let api = Api::new().await;
    let database = testkit::customer_database().await;
    organization(&database, "First").await;
    let proxy = testkit::fault_proxy(database.port()).await;
    let id = api.customer("acme", Plan::Starter).await;
    api.place(id, &database, proxy.port()).await;
    api.customer("foreign", Plan::Starter).await;
    let path = "/api/admin/customers/acme/database";
    assert_eq!(api.get(path).await.expect(200).body["reachable"], true);
    for fault in [testkit::FaultProxy::refuse, testkit::FaultProxy::pause] {
        fault(&proxy);
        let begun = std::time::Instant::now();
        let found = api.get(path).await.expect(200).body;
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
        assert_eq!((&found["reachable"], &found["port"]), (&json!(false), &json!(proxy.port())), "{found}");
        assert!(found["problem"].as_str().unwrap().starts_with("The database "), "{found}");
        assert_eq!((&found["postgres_version"], &found["connections"]), (&json!("15.0"), &Value::Null));
        assert_eq!(found["roles"][0]["can_login"], Value::Null);
        assert_eq!(found["tables"], json!([]));
    }
    let foreign = api.get("/api/admin/customers/foreign/database").await.expect(200).body;
    assert!(foreign["problem"].as_str().unwrap().contains("not made by this platform"), "{foreign}");
}
