//! News, live: what is told to whom, for how long, and what a restart of the admin database does to it.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use domain::news::Topic;
use domain::{Plan, Role};
use futures_util::StreamExt as _;
use http::{Method, Request, StatusCode, header};
use secrets::MasterKey;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

use super::Api;

/// However slow the machine is.
const SOON: Duration = Duration::from_secs(20);

/// An open stream of news.
struct Heard {
    body: BodyDataStream,
    text: String,
}

impl Heard {
    /// The next change; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: ")) else { continue };
                assert!(event.starts_with("event: change\n"), "{event}");
                return Some(serde_json::from_str(data).unwrap());
            }
            let next = tokio::time::timeout(SOON, self.body.next()).await.expect("news or an end");
            self.text.push_str(std::str::from_utf8(&next?.unwrap()).unwrap());
        }
    }

    /// What is heard up to and with this.
    async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let Some(change) = self.next().await else { panic!("the stream ended after {heard:?}") };
            let is_last = wanted(&change);
            heard.push(change);
            if is_last {
                return heard;
            }
        }
    }

    async fn until_topic(&mut self, topic: &str) -> Value {
        self.until(|change| change["topic"] == topic).await.pop().unwrap()
    }

    async fn ends(&mut self) {
        while self.next().await.is_some() {}
    }
}

impl Api {
    /// Listens as the bearer of this; what is told from now on is heard.
    async fn listen(&self, bearer: &str) -> Heard {
        let mut told = self.state.news.subscribe();
        let heard = async {
            loop {
                self.sql("select pg_notify('admin_dashboard', 'usage - -')").await;
                if tokio::time::timeout(Duration::from_millis(50), told.recv()).await.is_ok() {
                    return;
                }
            }
        };
        tokio::time::timeout(SOON, heard).await.expect("the server to hear news");
        let request =
            Request::get("/api/admin/events").header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Heard { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// A change of each kind.
    async fn change_everything(&self, customer: Uuid) {
        let changes = format!(
            "update admin_customers set industry = 'news' where id = '{customer}';
             insert into admin_operations (kind, customer_id, customer_slug, intent)
                 values ('customer_create', '{customer}', 'acme', 'present') on conflict do nothing;
             insert into admin_jobs (kind) values ('some_job');
             insert into admin_api_keys (customer_id, key_hash, key_prefix, name)
                 values ('{customer}', encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 'sk_', 'k');
             update admin_feature_modules set module_description = 'news' where module_key = 'crm_core';
             insert into admin_audit_logs (customer_id, action) values ('{customer}', 'customer_updated');
             insert into admin_usage_spools (id) values (gen_random_uuid());
             update admin_usage_spools set records = records + 1;
             update admin_operators set name = name || '.';
             insert into admin_clerk_messages (id, event_type, payload, occurred_at)
                 values (gen_random_uuid(), 'user.created', '{{}}', now());
             insert into admin_backups (customer_id, database_name, kind, path)
                 values ('{customer}', 'd', 'manual', gen_random_uuid());
             update admin_master_keys set updated_at = now();
             insert into admin_key_rotations (kind, customer_id, to_version, status, finished_at)
                 values ('data_key', '{customer}', 2, 'succeeded', now());"
        );
        self.sql(&changes).await;
    }
}

#[tokio::test]
async fn a_change_of_each_kind_is_told_with_whose_it_is() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await.uuid();
    api.operator("ann@example.org", &[Role::ReadOnly]).await;
    let mut heard = api.listen(&api.token).await;
    api.change_everything(acme).await;
    let mut missing: BTreeSet<_> = Topic::ALL.iter().map(|topic| topic.as_str()).collect();
    while !missing.is_empty() {
        let change = heard.next().await.unwrap();
        assert_eq!(change.as_object().unwrap().len(), 3, "{change}");
        let topic = change["topic"].as_str().unwrap();
        let of_customer = ["customers", "operations", "api_keys", "audit", "backups"];
        if of_customer.contains(&topic) {
            assert_eq!(change["customer"], json!(acme), "{change}");
            assert!(change["id"].is_string(), "{change}");
        }
        missing.remove(topic);
    }
    // A step of an operation is news of the customer, too.
    api.sql("insert into admin_operation_steps (operation_id, position, name) select id, 0, 's' from admin_operations")
        .await;
    let step = heard.until_topic("operations").await;
    assert_eq!(step["customer"], json!(acme));
    // What changes all the time is no news.
    api.sql(
        "update admin_api_keys set last_used_at = now(); update admin_customer_modules set usage_count = 7",
    )
    .await;
    api.sql("insert into admin_jobs (kind) values ('some_job')").await;
    let told = heard.until(|change| change["topic"] == "jobs").await;
    assert!(
        told.iter().all(|change| change["topic"] != "api_keys" && change["topic"] != "modules"),
        "{told:?}"
    );
}

#[tokio::test]
async fn nobody_hears_of_what_they_may_not_read() {
    let api = Api::new().await;
    let acme = api.customer("acme", Plan::Starter).await.uuid();
    let billing = api.operator("bea@example.org", &[Role::Billing]).await;
    let body = json!({ "name": "narrow", "permissions": ["usage:read"] });
    let token = api.ask_as(Some(&billing.token), Method::POST, "/api/admin/tokens", body).await.expect(201);
    let nobody = api.ask_as(None, Method::GET, "/api/admin/events", Value::Null).await;
    nobody.expect_problem(401, "unauthenticated");
    for (bearer, may_hear) in [
        (billing.token.as_str(), vec!["customers", "operations", "api_keys", "modules", "audit", "usage"]),
        (token.text("token"), vec!["usage"]),
    ] {
        let mut heard = api.listen(bearer).await;
        let mut told = BTreeSet::new();
        for _ in 0..2 {
            api.change_everything(acme).await;
            told.extend(
                heard
                    .until(|change| change["topic"] == "usage")
                    .await
                    .into_iter()
                    .map(|change| change["topic"].as_str().unwrap().to_owned()),
            );
        }
        assert!(told.iter().all(|topic| may_hear.contains(&topic.as_str())), "{told:?}");
        assert!(told.len() >= may_hear.len() - 1, "{told:?}");
    }
}

#[tokio::test]
async fn a_right_that_is_taken_away_is_gone_at_once_and_so_is_a_session() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::ReadOnly]).await;
    let path = format!("/api/admin/operators/{}", ann.id);
    let mut heard = api.listen(&ann.token).await;
    api.sql("insert into admin_jobs (kind) values ('some_job')").await;
    heard.until_topic("jobs").await;
    api.ask(Method::PATCH, &path, &json!({ "roles": ["billing"] })).await.expect(200);
    for _ in 0..3 {
        api.sql("insert into admin_jobs (kind) values ('some_job')").await;
        api.customer(&format!("c{}", Uuid::now_v7().simple()), Plan::Starter).await;
        let told = heard.until(|change| change["topic"] == "customers").await;
        assert!(told.iter().all(|change| change["topic"] != "jobs"), "{told:?}");
    }
    api.post(&format!("{path}/sign-out"), &json!({})).await.expect(200);
    heard.ends().await;
}

#[tokio::test]
async fn an_open_page_keeps_no_session_alive() {
    let api = Api::new().await;
    let ann = api.operator("ann@example.org", &[Role::ReadOnly]).await;
    let mut heard = api.listen(&ann.token).await;
    api.sql("update admin_operator_sessions set last_used_at = now() - interval '59 minutes'").await;
    api.sql("update admin_operators set name = 'Another'").await;
    api.sql("insert into admin_jobs (kind) values ('some_job')").await;
    heard.until_topic("jobs").await;
    api.sql("update admin_operator_sessions set last_used_at = last_used_at - interval '2 minutes'").await;
    api.sql("update admin_operators set name = 'Yet another'").await;
    heard.ends().await;
}

#[tokio::test]
async fn a_restart_of_the_admin_database_is_survived_and_told() {
    let database = testkit::admin_database().await;
    let proxy = testkit::fault_proxy(database.port()).await;
    let url = database.server_url_through(proxy.port());
    let api = Api::over(database, url, &MasterKey::generate());
    let ann = api.operator("ann@example.org", &[Role::ReadOnly]).await;
    let mut heard = api.listen(&ann.token).await;
    proxy.refuse();
    // Nobody hears of this.
    api.sql("insert into admin_jobs (kind) values ('some_job')").await;
    proxy.resume();
    let told = heard.until(|change| change["topic"] == "backups").await;
    let topics: BTreeSet<_> = told.iter().map(|change| change["topic"].as_str().unwrap()).collect();
    let expected =
        ["api_keys", "audit", "backups", "clerk", "customers", "jobs", "modules", "operations", "usage"];
    assert_eq!(topics, BTreeSet::from(expected));
    assert!(told.iter().all(|change| change["id"].is_null() && change["customer"].is_null()), "{told:?}");
    api.customer("acme", Plan::Starter).await;
    heard.until(|change| change["topic"] == "customers" && change["id"].is_string()).await;
}

#[tokio::test]
async fn a_flood_is_told_in_few_words() {
    let api = Api::new().await;
    let mut heard = api.listen(&api.token).await;
    let flood = "insert into admin_jobs (kind) select 'some_job' from generate_series(1, 5000)";
    api.sql(flood).await;
    // Of what is told together, this is the last.
    api.sql("select pg_notify('admin_dashboard', 'secrets - -')").await;
    let told = heard.until(|change| change["topic"] == "secrets").await;
    let jobs = told.iter().filter(|change| change["topic"] == "jobs").count();
    assert!((1..=12).contains(&jobs), "{jobs}");
    // Whoever listens in their hundreds costs the admin database nothing: there is one listening connection.
    let mut all = Vec::new();
    for _ in 0..50 {
        all.push(api.listen(&api.token).await);
    }
    let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'ClientRead'
                   and usename = 'sixty_server'";
    let connections: i64 = api.database.connect().await.query_one(sql, &[]).await.unwrap().get(0);
    assert!(connections < 20, "{connections}");
    api.sql("insert into admin_jobs (kind) values ('some_job')").await;
    for one in &mut all {
        one.until_topic("jobs").await;
    }
}
