//! AWS, as moto has it.

use std::sync::Arc;

use domain::CustomerId;
use key_providers::aws::{Aws, AwsConfig, AwsKms, CredentialSource, Credentials, read_secret};
use secrets::{DataKey, ExposeSecret as _, KeyError, KeyRing, KeyScope};
use serde_json::{Value, json};
use url::Url;

/// A moto server; it ends with the test.
struct Moto {
    _process: testkit::Moto,
    url: Url,
}

impl Moto {
    async fn start() -> Self {
        let process = testkit::moto().await;
        let url = process.url().parse().unwrap();
        Self { _process: process, url }
    }

    fn aws(&self) -> Arc<Aws> {
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "the-secret-access-key".into(),
            session_token: Some("the-session-token".into()),
            expires_at: None,
        };
        let config = AwsConfig {
            region: "eu-central-1".to_owned(),
            endpoint: Some(self.url.clone()),
            credentials: CredentialSource::Fixed(credentials),
        };
        Arc::new(Aws::new(config).unwrap())
    }

    /// Makes something there. Moto only reads which service is meant.
    async fn make(&self, service: &str, target: &str, body: Value) -> Value {
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=x/20260101/eu-central-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let request = reqwest::Client::new()
            .post(self.url.clone())
            .header("X-Amz-Target", target)
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("Authorization", authorization);
        request.body(body.to_string()).send().await.unwrap().json().await.unwrap()
    }
}

#[tokio::test]
async fn kms_wraps_and_opens_in_the_same_scope_only() {
    let moto = Moto::start().await;
    let made = moto.make("kms", "TrentService.CreateKey", json!({})).await;
    let arn = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let ring = KeyRing::new(vec![Arc::new(AwsKms::new(moto.aws(), vec![arn.clone()]))]);
    let id = ring.keys().await.0[0].id.clone();
    assert_eq!(id, format!("aws-kms/{arn}"));
    let customer = CustomerId::generate();
    let key = DataKey::generate(customer);
    let wrapped = ring.wrap(&key, &id).await.unwrap();
    assert!(ring.unwrap(&wrapped, KeyScope::Customer(customer), 1).await.unwrap().is_same(&key));
    let theirs = KeyScope::Customer(CustomerId::generate());
    // Not that it can't be reached, nor that it doesn't know the key.
    let refused = ring.unwrap(&wrapped, theirs, 1).await.map(drop).unwrap_err();
    assert!(matches!(&refused, KeyError::Refused { provider: "aws-kms", .. }), "{refused:?}");
    assert!(refused.to_string().contains("InvalidCiphertext"), "{refused}");
    let other = ring.wrap(&key, "aws-kms/arn:aws:kms:eu-central-1:1:key/other").await;
    assert!(matches!(other, Err(KeyError::Unknown { .. })), "{other:?}");
}

/// The ids of its keys are configured: that they are known says nothing of whether KMS is there.
#[tokio::test]
async fn kms_is_asked_whether_it_is_there_and_which_keys_it_takes() {
    let moto = Moto::start().await;
    let made = moto.make("kms", "TrentService.CreateKey", json!({})).await;
    let arn = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let unknown =
        arn.replace(made["KeyMetadata"]["KeyId"].as_str().unwrap(), "00000000-0000-4000-8000-000000000000");
    let ring = |keys: &[&String]| {
        let keys = keys.iter().map(|key| (*key).clone()).collect();
        KeyRing::new(vec![Arc::new(AwsKms::new(moto.aws(), keys))])
    };
    let both = ring(&[&unknown, &arn]);
    let [health] = both.health().await.try_into().unwrap();
    assert_eq!(health.keys, Ok(vec![format!("aws-kms/{arn}")]));
    let [health] = ring(&[&unknown]).health().await.try_into().unwrap();
    let error = health.keys.unwrap_err();
    assert!(matches!(error, KeyError::Refused { provider: "aws-kms", .. }), "{error:?}");

    // Who was well a moment ago isn't asked again yet.
    let fresh = ring(&[&arn]);
    drop(moto);
    let [health] = both.health().await.try_into().unwrap();
    assert_eq!(health.keys, Ok(vec![format!("aws-kms/{arn}")]));
    let [health] = fresh.health().await.try_into().unwrap();
    let error = health.keys.unwrap_err();
    assert!(error.is_temporary(), "{error:?}");
    assert!(!format!("{error}").contains("the-secret-access-key"), "{error}");
    assert_eq!(both.keys().await.0.len(), 2);
}

#[tokio::test]
async fn secrets_manager_gives_a_text_or_a_field() {
    let moto = Moto::start().await;
    let body = json!({ "Name": "sixty", "SecretString": "{\"operator_token\":\"op_x\"}", "ClientRequestToken": "a".repeat(32) });
    moto.make("secretsmanager", "secretsmanager.CreateSecret", body).await;
    let aws = moto.aws();
    let field = read_secret(&aws, "sixty", Some("operator_token")).await.unwrap();
    assert_eq!(field.expose_secret(), "op_x");
    assert!(read_secret(&aws, "sixty", None).await.unwrap().expose_secret().contains("op_x"));
    for (name, field) in [("sixty", "nothing"), ("nothing", "operator_token")] {
        let error = read_secret(&aws, name, Some(field)).await.unwrap_err().to_string();
        assert!(!error.contains("op_x") && !error.contains("the-secret-access-key"), "{error}");
    }
}
