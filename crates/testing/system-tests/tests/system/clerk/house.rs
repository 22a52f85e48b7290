//! A system whose customers come by Clerk, and Clerk.

use std::time::Duration;

use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Answer, Api, OpenIdProvider, Stack};
use testkit::{WebhookSigner, wait_for};
use wiremock::MockServer;

pub(super) const BACKEND_KEY: &str = "sk_test_the_key_of_the_backend_api";
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct House {
    pub(super) stack: Stack,
    pub(super) provider: OpenIdProvider,
    pub(super) signer: WebhookSigner,
    /// Clerk's Backend API.
    pub(super) api: MockServer,
}

impl House {
    /// Sends a message as Clerk does, about something that happens now.
    pub(super) async fn send(&self, id: &str, event_type: &str, data: Value) -> Answer {
        let body = json!({
            "object": "event", "type": event_type, "timestamp": Utc::now().timestamp_millis(), "data": data
        });
        self.send_body(id, &body.to_string(), &self.signer).await
    }

    pub(super) async fn send_body(&self, id: &str, body: &str, signer: &WebhookSigner) -> Answer {
        let timestamp = Utc::now().timestamp().to_string();
        let request = self
            .stack
            .operator
            .anonymous()
            .request(Method::POST, "/api/webhooks/clerk")
            .header("svix-id", id)
            .header("svix-signature", signer.sign(id, &timestamp, body))
            .header("svix-timestamp", timestamp)
            .header("content-type", "application/json")
            .body(body.to_owned());
        self.stack.operator.send(request).await
    }

    /// The API as somebody in an organization, with a token that is good for a minute.
    pub(super) async fn signed_in(&mut self, user: &str, organization: &str, role: &str) -> Api {
        self.signed_in_by("first", user, organization, role).await
    }

    pub(super) async fn signed_in_by(
        &mut self,
        key: &str,
        user: &str,
        organization: &str,
        role: &str,
    ) -> Api {
        let claims = json!({
            "sub": user, "azp": "https://crm.example.com", "v": 2, "o": { "id": organization, "rol": role }
        });
        let token = self.provider.sign(key, &claims).await;
        self.stack.operator.with_token(&token)
    }

    pub(super) async fn send_organization(&self, id: &str, organization: &str, name: &str) {
        let data = json!({ "id": organization, "name": name, "slug": name, "created_by": "user_ada" });
        self.send(id, "organization.created", data).await.expect(204);
    }

    pub(super) async fn send_member(
        &self,
        id: &str,
        kind: &str,
        (organization, user): (&str, &str),
        role: &str,
    ) {
        let data = json!({
            "role": role, "organization": { "id": organization }, "public_user_data": { "user_id": user }
        });
        self.send(id, &format!("organizationMembership.{kind}"), data).await.expect(204);
    }

    pub(super) async fn send_user(&self, id: &str, user: &str, name: &str) {
        let email = format!("{}@example.com", name.to_lowercase());
        let data = json!({
            "id": user, "first_name": name, "primary_email_address_id": "idn_1",
            "email_addresses": [{ "id": "idn_1", "email_address": email }]
        });
        self.send(id, "user.created", data).await.expect(204);
    }

    /// The one row of a statement on the admin database, as text.
    pub(super) async fn admin_value(&self, sql: &str) -> Option<String> {
        let rows = self.stack.admin().await.query(sql, &[]).await.unwrap();
        rows.first().and_then(|row| row.get(0))
    }

    pub(super) async fn until_admin_says(&self, sql: &str, wanted: &str) {
        wait_for(&format!("{sql} to say {wanted}"), PATIENCE, async || {
            self.admin_value(sql).await.as_deref() == Some(wanted)
        })
        .await;
    }
}
