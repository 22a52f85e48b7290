//! JSON lines posted to an endpoint, signed as Standard Webhooks has it.

use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::Utc;
use reqwest::Certificate;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrets::{ExposeSecret as _, SecretString};
use url::Url;
use uuid::Uuid;

use super::{Batch, NotTold, Sender};

/// How long the endpoint may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// An endpoint.
pub(crate) struct HttpsSender {
    http: reqwest::Client,
    url: Url,
    secret: SecretString,
    authorization: Option<HeaderValue>,
}

impl HttpsSender {
    /// The secret is `whsec_` and the key in base64.
    pub(crate) fn new(
        url: Url,
        secret: SecretString,
        authorization: Option<SecretString>,
        ca_certificate: Option<&str>,
    ) -> Result<Self, NotTold> {
        // The secret goes to the endpoint that was named, and to no other.
        let builder =
            reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        let builder = match ca_certificate {
            Some(pem) => {
                let authorities = Certificate::from_pem_bundle(pem.as_bytes());
                builder.tls_certs_only(authorities.map_err(|error| NotTold::of(&error))?)
            }
            None => builder,
        };
        let http = builder.build().map_err(|error| NotTold::of(&error))?;
        let sensitive = |text: SecretString| {
            let mut value = HeaderValue::from_str(text.expose_secret())
                .map_err(|_| NotTold("its authorization can't stand in a header".to_owned()))?;
            value.set_sensitive(true);
            Ok(value)
        };
        Ok(Self { http, url, secret, authorization: authorization.map(sensitive).transpose()? })
    }

    fn signature(&self, id: &str, timestamp: i64, body: &str) -> Result<String, NotTold> {
        let key = self.secret.expose_secret().strip_prefix("whsec_").unwrap_or_default();
        let key = BASE64.decode(key).map_err(|_| NotTold("its signing secret is malformed".to_owned()))?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let signed = format!("{id}.{timestamp}.{body}");
        Ok(format!("v1,{}", BASE64.encode(hmac::sign(&key, signed.as_bytes()))))
    }
}

#[async_trait]
impl Sender for HttpsSender {
    async fn send(&self, batch: &Batch) -> Result<(), NotTold> {
        let body = batch.text();
        let id = format!("msg_{}", Uuid::now_v7().simple());
        let now = Utc::now().timestamp();
        let mut request = self
            .http
            .post(self.url.clone())
            .header("content-type", "application/x-ndjson")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", self.signature(&id, now, &body)?);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let sent = request.body(body).send().await;
        let answer = sent.map_err(|error| {
            if error.is_timeout() {
                NotTold(format!("it didn't answer within {} seconds", PATIENCE.as_secs()))
            } else {
                NotTold::of(&error.without_url())
            }
        })?;
        if answer.status().is_success() {
            return Ok(());
        }
        // What it says is left out: it may repeat what it was sent.
        Err(NotTold(format!("it answered {}", answer.status())))
    }
}
