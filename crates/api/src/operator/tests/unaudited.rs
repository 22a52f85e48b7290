//! What can't be written into the audit log doesn't happen.

use std::collections::BTreeSet;
use std::sync::Mutex;

use domain::{Plan, Role};
use http::Method;
use serde_json::{Value, json};

use super::roles::{route, table};
use super::tables::Tables;
use super::{Answer, Api};

/// As when the log's disk is full, or somebody took the right to write it.
const FULL: &str = "create function admin_no_audit() returns trigger language plpgsql as $$
        begin raise exception 'the audit log takes nothing'; end $$;
    create trigger admin_no_audit before insert on admin_audit_logs for each row execute function admin_no_audit()";
const MENDED: &str = "drop trigger admin_no_audit on admin_audit_logs; drop function admin_no_audit()";

/// Changes that aren't tried here, and why not.
const NOT_TRIED: [(&str, &str, &str); 3] = [
    ("POST", "/api/provision", "it is the same sign-up as /api/admin/customers, and waits for a worker"),
    (
        "POST",
        "/api/admin/customers/{customer}/connection-urls",
        "it needs an instance; idempotency.rs::a_revealed_password_is_not_kept_and_leaves_its_row_each_time tries it",
    ),
    ("POST", "/api/admin/audit-logs/verifications", "it reads the log, and changes nothing"),
];

/// Asks for changes, and remembers which routes have been tried.
struct Trail<'a> {
    api: &'a Api,
    bearer: &'a str,
    tables: Tables,
    tried: Mutex<BTreeSet<(String, String)>>,
}

impl Trail<'_> {
    /// Asks for a change while the log takes nothing, sees that nothing has changed, and asks again.
    async fn change(&self, method: Method, path: &str, body: Value) -> Answer {
        self.tried.lock().unwrap().insert((method.to_string(), path.to_owned()));
        let before = self.tables.contents().await;
        self.tables.sql(FULL).await;
        let refused = self.api.ask_as(Some(self.bearer), method.clone(), path, body.clone()).await;
        assert!(refused.status.is_server_error(), "{method} {path}: {refused:?}");
        assert!(refused.body.get("key").is_none() && refused.body.get("password").is_none(), "{refused:?}");
        self.tables.sql(MENDED).await;
        assert_eq!(self.tables.contents().await, before, "{method} {path}");
        let done = self.api.ask_as(Some(self.bearer), method.clone(), path, body).await;
        assert!(done.status.is_success(), "{method} {path}: {done:?}");
        assert_ne!(self.tables.contents().await, before, "{method} {path}");
        done
    }

    /// Whether a route has been tried, with whatever stands in the places of its parameters.
    fn has(&self, method: &str, route: &str) -> bool {
        let is_of_route = |path: &str| {
            let mut parts = path.split('/').zip(route.split('/'));
            let is_same = parts.all(|(part, named)| part == named || named.starts_with('{'));
            is_same && path.split('/').count() == route.split('/').count()
        };
        self.tried.lock().unwrap().iter().any(|(tried, path)| tried == method && is_of_route(path))
    }
}

#[tokio::test]
async fn no_change_that_matters_happens_without_its_row_of_the_log() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let owner = api.operator("owner@example.org", &[Role::Owner]).await.token.clone();
    // When the session was last used is noted once a minute, also of what is refused.
    api.sql("update admin_operator_sessions set last_used_at = now() + interval '1 hour'").await;
    let tables = Tables::of(&api.database).await;
    let all = Trail { api: &api, bearer: &owner, tables, tried: Mutex::default() };
    let (post, patch, put, delete) = (Method::POST, Method::PATCH, Method::PUT, Method::DELETE);
    let acme = "/api/admin/customers/acme";
    let sign_up = json!({ "customer_id": "beta", "name": "Beta", "email": "b@example.org", "plan": "pro" });
    all.change(post.clone(), "/api/admin/customers", sign_up).await;
    all.change(patch.clone(), acme, json!({ "company_name": "Acme Two" })).await;
    all.change(post.clone(), &format!("{acme}/suspend"), json!({ "reason": "unpaid" })).await;
    all.change(post.clone(), &format!("{acme}/resume"), Value::Null).await;
    let plan = format!("{acme}/plan");
    all.change(put.clone(), &plan, json!({ "plan": "pro" })).await;
    all.change(put.clone(), &plan, json!({ "plan": "starter" })).await;
    let module = format!("{acme}/modules/ai_assistant");
    all.change(put.clone(), &module, json!({ "enabled": true })).await;
    all.change(delete.clone(), &module, Value::Null).await;

    let price = json!({ "base_price_monthly": "59.99" });
    all.change(patch.clone(), "/api/admin/modules/ai_assistant", price).await;

    let keys = format!("{acme}/api-keys");
    let made = all.change(post.clone(), &keys, json!({ "name": "one" })).await;
    let key = format!("{keys}/{}", made.text("id"));
    all.change(patch.clone(), &key, json!({ "permissions": ["read:*"] })).await;
    let next = all.change(post.clone(), &format!("{key}/rotate"), json!({})).await;
    let next = format!("{keys}/{}", next.text("id"));
    all.change(post.clone(), &format!("{next}/revoke"), Value::Null).await;

    let new = json!({ "email": "new@example.org", "name": "New", "roles": ["support"] });
    let made = all.change(post.clone(), "/api/admin/operators", new).await;
    let operator = format!("/api/admin/operators/{}", made.body["id"].as_str().unwrap());
    all.change(patch.clone(), &operator, json!({ "roles": ["billing"] })).await;
    all.change(post.clone(), &format!("{operator}/reset-password"), Value::Null).await;
    let stream = json!({ "name": "siem", "endpoint": "https://siem.example.org/in" });
    let made = all.change(post.clone(), "/api/admin/audit-streams", stream).await;
    let stream = format!("/api/admin/audit-streams/{}", made.body["id"].as_str().unwrap());
    all.change(patch.clone(), &stream, json!({ "is_active": false })).await;
    all.change(delete.clone(), &stream, Value::Null).await;
    let token = json!({ "name": "reports", "permissions": ["usage:read"] });
    let made = all.change(post.clone(), "/api/admin/tokens", token).await;
    let passkey = api.add_passkey(&owner, &mut testkit::Authenticator::new(super::ORIGIN)).await;
    let passkey = format!("{}/{passkey}", super::passkeys::OWN);
    all.change(patch.clone(), &passkey, json!({ "name": "blue key" })).await;
    let password = json!({ "password": super::sign_in::PASSWORD });
    all.change(post.clone(), &format!("{passkey}/remove"), password).await;
    let token = format!("/api/admin/tokens/{}/revoke", made.body["id"].as_str().unwrap());
    all.change(post, &token, Value::Null).await;
    all.change(delete.clone(), acme, Value::Null).await;
    more_changes(&all).await;

    for (method, path, ..) in table().iter().filter(|(method, ..)| *method != "GET") {
        let reason = NOT_TRIED.iter().find(|(untried, route, _)| untried == method && route == path);
        let is_tried = all.has(method, &route(path));
        assert!(
            is_tried != reason.is_some(),
            "{method} {path} is tried: {is_tried}, and isn't because {reason:?}"
        );
    }
}

/// Those that need more than a customer.
async fn more_changes(all: &Trail<'_>) {
    let Trail { api, .. } = all;
    let (post, delete) = (Method::POST, Method::DELETE);
    let sign_up = json!({ "customer_id": "gamma", "name": "Gamma", "email": "g@example.org", "plan": "pro" });
    all.change(post.clone(), "/api/admin/customers", sign_up).await;
    // As the worker leaves a sign-up that it had to give up, but shown.
    api.sql(
        "update admin_operations set status = 'dead', error = 'the disk is full', finished_at = now();
         update admin_customers set lifecycle = 'ready' where company_domain = 'gamma'",
    )
    .await;
    let listed = api.get("/api/admin/operations").await.expect(200);
    let operation = format!("/api/admin/operations/{}", listed.body["data"][0]["id"].as_str().unwrap());
    all.change(post.clone(), &format!("{operation}/retry"), Value::Null).await;
    all.change(post.clone(), &format!("{operation}/cancel"), Value::Null).await;

    let gamma = "/api/admin/customers/gamma";
    let limits = format!("{gamma}/limits");
    all.change(Method::PUT, &limits, json!({ "requests": 5, "period": "hour" })).await;
    all.change(delete.clone(), &limits, Value::Null).await;
    all.change(post.clone(), &format!("{gamma}/impersonations"), json!({ "reason": "ticket 7" })).await;
    all.change(post.clone(), &format!("{gamma}/backups"), Value::Null).await;
    api.sql(
        "insert into admin_backups (id, customer_id, database_name, kind, status, path, size_bytes, sha256, postgres_version, finished_at)
         select '0192f0c4-0000-7000-8000-00000000000b', id, 'gamma', 'manual', 'succeeded', '/nowhere', 1, repeat('a', 64), '16.0', now()
         from admin_customers where company_domain = 'gamma';
         insert into admin_jobs (id, kind, status, last_error, finished_at)
         values ('0192f0c4-0000-7000-8000-00000000000a', 'a', 'dead', 'the disk is full', now());
         insert into admin_clerk_messages (id, event_type, payload, occurred_at, status)
         values ('msg_1', 'user.created', '{}', now(), 'failed')",
    )
    .await;
    let restore = json!({
        "backup_id": "0192f0c4-0000-7000-8000-00000000000b", "customer_id": "delta", "name": "Delta", "email": "d@example.org"
    });
    all.change(post.clone(), "/api/admin/restores", restore).await;
    let job = "/api/admin/jobs/0192f0c4-0000-7000-8000-00000000000a";
    all.change(post.clone(), &format!("{job}/retry"), Value::Null).await;
    all.change(post.clone(), &format!("{job}/cancel"), Value::Null).await;
    all.change(post.clone(), "/api/admin/clerk/messages/msg_1/replay", Value::Null).await;
    all.change(post.clone(), "/api/admin/clerk/reconciliations", json!({ "dry_run": true })).await;

    let rotation_ends = "update admin_key_rotations set status = 'succeeded', finished_at = now() where status <> 'succeeded'";
    let key = api.master_key.id();
    all.change(post.clone(), "/api/admin/secrets/rotations", json!({ "to": key })).await;
    api.sql(rotation_ends).await;
    api.sql("insert into admin_master_keys (id, provider, state) values ('feedbeef', 'local', 'previous')")
        .await;
    all.change(post.clone(), "/api/admin/secrets/retirements", json!({ "key_id": "feedbeef" })).await;
    all.change(post.clone(), "/api/admin/secrets/data-key-rotations", Value::Null).await;
    api.sql(rotation_ends).await;
    all.change(post.clone(), &format!("{gamma}/data-key-rotations"), Value::Null).await;

    let bob = api.operator("bob@example.org", &[Role::Owner]).await;
    let token = json!({ "name": "reports", "permissions": ["usage:read"] });
    let token = api.post_as(&bob.token, "/api/admin/tokens", token).await.expect(201);
    let path = format!("/api/admin/operators/{}", bob.id);
    all.change(post.clone(), &format!("{path}/tokens/{}/revoke", token.text("id")), Value::Null).await;
    let sessions = api.get(&format!("{path}/sessions")).await.expect(200);
    let session = sessions.body["data"][0]["id"].as_str().unwrap().to_owned();
    all.change(delete, &format!("{path}/sessions/{session}"), Value::Null).await;
    let carl = api.operator("carl@example.org", &[Role::Owner]).await;
    let path = format!("/api/admin/operators/{}", carl.id);
    all.change(post.clone(), &format!("{path}/sign-out"), Value::Null).await;
    all.change(post, &format!("{path}/reset-second-factor"), Value::Null).await;
}
