//! The admin database, and everything that a worker does about messages.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use catalog::clerk::messages::{self, NewMessage};
use catalog::{Catalog, CatalogConfig};
use chrono::{DateTime, Utc};
use clerk::{
    ClerkScan, CustomerPeople, NotReceived, PeopleError, Person, ProcessMessage, Received, SignedHead,
    SyncPeople, Webhook, WebhookSecrets, receive,
};
use customers::ControlPlane;
use domain::{CustomerId, JobId, Plan};
use jobs::{Job, JobContext, JobError, JobOutcome};
use secrets::MasterKey;
use serde_json::{Value, json};
use testkit::{AdminDatabase, WebhookSigner};
use tokio_postgres::Client;

const KEY: &[u8] = b"a key of a webhook's endpoint";
/// When everything of a test begins, in milliseconds since 1970.
pub(crate) const BEGINNING: i64 = 1_700_000_000_000;

pub(crate) struct House {
    database: AdminDatabase,
    pub(crate) catalog: Catalog,
    pub(crate) psql: Client,
    pub(crate) process: ProcessMessage,
    pub(crate) scan: ClerkScan,
    pub(crate) sync: SyncPeople,
    pub(crate) people: Arc<Users>,
    pub(crate) webhook: Webhook,
}

/// The users in customers' databases, without the databases.
#[derive(Default)]
pub(crate) struct Users {
    pub(crate) known: Mutex<BTreeMap<(CustomerId, String), Person>>,
    pub(crate) is_away: Mutex<bool>,
}

#[async_trait]
impl CustomerPeople for Users {
    async fn put(&self, customer: CustomerId, person: &Person) -> Result<(), PeopleError> {
        if *self.is_away.lock().unwrap() {
            return Err(PeopleError::Away("the database restarts".into()));
        }
        if person.is_member && person.email.is_none() {
            return Err(PeopleError::Refused("no address".to_owned()));
        }
        self.known.lock().unwrap().insert((customer, person.clerk_user_id.clone()), person.clone());
        Ok(())
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        let database = testkit::admin_database().await;
        let catalog = Catalog::connect(&CatalogConfig::new(database.url().into())).unwrap();
        let control_plane = ControlPlane::new(catalog.clone(), MasterKey::generate());
        let process = ProcessMessage::new(control_plane, catalog.clone(), Plan::Pro);
        let people = Arc::<Users>::default();
        let secrets = WebhookSigner::new(KEY).secret();
        Self {
            psql: database.connect().await,
            scan: ClerkScan::beside(&process),
            sync: SyncPeople::new(catalog.clone(), people.clone()),
            webhook: Webhook::new(catalog.clone(), WebhookSecrets::parse(&secrets.into()).unwrap()),
            process,
            people,
            catalog,
            database,
        }
    }

    /// One more connection of somebody who looks or waits.
    pub(crate) async fn connect(&self) -> Client {
        self.database.connect().await
    }

    /// Sends a message as Clerk does.
    pub(crate) async fn send(&self, id: &str, message: &Value) -> Result<Received, NotReceived> {
        self.send_signed(id, message, Utc::now().timestamp(), KEY).await
    }

    pub(crate) async fn send_signed(
        &self,
        id: &str,
        message: &Value,
        at: i64,
        key: &[u8],
    ) -> Result<Received, NotReceived> {
        let (body, timestamp) = (message.to_string(), at.to_string());
        let signatures = WebhookSigner::new(key).sign(id, &timestamp, &body);
        let head = SignedHead { id, timestamp: &timestamp, signatures: &signatures };
        receive(&self.webhook, &head, body.as_bytes()).await
    }

    /// Writes a message down as if it had come, and has it done.
    pub(crate) async fn tell(&self, id: &str, message: &Value) {
        let client = self.catalog.client().await.unwrap();
        let at = DateTime::from_timestamp_millis(message["timestamp"].as_i64().unwrap()).unwrap();
        let event_type = message["type"].as_str().unwrap();
        let new = NewMessage { id, event_type, payload: message, occurred_at: at };
        messages::insert(&client, &new).await.unwrap();
        drop(client);
        self.done(id).await.unwrap();
    }

    /// Has a message done, as the worker has.
    pub(crate) async fn done(&self, id: &str) -> Result<JobOutcome, JobError> {
        self.process.run(json!({ "message_id": id }), &context()).await
    }

    /// Everything that is queued, until nothing is.
    pub(crate) async fn work(&self) {
        loop {
            let rows = self
                .psql
                .query("delete from admin_jobs where kind like 'clerk%' returning kind, payload", &[])
                .await
                .unwrap();
            if rows.is_empty() {
                return;
            }
            for row in rows {
                let (kind, payload): (String, Value) = (row.get(0), row.get(1));
                let job: &dyn Job = if kind == "clerk_people" { &self.sync } else { &self.process };
                job.run(payload, &context()).await.unwrap();
            }
        }
    }

    pub(crate) async fn value<T: for<'a> tokio_postgres::types::FromSql<'a>>(&self, sql: &str) -> T {
        self.psql.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
    }

    pub(crate) async fn sql(&self, sql: &str) {
        self.psql.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    pub(crate) async fn status(&self, message: &str) -> String {
        self.value(&format!("select status::text from admin_clerk_messages where id = '{message}'")).await
    }

    /// The database of every customer is there now.
    pub(crate) async fn ready(&self) {
        self.sql("update admin_customers set lifecycle = 'ready' where lifecycle = 'provisioning'").await;
    }
}

pub(crate) fn context() -> JobContext {
    JobContext { id: JobId::generate(), attempt: 1, max_attempts: 10, stopping: Default::default() }
}

fn message(event_type: &str, seconds: i64, data: Value) -> Value {
    json!({ "object": "event", "type": event_type, "timestamp": BEGINNING + seconds * 1000, "data": data })
}

pub(crate) fn organization(kind: &str, id: &str, name: &str, seconds: i64) -> Value {
    let data = json!({ "id": id, "name": name, "slug": name.to_lowercase(), "created_by": "user_1" });
    message(&format!("organization.{kind}"), seconds, data)
}

pub(crate) fn member(kind: &str, (organization, user): (&str, &str), role: &str, seconds: i64) -> Value {
    let data = json!({
        "id": "orgmem_1", "role": role, "organization": { "id": organization }, "public_user_data": { "user_id": user }
    });
    message(&format!("organizationMembership.{kind}"), seconds, data)
}

pub(crate) fn user(kind: &str, id: &str, name: &str, seconds: i64) -> Value {
    let email = format!("{}@example.com", name.to_lowercase());
    let data = json!({
        "id": id, "first_name": name, "email_addresses": [{ "id": "idn_1", "email_address": email }],
        "primary_email_address_id": "idn_1"
    });
    message(&format!("user.{kind}"), seconds, data)
}
