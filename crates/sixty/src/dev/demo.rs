//! The demo customer of a first start, so that there is something to look at.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use reqwest::StatusCode;
use secrets::{ExposeSecret, OperatorToken, SecretString};
use serde_json::{Value, json};

use super::DevArgs;
use super::home::Home;

/// How long the server may take to answer, and the demo customer to be ready.
const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const CUSTOMER_ID: &str = "demo";

/// The demo customer, just made.
pub(crate) struct Demo {
    pub(crate) api_key: SecretString,
}

/// Signs the demo customer up on the first start. On later starts there is nothing to do: `None`.
///
/// A start that was cut short may have left the customer there without a key that anybody saw, or still under way:
/// then another key is made as soon as they are ready.
pub(crate) async fn ensure(
    args: &DevArgs,
    home: &Home,
    token: &OperatorToken,
) -> anyhow::Result<Option<Demo>> {
    let server = LocalServer::new(args, token)?;
    server.wait_until_alive().await?;
    if mark(home).exists() {
        return Ok(None);
    }
    let began = Instant::now();
    loop {
        if let Some(key) = server.key_of_demo().await? {
            return Ok(Some(Demo { api_key: SecretString::from(key) }));
        }
        if began.elapsed() > PATIENCE {
            bail!("the demo customer of an earlier start doesn't get ready; see: sixty operation list");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Notes that the first start is over: its key was printed, and is never printed again.
pub(crate) fn remember(home: &Home) -> anyhow::Result<()> {
    fs::write(mark(home), "").with_context(|| format!("{} can't be written", mark(home).display()))
}

fn mark(home: &Home) -> PathBuf {
    home.path().join("first-start-done")
}

struct LocalServer<'a> {
    client: reqwest::Client,
    url: String,
    token: &'a OperatorToken,
}

impl<'a> LocalServer<'a> {
    fn new(args: &DevArgs, token: &'a OperatorToken) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE * 2).build()?;
        Ok(Self { client, url: format!("http://127.0.0.1:{}", args.server.port), token })
    }

    async fn wait_until_alive(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        while self.client.get(format!("{}/api/health", self.url)).send().await.is_err() {
            if began.elapsed() > PATIENCE {
                bail!("the server doesn't answer at {}; see the log above", self.url);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<(StatusCode, Value)> {
        let request =
            self.client.post(format!("{}{path}", self.url)).bearer_auth(self.token.secret().expose_secret());
        let response = request.json(body).send().await.context("the server doesn't answer")?;
        Ok((response.status(), response.json().await.context("the server's answer is not JSON")?))
    }

    /// A key of the demo customer: the first one, or another one if they are there already. `None` while an earlier
    /// sign-up of theirs is under way.
    async fn key_of_demo(&self) -> anyhow::Result<Option<String>> {
        let body = json!({
            "customerId": CUSTOMER_ID,
            "customerName": "Demo Company",
            "customerEmail": "demo@example.com",
            "plan": "enterprise",
        });
        let (status, answer) = self.post("/api/provision", &body).await?;
        let key = match status {
            StatusCode::CREATED => answer["apiKey"]["key"].clone(),
            StatusCode::CONFLICT => {
                let path = format!("/api/admin/customers/{CUSTOMER_ID}/api-keys");
                let (_, answer) = self.post(&path, &json!({ "name": "First start" })).await?;
                answer["key"].clone()
            }
            _ => bail!(
                "the demo customer could not be made: {}",
                answer["detail"].as_str().unwrap_or("no reason given")
            ),
        };
        Ok(key.as_str().map(str::to_owned))
    }
}
