//! Clerk, as far as the dashboard's tests need it: a Backend API that knows of an organization with a member, and the
//! secret with which the tests sign messages.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use testkit::{Home, WebhookSigner};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(super) struct Clerk {
    api: MockServer,
    signer: WebhookSigner,
    secrets: Home,
}

impl Clerk {
    pub(super) async fn start() -> Self {
        let api = MockServer::start().await;
        let answers = |at: &str, body: Value| {
            Mock::given(method("GET"))
                .and(path(at))
                .respond_with(ResponseTemplate::new(200).set_body_json(body))
        };
        // What Clerk's webhook will have told of the quay, but for its second member.
        let member = |user: &str| json!({ "role": "org:admin", "organization": { "id": "org_quay" }, "public_user_data": { "user_id": user } });
        let person = |id: &str, name: &str| {
            json!({ "id": id, "first_name": name,
                "email_addresses": [{ "id": "i", "email_address": format!("{name}@example.org") }] })
        };
        let quay = json!({ "id": "org_quay", "name": "Quay", "slug": "quay", "created_by": "user_kim" });
        answers("/v1/organizations", json!({ "data": [quay] })).mount(&api).await;
        let members = json!({ "data": [member("user_kim"), member("user_lou")] });
        answers("/v1/organizations/org_quay/memberships", members).mount(&api).await;
        answers("/v1/users/user_kim", person("user_kim", "Kim")).mount(&api).await;
        answers("/v1/users/user_lou", person("user_lou", "Lou")).mount(&api).await;
        let signer = WebhookSigner::new(b"the key of the endpoint in the tests of the dashboard");
        Self { api, signer, secrets: testkit::home() }
    }

    pub(super) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("SIXTY_CLERK_WEBHOOK_SECRETS_FILE", self.file("webhook", &self.webhook_secret())),
            ("SIXTY_CLERK_SECRET_KEY_FILE", self.file("key", "sk_test_the_key_of_the_backend_api")),
            ("SIXTY_CLERK_API_URL", format!("{}/v1", self.api.uri())),
        ]
    }

    pub(super) fn webhook_secret(&self) -> String {
        self.signer.secret()
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.secrets.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }
}
