//! What every test stands on.

use std::sync::Arc;

use audit_streams::{AuditDelivery, AuditStreams, NewStreamRequest, OpenBucket, StreamWithLag};
use catalog::{Catalog, CatalogConfig};
use customers::{Actor, ControlPlane};
use secrets::{KeyRing, MasterKey, SecretString};
use serde_json::Value;
use testkit::AdminDatabase;
use tokio_postgres::Client;
use uuid::Uuid;

pub(crate) struct House {
    pub(crate) database: AdminDatabase,
    /// With the worker's rights.
    pub(crate) catalog: Catalog,
    pub(crate) streams: AuditStreams,
    pub(crate) keys: KeyRing,
}

impl House {
    pub(crate) async fn new() -> Self {
        let database = testkit::admin_database().await;
        let server = Catalog::connect(&CatalogConfig::new(database.server_url().into())).unwrap();
        let catalog = Catalog::connect(&CatalogConfig::new(database.worker_url().into())).unwrap();
        let keys: KeyRing = MasterKey::generate().into();
        let streams = AuditStreams::new(ControlPlane::new(server, keys.clone()), keys.clone());
        Self { database, catalog, streams, keys }
    }

    pub(crate) fn worker(&self, name: &str) -> AuditDelivery {
        self.worker_with(name, Arc::new(|_| Err("this test has no bucket".to_owned())))
    }

    pub(crate) fn worker_with(&self, name: &str, open_bucket: OpenBucket) -> AuditDelivery {
        AuditDelivery::new(self.catalog.clone(), self.keys.clone(), name.to_owned(), open_bucket)
    }

    pub(crate) async fn add(&self, endpoint: &str) -> (StreamWithLag, Option<SecretString>) {
        self.streams.create(&Actor::system(), &request(endpoint)).await.unwrap()
    }

    pub(crate) async fn stream(&self, id: Uuid) -> StreamWithLag {
        self.streams.get(&Actor::system(), id).await.unwrap()
    }

    /// Writes rows of a customer's.
    pub(crate) async fn write(&self, customer: u128, count: i32) {
        write(&self.database.connect().await, customer, count).await;
    }

    /// Rows that are old enough to be removed.
    pub(crate) async fn write_old(&self, customer: u128, count: i32) {
        let sql = "insert into admin_audit_logs (customer_id, action, created_at)
                   select $1, 'customer_updated', now() - interval '40 days' from generate_series(1, $2)";
        let client = self.database.connect().await;
        client.execute(sql, &[&Uuid::from_u128(customer), &count]).await.unwrap();
    }

    pub(crate) async fn sql(&self, sql: &str) {
        testkit::connect(&self.database.superuser_url()).await.batch_execute(sql).await.unwrap();
    }

    /// The places of these lines, by customer.
    pub(crate) fn places(lines: &[Value], customer: u128) -> Vec<i64> {
        let customer = Uuid::from_u128(customer).to_string();
        let of = lines.iter().filter(|line| line["customer_uuid"] == customer.as_str());
        of.map(|line| line["chain_sequence"].as_i64().unwrap()).collect()
    }
}

pub(crate) fn request(endpoint: &str) -> NewStreamRequest {
    NewStreamRequest {
        name: "siem".to_owned(),
        endpoint: endpoint.to_owned(),
        authorization: None,
        ca_certificate: None,
        from_beginning: false,
    }
}

pub(crate) async fn write(client: &Client, customer: u128, count: i32) {
    let sql = "insert into admin_audit_logs (customer_id, action, resource_type, resource_id, new_values)
               select $1, 'customer_updated', 'customer', 'r' || n, jsonb_build_object('line', E'one\\ntwo', 'n', n)
               from generate_series(1, $2) n";
    client.execute(sql, &[&Uuid::from_u128(customer), &count]).await.unwrap();
}

/// Whatever is told from now on.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
