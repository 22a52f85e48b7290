//! Master keys in AWS KMS: the key never leaves it. The id is `aws-kms/<key ARN>`. KMS rotates what is behind an ARN by
//! itself and opens what older material wrapped; rotating here means another ARN.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use secrets::{KeyError, MasterKeyProvider};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Aws;
use crate::ProviderError;

const PROVIDER: &str = "aws-kms";
const PREFIX: &str = "aws-kms/";
/// What KMS is asked to wrap to see whether it would: nothing that anybody needs.
const PROBE: [u8; 32] = [0; 32];
/// KMS counts each call, and a page that follows a rotation asks every moment.
const PROBE_LASTS: Duration = Duration::from_secs(15);

/// Keys of one region. The first is what an installation without any begins with.
#[derive(Debug)]
pub struct AwsKms {
    aws: Arc<Aws>,
    keys: Vec<String>,
}

impl AwsKms {
    /// These keys, by their ARNs: an alias may point elsewhere tomorrow.
    #[must_use]
    pub fn new(aws: Arc<Aws>, keys: Vec<String>) -> Self {
        Self { aws, keys }
    }

    fn key<'a>(&self, id: &'a str) -> Result<&'a str, KeyError> {
        let found = id.strip_prefix(PREFIX).filter(|arn| self.keys.iter().any(|key| key == arn));
        found.ok_or_else(|| KeyError::Unknown {
            wanted: id.to_owned(),
            known: self.keys.iter().map(|key| format!("{PREFIX}{key}")).collect(),
        })
    }

    async fn call(&self, action: &str, body: &Value, answer: &str) -> Result<Vec<u8>, KeyError> {
        let found = self
            .aws
            .call("kms", &format!("TrentService.{action}"), body)
            .await
            .map_err(|error| error.of(PROVIDER))?;
        let bytes = found[answer].as_str().and_then(|text| STANDARD.decode(text).ok());
        bytes.ok_or_else(|| ProviderError::unexpected(answer).of(PROVIDER))
    }
}

#[async_trait]
impl MasterKeyProvider for AwsKms {
    fn name(&self) -> &'static str {
        PROVIDER
    }

    fn holds(&self, id: &str) -> bool {
        id.starts_with(PREFIX)
    }

    async fn keys(&self) -> Result<Vec<String>, KeyError> {
        Ok(self.keys.iter().map(|key| format!("{PREFIX}{key}")).collect())
    }

    async fn check(&self) -> Result<Vec<String>, KeyError> {
        // Wrapping is what a key is needed for, and what our policy is sure to allow: describing a key isn't.
        let tried = join_all(self.keys().await?.into_iter().map(|id| async move {
            let wrapped = self.wrap(&id, "check", &PROBE).await;
            wrapped.map(|_| id)
        }))
        .await;
        // A key that was disabled says nothing of the others.
        let (working, mut wrong): (Vec<_>, Vec<_>) = tried.into_iter().partition(Result::is_ok);
        match wrong.pop() {
            Some(Err(error)) if working.is_empty() => Err(error),
            _ => Ok(working.into_iter().flatten().collect()),
        }
    }

    fn good_for(&self) -> Duration {
        PROBE_LASTS
    }

    async fn wrap(&self, id: &str, context: &str, key: &[u8; 32]) -> Result<String, KeyError> {
        let body = json!({
            "KeyId": self.key(id)?,
            "Plaintext": STANDARD.encode(key),
            "EncryptionContext": encryption_context(context),
        });
        Ok(STANDARD.encode(self.call("Encrypt", &body, "CiphertextBlob").await?))
    }

    async fn unwrap(&self, id: &str, context: &str, payload: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let body = json!({
            "KeyId": self.key(id)?,
            "CiphertextBlob": payload,
            "EncryptionContext": encryption_context(context),
        });
        Ok(Zeroizing::new(self.call("Decrypt", &body, "Plaintext").await?))
    }
}

/// What CloudTrail shows of each call: readable, and without NUL, which it doesn't take.
fn encryption_context(context: &str) -> Value {
    json!({ "sixty": context.replace('\0', "/") })
}
