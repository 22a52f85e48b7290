//! Who holds master keys, and how they fare.

use std::sync::Arc;

use catalog::audit::Actor;
use customers::ControlPlane;
use domain::Role;
use domain::operator::Credential;
use key_providers::vault::{Login, Vault, VaultConfig, VaultTransit};
use secrets::{ExposeSecret as _, KeyRing, LocalKeys};
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::Api;

/// What Vault knows us by.
const TOKEN: &str = "hvs.nobody-is-told-this";

impl Api {
    /// The API of a server whose master keys are in a file and in this Vault.
    fn with_vault(mut self, server: &MockServer) -> Self {
        let config = VaultConfig {
            address: server.uri().parse().unwrap(),
            namespace: None,
            ca_certificate: None,
            login: Login::Token(TOKEN.into()),
        };
        let vault = VaultTransit::new(Arc::new(Vault::new(config).unwrap()), "transit", "sixty");
        let local = LocalKeys::new(vec![self.master_key.clone()]);
        let ring = KeyRing::new(vec![Arc::new(vault), Arc::new(local)]);
        self.state.control_plane = ControlPlane::new(self.catalog.clone(), ring);
        let rights = Role::Owner.rights();
        self.known_as(Actor::operator(Uuid::now_v7(), Credential::Session(Uuid::nil()), rights))
    }
}

/// Name, state, number of keys and what is wrong.
fn told(secrets: &Value) -> Vec<(&str, &str, &Value, &Value)> {
    let rows = secrets["providers"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            assert!(row["answered_in_ms"].is_u64(), "{row}");
            let (provider, status) = (row["provider"].as_str().unwrap(), row["status"].as_str().unwrap());
            (provider, status, &row["keys"], &row["error"])
        })
        .collect()
}

#[tokio::test]
async fn each_provider_is_told_of_beside_one_that_is_away() {
    let server = MockServer::start().await;
    let sealed = ResponseTemplate::new(503).set_body_json(json!({ "errors": ["Vault is sealed"] }));
    Mock::given(path("/v1/transit/keys/sixty")).respond_with(sealed).up_to_n_times(1).mount(&server).await;
    let found = ResponseTemplate::new(200).set_body_json(json!({ "data": { "latest_version": 3 } }));
    Mock::given(path("/v1/transit/keys/sixty")).respond_with(found).mount(&server).await;
    let api = Api::new().await.with_vault(&server);

    let away = api.get("/api/admin/secrets").await.expect(200).body;
    let (one, wrong) = (json!(1), json!("vault can't be reached: 503 (Vault is sealed)"));
    let null = Value::Null;
    assert_eq!(told(&away), [("vault", "away", &null, &wrong), ("local", "ok", &one, &null)]);
    // What the others hold is there all the same.
    let known = |secrets: &Value| secrets["master_keys"].as_array().unwrap().len();
    assert_eq!(known(&away), 1);

    let back = api.get("/api/admin/secrets").await.expect(200).body;
    assert_eq!(told(&back), [("vault", "ok", &one, &null), ("local", "ok", &one, &null)]);
    assert_eq!(known(&back), 2);

    let key = api.master_key.to_hex();
    for secret in [key.expose_secret(), TOKEN] {
        assert!(![&away, &back].iter().any(|answer| answer.to_string().contains(secret)));
    }
}
