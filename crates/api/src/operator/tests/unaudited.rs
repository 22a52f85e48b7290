//! What can't be written into the audit log doesn't happen.

use std::collections::BTreeMap;

use domain::{Plan, Role};
use http::Method;
use serde_json::{Value, json};

use super::{Answer, Api};

/// As when the log's disk is full, or somebody took the right to write it.
const FULL: &str = "create function admin_no_audit() returns trigger language plpgsql as $$
        begin raise exception 'the audit log takes nothing'; end $$;
    create trigger admin_no_audit before insert on admin_audit_logs for each row execute function admin_no_audit()";
const MENDED: &str = "drop trigger admin_no_audit on admin_audit_logs; drop function admin_no_audit()";

impl Api {
    /// What is in every table, as a hash.
    async fn contents(&self) -> BTreeMap<String, String> {
        let client = self.database.connect().await;
        let tables = "select tablename::text from pg_tables where schemaname = 'public'";
        let mut contents = BTreeMap::new();
        for row in client.query(tables, &[]).await.unwrap() {
            let table: String = row.get(0);
            let sql = format!(
                "select md5(coalesce(string_agg(entry::text, '|' order by entry::text), '')) from {table} entry"
            );
            contents.insert(table, client.query_one(&sql, &[]).await.unwrap().get(0));
        }
        contents
    }

    /// Asks for a change while the log takes nothing, sees that nothing has changed, and asks again.
    async fn only_with_its_trace(&self, bearer: &str, method: Method, path: &str, body: Value) -> Answer {
        let before = self.contents().await;
        self.sql(FULL).await;
        let refused = self.ask_as(Some(bearer), method.clone(), path, body.clone()).await;
        assert!(refused.status.is_server_error(), "{method} {path}: {refused:?}");
        assert!(refused.body.get("key").is_none() && refused.body.get("password").is_none(), "{refused:?}");
        self.sql(MENDED).await;
        assert_eq!(self.contents().await, before, "{method} {path}");
        let done = self.ask_as(Some(bearer), method.clone(), path, body).await;
        assert!(done.status.is_success(), "{method} {path}: {done:?}");
        assert_ne!(self.contents().await, before, "{method} {path}");
        done
    }
}

#[tokio::test]
async fn no_change_that_matters_happens_without_its_row_of_the_log() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let owner = api.operator("owner@example.org", &[Role::Owner]).await.token.clone();
    let (post, patch, put, delete) = (Method::POST, Method::PATCH, Method::PUT, Method::DELETE);
    let acme = "/api/admin/customers/acme";
    let sign_up = json!({ "customer_id": "beta", "name": "Beta", "email": "b@example.org", "plan": "pro" });
    api.only_with_its_trace(&owner, post.clone(), "/api/admin/customers", sign_up).await;
    api.only_with_its_trace(&owner, patch.clone(), acme, json!({ "company_name": "Acme Two" })).await;
    api.only_with_its_trace(&owner, post.clone(), &format!("{acme}/suspend"), json!({ "reason": "unpaid" }))
        .await;
    api.only_with_its_trace(&owner, post.clone(), &format!("{acme}/resume"), Value::Null).await;
    let plan = format!("{acme}/plan");
    api.only_with_its_trace(&owner, put.clone(), &plan, json!({ "plan": "pro" })).await;
    api.only_with_its_trace(&owner, put.clone(), &plan, json!({ "plan": "starter" })).await;
    let module = format!("{acme}/modules/ai_assistant");
    api.only_with_its_trace(&owner, put.clone(), &module, json!({ "enabled": true })).await;
    api.only_with_its_trace(&owner, delete.clone(), &module, Value::Null).await;

    let price = json!({ "base_price_monthly": "59.99" });
    api.only_with_its_trace(&owner, patch.clone(), "/api/admin/modules/ai_assistant", price).await;

    let keys = format!("{acme}/api-keys");
    let made = api.only_with_its_trace(&owner, post.clone(), &keys, json!({ "name": "one" })).await;
    let key = format!("{keys}/{}", made.text("id"));
    api.only_with_its_trace(&owner, patch.clone(), &key, json!({ "permissions": ["read:*"] })).await;
    let next = api.only_with_its_trace(&owner, post.clone(), &format!("{key}/rotate"), json!({})).await;
    let next = format!("{keys}/{}", next.text("id"));
    api.only_with_its_trace(&owner, post.clone(), &format!("{next}/revoke"), Value::Null).await;

    let new = json!({ "email": "new@example.org", "name": "New", "roles": ["support"] });
    let made = api.only_with_its_trace(&owner, post.clone(), "/api/admin/operators", new).await;
    let operator = format!("/api/admin/operators/{}", made.body["id"].as_str().unwrap());
    api.only_with_its_trace(&owner, patch.clone(), &operator, json!({ "roles": ["billing"] })).await;
    api.only_with_its_trace(&owner, post.clone(), &format!("{operator}/reset-password"), Value::Null).await;
    let stream = json!({ "name": "siem", "endpoint": "https://siem.example.org/in" });
    let made = api.only_with_its_trace(&owner, post.clone(), "/api/admin/audit-streams", stream).await;
    let stream = format!("/api/admin/audit-streams/{}", made.body["id"].as_str().unwrap());
    api.only_with_its_trace(&owner, patch.clone(), &stream, json!({ "is_active": false })).await;
    api.only_with_its_trace(&owner, delete.clone(), &stream, Value::Null).await;
    let token = json!({ "name": "reports", "permissions": ["usage:read"] });
    let made = api.only_with_its_trace(&owner, post.clone(), "/api/admin/tokens", token).await;
    let passkey = api.add_passkey(&owner, &mut testkit::Authenticator::new(super::ORIGIN)).await;
    let passkey = format!("{}/{passkey}", super::passkeys::OWN);
    api.only_with_its_trace(&owner, patch.clone(), &passkey, json!({ "name": "blue key" })).await;
    let password = json!({ "password": super::sign_in::PASSWORD });
    api.only_with_its_trace(&owner, post.clone(), &format!("{passkey}/remove"), password).await;
    let token = format!("/api/admin/tokens/{}/revoke", made.body["id"].as_str().unwrap());
    api.only_with_its_trace(&owner, post, &token, Value::Null).await;
    api.only_with_its_trace(&owner, delete, acme, Value::Null).await;
}
