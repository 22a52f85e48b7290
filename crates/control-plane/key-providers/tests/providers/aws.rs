//! AWS, as moto has it.

use std::sync::Arc;

use chrono::{SecondsFormat, TimeDelta, Utc};
use domain::CustomerId;
use key_providers::aws::{Aws, AwsConfig, AwsKms, CredentialSource, Credentials, read_secret};
use secrets::{DataKey, ExposeSecret as _, KeyError, KeyRing, KeyScope};
use serde_json::{Value, json};
use url::Url;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

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
    assert!(ring.unwrap(&wrapped, theirs, 1).await.is_err());
    let other = ring.wrap(&key, "aws-kms/arn:aws:kms:eu-central-1:1:key/other").await;
    assert!(matches!(other, Err(KeyError::Unknown { .. })), "{other:?}");
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

/// A stand-in for AWS that shows which key each call was signed with.
async fn signed_by(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.unwrap();
    let calls = requests.iter().filter(|request| request.headers.contains_key("x-amz-target"));
    calls
        .map(|call| {
            let authorization = call.headers["authorization"].to_str().unwrap();
            let credential = authorization.split_once("Credential=").unwrap().1;
            credential.split('/').next().unwrap().to_owned()
        })
        .collect()
}

/// Asks three times for a secret, with credentials of which the first run out in four minutes, and the others in an hour.
async fn asked_with(server: &MockServer, credentials: CredentialSource) -> Vec<String> {
    let secret = json!({ "SecretString": "s" });
    Mock::given(header("X-Amz-Target", "secretsmanager.GetSecretValue"))
        .respond_with(ResponseTemplate::new(200).set_body_json(secret))
        .mount(server)
        .await;
    let endpoint = Some(server.uri().parse().unwrap());
    let config = AwsConfig { region: "eu-central-1".to_owned(), endpoint, credentials };
    let aws = Aws::new(config).unwrap();
    for _ in 0..3 {
        assert_eq!(read_secret(&aws, "sixty", None).await.unwrap().expose_secret(), "s");
    }
    signed_by(server).await
}

/// Gives the first credentials once, and then the second.
async fn gives(
    server: &MockServer,
    matches: impl Fn(&Request) -> bool + Send + Sync + Clone + 'static,
    show: fn(&str, &str) -> String,
) {
    for (id, minutes, times) in [("AKIDFIRST", 4, 1), ("AKIDSECOND", 60, 100)] {
        let end = (Utc::now() + TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
        Mock::given(matches.clone())
            .respond_with(ResponseTemplate::new(200).set_body_string(show(id, &end)))
            .up_to_n_times(times)
            .mount(server)
            .await;
    }
}

fn as_json(id: &str, end: &str) -> String {
    json!({ "AccessKeyId": id, "SecretAccessKey": "s", "Token": "t", "Expiration": end }).to_string()
}

#[tokio::test]
async fn a_containers_credentials_are_replaced_before_they_run_out() {
    let (server, folder) = (MockServer::start().await, testkit::home());
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "the-pods-token\n").unwrap();
    let is_asked = |request: &Request| {
        request.url.path() == "/credentials" && request.headers["authorization"] == "the-pods-token"
    };
    gives(&server, is_asked, as_json).await;
    let url = format!("{}/credentials", server.uri()).parse().unwrap();
    let source = CredentialSource::Container { url, token_file: Some(token_file) };
    assert_eq!(asked_with(&server, source).await, ["AKIDFIRST", "AKIDSECOND", "AKIDSECOND"]);
}

#[tokio::test]
async fn a_machines_credentials_are_replaced_before_they_run_out() {
    let server = MockServer::start().await;
    let answer = |text: &str| ResponseTemplate::new(200).set_body_string(text);
    Mock::given(method("PUT"))
        .and(path("/latest/api/token"))
        .respond_with(answer("ticket"))
        .mount(&server)
        .await;
    let roles = "/latest/meta-data/iam/security-credentials/";
    Mock::given(path(roles))
        .and(header("X-aws-ec2-metadata-token", "ticket"))
        .respond_with(answer("sixty-role"))
        .mount(&server)
        .await;
    let is_asked = |request: &Request| {
        request.url.path() == "/latest/meta-data/iam/security-credentials/sixty-role"
            && request.headers["x-aws-ec2-metadata-token"] == "ticket"
    };
    gives(&server, is_asked, as_json).await;
    let source = CredentialSource::Machine { url: server.uri().parse().unwrap() };
    assert_eq!(asked_with(&server, source).await, ["AKIDFIRST", "AKIDSECOND", "AKIDSECOND"]);
}

#[tokio::test]
async fn a_pods_role_is_taken_with_its_token_and_taken_anew_before_it_runs_out() {
    let (server, folder) = (MockServer::start().await, testkit::home());
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "eyJ.service.account\n").unwrap();
    let is_asked = |request: &Request| {
        let form: std::collections::HashMap<_, _> =
            url::form_urlencoded::parse(&request.body).into_owned().collect();
        form.get("Action").is_some_and(|action| action == "AssumeRoleWithWebIdentity")
            && form["RoleArn"] == "arn:aws:iam::1:role/sixty"
            && form["WebIdentityToken"] == "eyJ.service.account"
    };
    let as_xml = |id: &str, end: &str| {
        format!(
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
             <SessionToken>t</SessionToken><SecretAccessKey>s</SecretAccessKey><Expiration>{end}</Expiration>
             <AccessKeyId>{id}</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>
             </AssumeRoleWithWebIdentityResponse>"
        )
    };
    gives(&server, is_asked, as_xml).await;
    let url = server.uri().parse().unwrap();
    let source =
        CredentialSource::WebIdentity { url, token_file, role_arn: "arn:aws:iam::1:role/sixty".to_owned() };
    assert_eq!(asked_with(&server, source).await, ["AKIDFIRST", "AKIDSECOND", "AKIDSECOND"]);
}
