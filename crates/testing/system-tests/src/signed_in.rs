//! An operator who is signed in, as a person is: with a password of their own and an authenticator app.

use std::time::{SystemTime, UNIX_EPOCH};

use secrets::TotpSecret;
use serde_json::{Value, json};

use crate::{Api, Stack};

/// The password of every operator who is signed in for a test.
pub const OPERATORS_PASSWORD: &str = "quarry lantern fjord mittens";

impl Stack {
    /// An operator with these roles, made and signed in for the first time: the API with their session.
    ///
    /// # Panics
    /// When that doesn't succeed.
    pub async fn signed_in(&self, email: &str, roles: &[&str]) -> Api {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned();
        let new = json!({ "email": email, "name": "Operator", "roles": roles });
        let made = self.operator.post("/api/admin/operators", &new).await.expect(201);
        let one_time = text(&made["one_time_password"]);
        let shown = json!({ "email": email, "password": one_time });
        let begun = self.operator.anonymous().post("/api/admin/session", &shown).await.expect(201);
        let begun = self.operator.with_token(&text(&begun["token"]));
        let app = begun.post("/api/admin/session/authenticator", &Value::Null).await.expect(200);
        let app = TotpSecret::parse(&text(&app["secret"]).into()).expect("a secret");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let code = json!({ "code": app.code_at(now.try_into().expect("a time")) });
        let complete = begun.post("/api/admin/session/code", &code).await.expect(200);
        let session = self.operator.with_token(&text(&complete["token"]));
        let password = json!({ "password": one_time, "new_password": OPERATORS_PASSWORD });
        session.put("/api/admin/session/password", &password).await.expect(204);
        session
    }
}
