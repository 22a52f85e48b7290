//! One region of AWS.

use std::time::Duration;

use chrono::Utc;
use secrets::ExposeSecret;
use serde_json::Value;
use url::Url;

use super::credentials::{CredentialSource, Held};
use super::signature::{Signed, authorization, timestamp};
use crate::ProviderError;

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Which region, and who we are there.
#[derive(Debug, Clone)]
pub struct AwsConfig {
    /// AWS_REGION.
    pub region: String,
    /// AWS_ENDPOINT_URL: something that speaks like AWS. AWS itself when not given.
    pub endpoint: Option<Url>,
    /// Who we are.
    pub credentials: CredentialSource,
}

/// A client of one region.
#[derive(Debug)]
pub struct Aws {
    http: reqwest::Client,
    region: String,
    endpoint: Option<Url>,
    credentials: Held,
}

impl Aws {
    /// A client. Nothing is asked yet.
    ///
    /// # Errors
    /// When TLS can't be set up.
    pub fn new(config: AwsConfig) -> Result<Self, ProviderError> {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ProviderError::unreachable(&error))?;
        let credentials = Held::new(config.credentials, http.clone());
        Ok(Self { http, region: config.region, endpoint: config.endpoint, credentials })
    }

    /// Calls an action such as `TrentService.Encrypt` of a service such as `kms`.
    pub(super) async fn call(
        &self,
        service: &str,
        target: &str,
        body: &Value,
    ) -> Result<Value, ProviderError> {
        let url = match &self.endpoint {
            Some(url) => url.clone(),
            None => format!("https://{service}.{}.amazonaws.com/", self.region)
                .parse()
                .map_err(|_| ProviderError::Refused(format!("{:?} is no region", self.region)))?,
        };
        let host = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(ProviderError::Refused("its address has no host".to_owned())),
        };
        let credentials = self.credentials.get().await?;
        let (body, now) = (body.to_string(), Utc::now());
        let signed =
            Signed { region: &self.region, service, host: &host, target, body: body.as_bytes(), now };
        let mut request = self
            .http
            .post(url)
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("X-Amz-Date", timestamp(now))
            .header("X-Amz-Target", target)
            .header("Authorization", authorization(&signed, &credentials));
        if let Some(token) = &credentials.session_token {
            request = request.header("X-Amz-Security-Token", token.expose_secret());
        }
        let answer = request.body(body).send().await.map_err(|error| ProviderError::unreachable(&error))?;
        let status = answer.status();
        let text = ProviderError::read(answer).await?;
        let document: Value = serde_json::from_slice(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(document);
        }
        // Only the kind: the message may repeat parts of the request.
        let kind = document["__type"].as_str().unwrap_or_default();
        let kind: String = kind.rsplit('#').next().unwrap_or_default().chars().take(100).collect();
        if kind.contains("Throttling") || kind.contains("LimitExceeded") {
            return Err(ProviderError::Away(kind));
        }
        Err(ProviderError::of_status(status, kind))
    }
}
