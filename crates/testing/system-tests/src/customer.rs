//! A customer of a stack, and the roles of their database.

use postgres_server::ServerError;
use postgres_server::connect::{RoleLogin, over_tls};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{Answer, Api};

/// A customer who is ready.
#[derive(Debug, Clone)]
pub struct Customer {
    /// The short name.
    pub id: String,
    /// The id of the row.
    pub uuid: Uuid,
    /// The first API key.
    pub key: String,
    /// The first API key's row.
    pub key_id: Uuid,
    /// The server, with that key.
    pub api: Api,
}

impl Customer {
    /// From the answer to a sign-up.
    ///
    /// # Panics
    /// When the sign-up didn't succeed.
    #[must_use]
    pub fn signed_up(api: &Api, answer: Answer) -> Self {
        let body = answer.expect(201);
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text in {body}")).to_owned();
        let uuid =
            |value: &Value| text(value).parse::<Uuid>().unwrap_or_else(|error| panic!("{error} in {body}"));
        let key = text(&body["apiKey"]["key"]);
        Self {
            id: text(&body["customerId"]),
            uuid: uuid(&body["customerUuid"]),
            key_id: uuid(&body["apiKey"]["keyId"]),
            api: api.with_token(&key),
            key,
        }
    }
}

/// How to connect to a customer's database as one of its roles.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The role's name.
    pub user: String,
    /// The role's password.
    pub password: String,
    /// The certificate authority, PEM.
    pub ca_certificate: String,
}

impl Connection {
    /// Asks the operator API for it.
    ///
    /// # Panics
    /// When it doesn't tell.
    pub async fn of(operator: &Api, customer: &str, role: &str) -> Self {
        let path = format!("/api/admin/customers/{customer}/connection-urls");
        let body = operator.post(&path, &json!({ "role": role })).await.expect(200);
        let text =
            |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned();
        Self {
            host: text("host"),
            port: body["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port"),
            database: text("database"),
            user: text("user"),
            password: text("password"),
            ca_certificate: text("ca_certificate"),
        }
    }

    /// Connects over TLS; the certificate must be the customer's.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn try_connect(&self) -> Result<Client, ServerError> {
        let password = SecretString::from(self.password.clone());
        let login = RoleLogin {
            host: &self.host,
            port: self.port,
            database: &self.database,
            role: &self.user,
            password: &password,
        };
        over_tls(&login, &self.ca_certificate).await
    }

    /// Connects over TLS.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn connect(&self) -> Client {
        self.try_connect().await.unwrap_or_else(|error| panic!("{} at {}: {error:?}", self.user, self.port))
    }

    /// The whole URL, without TLS.
    #[must_use]
    pub fn plain_url(&self) -> String {
        format!(
            "postgresql://{}:{}@{}:{}/{}?sslmode=disable",
            self.user, self.password, self.host, self.port, self.database
        )
    }
}
