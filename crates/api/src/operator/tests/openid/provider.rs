//! A provider of the tests: it vouches for whoever the test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use identity::openid::{OpenIdConfig, OpenIdProvider};
use secrets::token::sha256_hex;
use serde_json::{Value, json};
use testkit::TokenSigner;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request as Asked, ResponseTemplate};

use crate::ApiState;
use crate::operator::tests::Api;

/// A provider whose people are whoever the test says.
pub(super) struct Provider {
    pub(super) server: MockServer,
    pub(super) signer: Arc<TokenSigner>,
    /// Who signs the next token.
    pub(super) signs: Arc<Mutex<Arc<TokenSigner>>>,
    /// What it puts into the next token.
    pub(super) says: Arc<Mutex<Value>>,
}

impl Provider {
    pub(super) async fn new() -> Self {
        Self::taking(&json!(["client_secret_post", "client_secret_basic"]), |request| {
            String::from_utf8_lossy(&request.body).contains("client_secret=s3cret")
        })
        .await
    }

    /// One that says so how it takes our secret, and gives tokens when it finds it.
    pub(super) async fn taking(methods: &Value, is_shown: fn(&Asked) -> bool) -> Self {
        let server = MockServer::start().await;
        let url = server.uri();
        let signer = Arc::new(TokenSigner::new("one"));
        let mut discovery = json!({
            "issuer": url, "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/jwks")
        });
        if !methods.is_null() {
            discovery["token_endpoint_auth_methods_supported"] = methods.clone();
        }
        let answers = |at: &str, body: Value| {
            Mock::given(method("GET"))
                .and(path(at))
                .respond_with(ResponseTemplate::new(200).set_body_json(body))
        };
        answers("/.well-known/openid-configuration", discovery).mount(&server).await;
        answers("/jwks", signer.key_set()).mount(&server).await;
        let says = Arc::new(Mutex::new(json!({})));
        let signs = Arc::new(Mutex::new(Arc::clone(&signer)));
        let (signing, claims) = (Arc::clone(&signs), Arc::clone(&says));
        Mock::given(method("POST"))
            .and(path("/token"))
            .and(has_good_code)
            .and(is_shown)
            .respond_with(move |_: &Asked| {
                let token = signing.lock().unwrap().token(&claims.lock().unwrap());
                ResponseTemplate::new(200).set_body_json(json!({ "id_token": token, "token_type": "Bearer" }))
            })
            .mount(&server)
            .await;
        Mock::given(path("/token")).respond_with(ResponseTemplate::new(400)).mount(&server).await;
        Self { server, signer, signs, says }
    }

    pub(super) fn says(&self, claims: &Value) {
        let mut all =
            json!({ "iss": self.server.uri(), "aud": "sixty", "azp": "sixty", "sub": "ada-at-the-provider" });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        *self.says.lock().unwrap() = all;
    }

    pub(super) async fn api(&self) -> Api {
        let mut api = Api::new().await;
        let config = OpenIdConfig {
            issuer: self.server.uri().parse().unwrap(),
            client_id: "sixty".to_owned(),
            client_secret: Some("s3cret".to_owned().into()),
            redirect_url: "https://sixty.test/api/admin/session/openid/callback".parse().unwrap(),
        };
        api.state =
            ApiState { openid: Some(Arc::new(OpenIdProvider::new(config).unwrap())), ..api.state.clone() };
        api.router = crate::operator::router(&api.state).layer(crate::EVERY_REQUEST);
        api
    }
}

/// A code that the provider gave out for a challenge: it is worth nothing without the text that the challenge was made from.
pub(super) fn good_code(challenge: &str) -> String {
    format!("good.{challenge}")
}

fn has_good_code(request: &Asked) -> bool {
    let form: HashMap<_, _> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    let (Some(code), Some(verifier)) = (form.get("code"), form.get("code_verifier")) else { return false };
    let digest = data_encoding::HEXLOWER.decode(sha256_hex(verifier).as_bytes()).unwrap();
    *code == good_code(&data_encoding::BASE64URL_NOPAD.encode(&digest))
}
