//! Vault: what we send, what we do with its answers, and how the token is kept.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::CustomerId;
use key_providers::vault::{Login, Vault, VaultConfig, VaultTransit, read_kv};
use secrets::{DataKey, ExposeSecret as _, KeyError, KeyRing, KeyScope, MasterKeyProvider as _};
use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

fn vault(server: &MockServer, login: Login) -> Arc<Vault> {
    let address = server.uri().parse().unwrap();
    let config = VaultConfig { address, namespace: Some("crm".to_owned()), ca_certificate: None, login };
    Arc::new(Vault::new(config).unwrap())
}

/// As an application whose secret is in a file; the file goes with what is returned first.
fn app_role() -> (testkit::Home, Login) {
    let folder = testkit::home();
    let secret_id_file = folder.path().join("secret-id");
    std::fs::write(&secret_id_file, "the-secret-id\n").unwrap();
    (folder, Login::AppRole { mount: "approle".to_owned(), role_id: "role".to_owned(), secret_id_file })
}

fn auth(token: &str, seconds: u64) -> ResponseTemplate {
    let auth = json!({ "client_token": token, "lease_duration": seconds, "renewable": true });
    ResponseTemplate::new(200).set_body_json(json!({ "auth": auth }))
}

async fn log_in(server: &MockServer, token: &str, seconds: u64, times: u64) {
    Mock::given(method("POST"))
        .and(path("/v1/auth/approle/login"))
        .and(header("X-Vault-Namespace", "crm"))
        .and(body_partial_json(json!({ "role_id": "role", "secret_id": "the-secret-id" })))
        .respond_with(auth(token, seconds))
        .expect(times)
        .mount(server)
        .await;
}

/// A transit engine that "encrypts" by joining what belongs together, so that a wrong context doesn't open.
async fn transit(server: &MockServer, token: &str) {
    Mock::given(method("GET"))
        .and(path("/v1/transit/keys/sixty"))
        .and(header("X-Vault-Token", token))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "data": { "latest_version": 3 } })))
        .mount(server)
        .await;
    Mock::given(method("POST"))
        .and(path("/v1/transit/encrypt/sixty"))
        .and(header("X-Vault-Token", token))
        .respond_with(|request: &Request| {
            let body: Value = request.body_json().unwrap();
            let text = format!("{}|{}", body["plaintext"], body["associated_data"]);
            let ciphertext = format!("vault:v{}:{}", body["key_version"], STANDARD.encode(text));
            ResponseTemplate::new(200).set_body_json(json!({ "data": { "ciphertext": ciphertext } }))
        })
        .mount(server)
        .await;
    Mock::given(method("POST"))
        .and(path("/v1/transit/decrypt/sixty"))
        .and(header("X-Vault-Token", token))
        .respond_with(|request: &Request| {
            let body: Value = request.body_json().unwrap();
            let stored = body["ciphertext"].as_str().unwrap().rsplit(':').next().unwrap();
            let text = String::from_utf8(STANDARD.decode(stored).unwrap()).unwrap();
            let (plain, aad) = text.split_once('|').unwrap();
            let told = body["associated_data"].to_string();
            if aad == told {
                let plain = plain.trim_matches('"');
                ResponseTemplate::new(200).set_body_json(json!({ "data": { "plaintext": plain } }))
            } else {
                let errors = json!({ "errors": ["cipher: message authentication failed"] });
                ResponseTemplate::new(400).set_body_json(errors)
            }
        })
        .mount(server)
        .await;
}

#[tokio::test]
async fn a_data_key_is_wrapped_by_the_latest_version_and_opens_in_its_scope_only() {
    let server = MockServer::start().await;
    // The lease is long: one login does.
    log_in(&server, "hvs.one", 3600, 1).await;
    transit(&server, "hvs.one").await;
    let (_folder, login) = app_role();
    let provider = VaultTransit::new(vault(&server, login), "transit", "sixty");
    let ring = KeyRing::new(vec![Arc::new(provider)]);
    let id = ring.keys().await.0[0].id.clone();
    assert_eq!(id, "vault/transit/sixty/v3");
    let customer = CustomerId::generate();
    let key = DataKey::generate(customer);
    let wrapped = ring.wrap(&key, &id).await.unwrap();
    assert_eq!(wrapped.master_key_id(), Ok(id.as_str()));
    let opened = ring.unwrap(&wrapped, KeyScope::Customer(customer), 1).await.unwrap();
    assert!(opened.is_same(&key));
    let theirs = KeyScope::Customer(CustomerId::generate());
    assert!(matches!(ring.unwrap(&wrapped, theirs, 1).await, Err(KeyError::Refused { .. })));
}

#[tokio::test]
async fn a_token_is_renewed_when_its_time_is_nearly_over() {
    let server = MockServer::start().await;
    log_in(&server, "hvs.one", 6, 1).await;
    // For an hour, so that it is done once.
    Mock::given(method("POST"))
        .and(path("/v1/auth/token/renew-self"))
        .and(header("X-Vault-Token", "hvs.one"))
        .respond_with(auth("hvs.one", 3600))
        .expect(1)
        .mount(&server)
        .await;
    transit(&server, "hvs.one").await;
    let (_folder, login) = app_role();
    let provider = VaultTransit::new(vault(&server, login), "transit", "sixty");
    provider.keys().await.unwrap();
    // Two thirds of its six seconds are over, and a busy machine has some time before the last one is.
    tokio::time::sleep(Duration::from_millis(4200)).await;
    for _ in 0..3 {
        provider.keys().await.unwrap();
    }
}

#[tokio::test]
async fn a_secret_id_that_was_replaced_is_read_anew() {
    let server = MockServer::start().await;
    let (folder, login) = app_role();
    log_in(&server, "hvs.one", 3600, 1).await;
    Mock::given(method("POST"))
        .and(path("/v1/auth/approle/login"))
        .and(body_partial_json(json!({ "secret_id": "the-next-one" })))
        .respond_with(auth("hvs.two", 3600))
        .expect(1)
        .mount(&server)
        .await;
    transit(&server, "hvs.two").await;
    // What the first login gave has ended.
    let refused = ResponseTemplate::new(403).set_body_json(json!({ "errors": ["permission denied"] }));
    Mock::given(method("GET"))
        .and(path("/v1/transit/keys/sixty"))
        .and(header("X-Vault-Token", "hvs.one"))
        .respond_with(move |_: &Request| {
            std::fs::write(folder.path().join("secret-id"), "the-next-one").unwrap();
            refused.clone()
        })
        .expect(1)
        .mount(&server)
        .await;
    let provider = VaultTransit::new(vault(&server, login), "transit", "sixty");
    assert_eq!(provider.keys().await.unwrap(), ["vault/transit/sixty/v3"]);
}

#[tokio::test]
async fn a_token_that_is_refused_is_replaced() {
    let server = MockServer::start().await;
    log_in(&server, "hvs.one", 3600, 2).await;
    // The first call is refused as with a token that was revoked; the second login's is let in.
    let refused = ResponseTemplate::new(403).set_body_json(json!({ "errors": ["permission denied"] }));
    Mock::given(method("GET"))
        .and(path("/v1/transit/keys/sixty"))
        .respond_with(refused)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    transit(&server, "hvs.one").await;
    let (_folder, login) = app_role();
    let provider = VaultTransit::new(vault(&server, login), "transit", "sixty");
    assert_eq!(provider.keys().await.unwrap(), ["vault/transit/sixty/v3"]);
}

#[tokio::test]
async fn a_pod_logs_in_with_its_service_account() {
    let server = MockServer::start().await;
    let folder = testkit::home();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "eyJ.service.account\n").unwrap();
    Mock::given(method("POST"))
        .and(path("/v1/auth/kubernetes/login"))
        .and(body_partial_json(json!({ "role": "sixty", "jwt": "eyJ.service.account" })))
        .respond_with(auth("hvs.pod", 3600))
        .expect(1)
        .mount(&server)
        .await;
    let data = json!({ "data": { "data": { "operator_token": "op_x" }, "metadata": { "version": 4 } } });
    Mock::given(method("GET"))
        .and(path("/v1/kv/data/sixty"))
        .and(header("X-Vault-Token", "hvs.pod"))
        .respond_with(ResponseTemplate::new(200).set_body_json(data))
        .mount(&server)
        .await;
    let login = Login::Kubernetes { mount: "kubernetes".to_owned(), role: "sixty".to_owned(), token_file };
    let vault = vault(&server, login);
    let read = read_kv(&vault, "kv/data/sixty", "operator_token").await.unwrap();
    assert_eq!(read.expose_secret(), "op_x");
    let missing = read_kv(&vault, "kv/data/sixty", "nothing").await.unwrap_err().to_string();
    assert!(missing.contains("nothing") && !missing.contains("op_x"), "{missing}");
}

#[tokio::test]
async fn vaults_own_trouble_passes_and_a_refusal_does_not_and_neither_tells_a_secret() {
    let server = MockServer::start().await;
    Mock::given(path("/v1/auth/token/renew-self"))
        .respond_with(ResponseTemplate::new(403).set_body_json(json!({ "errors": ["permission denied"] })))
        .mount(&server)
        .await;
    Mock::given(path("/v1/transit/keys/sixty"))
        .respond_with(ResponseTemplate::new(503).set_body_json(json!({ "errors": ["Vault is sealed"] })))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(path("/v1/transit/keys/sixty"))
        .respond_with(ResponseTemplate::new(403).set_body_json(json!({ "errors": ["permission denied"] })))
        .mount(&server)
        .await;
    let provider = VaultTransit::new(vault(&server, Login::Token("hvs.secret".into())), "transit", "sixty");
    let sealed = provider.keys().await.unwrap_err();
    assert!(sealed.is_temporary() && sealed.to_string().contains("Vault is sealed"), "{sealed}");
    let refused = provider.keys().await.unwrap_err();
    assert!(!refused.is_temporary(), "{refused}");
    for text in [sealed.to_string(), refused.to_string(), format!("{provider:?}")] {
        assert!(!text.contains("hvs.secret"), "{text}");
    }
}
