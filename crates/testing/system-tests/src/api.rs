//! A client of the server, as somebody: an operator, a customer's program, or nobody.

use std::time::Duration;

use eventsource_stream::Eventsource as _;
use futures_util::StreamExt as _;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use testkit::wait_for;

use crate::Answer;

/// Longer than the longest request.
const LIMIT: Duration = Duration::from_secs(160);
/// Within a second, on a machine that isn't busy.
const CHANGE_LIMIT: Duration = Duration::from_secs(20);
/// How long a connection may lie idle and be used again: less than any server's own limit.
const IDLE_LIMIT: Duration = Duration::from_secs(5);

/// A client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    url: String,
    token: Option<String>,
    organization: Option<String>,
}

impl Api {
    /// A client of the server on this port that shows no token.
    #[must_use]
    pub fn new(port: u16) -> Self {
        // No connection is used again that a server with a short idle time may be closing at this very moment.
        let client = Client::builder().no_proxy().timeout(LIMIT).pool_idle_timeout(IDLE_LIMIT).build();
        let client = client.expect("a client can be built");
        Self { client, url: format!("http://localhost:{port}"), token: None, organization: None }
    }

    /// The same with this bearer token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same, of the server on this port.
    #[must_use]
    pub fn on_port(&self, port: u16) -> Self {
        Self { url: format!("http://localhost:{port}"), ..self.clone() }
    }

    /// The same without a token.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same in another organization.
    #[must_use]
    pub fn in_organization(&self, id: &str) -> Self {
        Self { organization: Some(id.to_owned()), ..self.clone() }
    }

    /// A request that isn't sent yet.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(organization) = &self.organization {
            request = request.header("X-Organization-Id", organization);
        }
        request
    }

    /// Sends a request. A server that can't be reached, or goes away meanwhile, is an error.
    ///
    /// # Errors
    /// When no whole answer came.
    pub async fn try_send(&self, request: RequestBuilder) -> Result<Answer, reqwest::Error> {
        let request = request.build()?;
        let asked = format!("{} {}", request.method(), request.url());
        Answer::read(asked, self.client.execute(request).await?).await
    }

    /// Sends a request.
    ///
    /// # Panics
    /// When no whole answer came.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap_or_else(|error| panic!("no answer: {error:?}"))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// GET, once a change has acted on the server: its answer has this status then.
    ///
    /// # Panics
    /// When it never acts.
    pub async fn get_once(&self, path: &str, status: u16) -> Answer {
        wait_for(&format!("{path} to answer {status}"), CHANGE_LIMIT, || async {
            self.get(path).await.status.as_u16() == status
        })
        .await;
        self.get(path).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Follows an operation until its stream of events ends: the operation at each change.
    ///
    /// # Panics
    /// When the stream breaks, or holds something else.
    pub async fn events(&self, operation: &str) -> Vec<Value> {
        let path = format!("/api/admin/operations/{operation}/events");
        let response = self.request(Method::GET, &path).send().await.expect("the server answers");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let events = response.bytes_stream().eventsource().map(|event| {
            let event = event.unwrap_or_else(|error| panic!("the stream of {operation} broke: {error}"));
            assert_eq!(event.event, "operation");
            serde_json::from_str(&event.data).unwrap_or_else(|error| panic!("{error} in {}", event.data))
        });
        events.collect().await
    }

    /// Signs a customer up, as the programs of existing clients do.
    pub async fn provision(&self, id: &str) -> Answer {
        self.post("/api/provision", &sign_up(id)).await
    }

    /// The same, while the server may be away.
    ///
    /// # Errors
    /// When no whole answer came.
    pub async fn try_provision(&self, id: &str) -> Result<Answer, reqwest::Error> {
        self.try_send(self.request(Method::POST, "/api/provision").json(&sign_up(id))).await
    }
}

/// A sign-up in which everything is right.
#[must_use]
pub fn sign_up(id: &str) -> Value {
    json!({
        "customerId": id,
        "customerName": format!("{id} Incorporated"),
        "customerEmail": format!("billing@{id}.example"),
        "plan": "enterprise",
        "timezone": "Europe/Vienna",
    })
}
