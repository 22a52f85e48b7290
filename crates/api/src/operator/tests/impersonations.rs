//! Acting in a customer's place: nothing begins that the customer isn't told of. With real databases it is in the system
//! tests; here the customer's log fails as no database can be made to.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use catalog::{Catalog, CatalogConfig};
use domain::{AuditAction, Plan, Role};
use http::Method;
use identity::impersonation::{CustomerLog, LogError, Note, tell_ends};
use serde_json::{Value, json};

use super::Api;
use super::sign_in::Operator;

const PATH: &str = "/api/admin/customers/acme/impersonations";

/// A log that can be out of reach, or too old.
#[derive(Default)]
pub(super) struct Log {
    state: Mutex<State>,
    /// What was told: what, of which impersonation, and by whom it was.
    told: Mutex<Vec<(String, String, String)>>,
}

#[derive(Default)]
enum State {
    #[default]
    There,
    Away,
    TooOld,
}

#[async_trait]
impl CustomerLog for Log {
    async fn write(&self, note: &Note<'_>) -> Result<(), LogError> {
        match *self.state.lock().unwrap() {
            State::There => {
                let told = (note.action.to_owned(), note.id.to_string(), note.impersonator.to_owned());
                self.told.lock().unwrap().push(told);
                Ok(())
            }
            State::Away => Err(LogError::Away("no route".into())),
            State::TooOld => Err(LogError::TooOld("no column".into())),
        }
    }
}

impl Api {
    /// Puts a log of the test's in the place of the customers' own.
    fn tells(&mut self, log: Arc<dyn CustomerLog>) {
        self.state.customer_log = log;
        self.router = super::super::router(&self.state).layer(crate::EVERY_REQUEST);
    }
}

/// Acme, whose log the test has in its hand, and Ann, who may act in their place.
async fn opening() -> (Api, Arc<Log>, Operator) {
    let mut api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    let log = Arc::new(Log::default());
    api.tells(log.clone());
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    (api, log, ann)
}

#[tokio::test]
async fn what_the_customer_can_not_be_told_does_not_begin() {
    let (api, log, ann) = opening().await;
    let begin =
        async || api.ask_as(Some(&ann.token), Method::POST, PATH, json!({ "reason": "ticket 7" })).await;
    *log.state.lock().unwrap() = State::Away;
    begin().await.expect_problem(503, "unavailable");
    *log.state.lock().unwrap() = State::TooOld;
    begin().await.expect_problem(409, "conflict");
    assert_eq!(api.count("admin_api_keys").await, 0);
    assert!(api.audits(AuditAction::ImpersonationStarted).await.is_empty());

    *log.state.lock().unwrap() = State::There;
    let begun = begin().await.expect(201);
    assert_eq!(begun.body["permissions"], json!(["read:*"]));
    assert_eq!(api.audits(AuditAction::ImpersonationStarted).await[0].2["reason"], "ticket 7");
    // It ends even if the customer can't be told.
    *log.state.lock().unwrap() = State::Away;
    let end = format!("{PATH}/{}/end", begun.text("id"));
    for _ in 0..2 {
        let ended = api.ask_as(Some(&ann.token), Method::POST, &end, Value::Null).await;
        assert_eq!(ended.expect(200).text("status"), "revoked");
    }
    assert_eq!(api.audits(AuditAction::ImpersonationEnded).await.len(), 1);
}

#[tokio::test]
async fn every_reset_of_an_operator_ends_what_they_do_in_customers_places() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    for (number, reset) in ["reset-password", "reset-second-factor", "sign-out"].into_iter().enumerate() {
        let ann = api.operator(&format!("ann{number}@example.org"), &[Role::Admin]).await;
        let begun = api.ask_as(Some(&ann.token), Method::POST, PATH, json!({ "reason": "ticket 7" })).await;
        begun.expect(201);
        api.post(&format!("/api/admin/operators/{}/{reset}", ann.id), &Value::Null).await.expect(200);
        let active = "admin_api_keys where status = 'active'";
        assert_eq!(api.count(active).await, 0, "{reset}");
    }
    assert_eq!(api.audits(AuditAction::ImpersonationEnded).await.len(), 3);
}

#[tokio::test]
async fn ones_own_are_listed_with_whom_they_are_of_and_nobody_elses() {
    let api = Api::new().await;
    api.customer("acme", Plan::Starter).await;
    api.customer("globex", Plan::Starter).await;
    let ann = api.operator("ann@example.org", &[Role::Admin]).await;
    let bob = api.operator("bob@example.org", &[Role::Admin]).await;
    let begin = async |token: &str, customer: &str| {
        let path = format!("/api/admin/customers/{customer}/impersonations");
        let begun = api.ask_as(Some(token), Method::POST, &path, json!({ "reason": "ticket 7" })).await;
        begun.expect(201).text("id").to_owned()
    };
    let (first, second) = (begin(&ann.token, "acme").await, begin(&ann.token, "globex").await);
    let of_bob = begin(&bob.token, "acme").await;
    let own = "/api/admin/impersonations";
    let listed = async |token: &str, query: &str| {
        let listed = api.ask_as(Some(token), Method::GET, &format!("{own}{query}"), Value::Null).await;
        listed.expect(200).body["data"].as_array().unwrap().clone()
    };
    let ids =
        |rows: &[Value]| rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let active = listed(&ann.token, "?active=true").await;
    assert_eq!(ids(&active), [second.clone(), first.clone()]);
    assert_eq!(
        (&active[0]["customer_id"], &active[0]["customer_name"]),
        (&json!("globex"), &json!("globex Inc."))
    );
    assert_eq!((&active[0]["operator_id"], &active[0]["status"]), (&json!(ann.id), &json!("active")));
    assert!(active[0].get("key").is_none(), "the key was shown once");
    assert_eq!(ids(&listed(&bob.token, "").await), [of_bob]);

    let end = format!("{PATH}/{first}/end");
    api.ask_as(Some(&ann.token), Method::POST, &end, Value::Null).await.expect(200);
    assert_eq!(ids(&listed(&ann.token, "?active=true").await), std::slice::from_ref(&second));
    // What has run out is over, whether or not somebody wrote that down.
    api.sql(&format!(
        "update admin_api_keys set expires_at = now() - interval '1 second' where id = '{second}'"
    ))
    .await;
    assert_eq!(listed(&ann.token, "?active=true").await.len(), 0);
    assert_eq!(ids(&listed(&ann.token, "?active=false").await), [second.clone(), first.clone()]);
    assert_eq!(ids(&listed(&ann.token, "").await), [second, first]);

    api.get(own).await.expect_problem(403, "forbidden");
    api.ask_as(None, Method::GET, own, Value::Null).await.expect_problem(401, "unauthenticated");
    let refused =
        api.ask_as(Some(&ann.token), Method::GET, &format!("{own}?operator=bob"), Value::Null).await;
    assert_eq!(refused.wrong_fields(), ["operator"]);
}

#[tokio::test]
async fn every_end_names_the_operator_and_the_customer_is_told_of_it() {
    let (api, log, ann) = opening().await;
    let begin = async || {
        let begun = api.ask_as(Some(&ann.token), Method::POST, PATH, json!({ "reason": "ticket 7" })).await;
        begun.expect(201).text("id").to_owned()
    };
    let own = begin().await;
    api.ask_as(Some(&ann.token), Method::POST, &format!("{PATH}/{own}/end"), Value::Null).await.expect(200);
    // Its time is over; somebody who may revoke keys revokes it; its operator is kept out.
    let expired = begin().await;
    api.sql(&format!("update admin_api_keys set expires_at = now() where id = '{expired}'")).await;
    assert_eq!(customers::api_keys::expire_due(&api.control_plane).await.unwrap(), 1);
    let revoked = begin().await;
    let revoke = format!("/api/admin/customers/acme/api-keys/{revoked}/revoke");
    api.post(&revoke, &Value::Null).await.expect(200);
    let kept_out = begin().await;
    api.ask(Method::PATCH, &format!("/api/admin/operators/{}", ann.id), &json!({ "disabled": true })).await;

    let ended = api.audits(AuditAction::ImpersonationEnded).await;
    let ended: Vec<_> = ended
        .iter()
        .map(|(id, _, told)| (id.as_str(), told["operator_id"].clone(), told["status"].clone()))
        .collect();
    let by = |id, status| (id, json!(ann.id), json!(status));
    let all = [
        by(kept_out.as_str(), "revoked"),
        by(&revoked, "revoked"),
        by(&expired, "expired"),
        by(&own, "revoked"),
    ];
    assert_eq!(ended, all);
    assert!(api.audits(AuditAction::ApiKeyRevoked).await.is_empty());
    assert!(api.audits(AuditAction::ApiKeyExpired).await.is_empty());

    // The worker tells of those that nobody has told of, also when a database was away.
    let worker = Catalog::connect(&CatalogConfig::new(api.database.worker_url().into())).unwrap();
    *log.state.lock().unwrap() = State::Away;
    assert_eq!(tell_ends(&worker, &*log).await.unwrap(), 0);
    *log.state.lock().unwrap() = State::There;
    assert_eq!(tell_ends(&worker, &*log).await.unwrap(), 3);
    assert_eq!(tell_ends(&worker, &*log).await.unwrap(), 0);
    let told = log.told.lock().unwrap();
    let told: Vec<_> = told.iter().filter(|told| told.0 == "impersonation_ended").collect();
    assert!(told.iter().all(|told| told.2 == "ann@example.org"), "{told:?}");
    let told: Vec<_> = told.iter().map(|told| &told.1).collect();
    assert_eq!(told, [&own, &expired, &revoked, &kept_out]);
}

#[tokio::test]
async fn who_loses_the_role_acts_in_no_customers_place_any_more() {
    let (api, _log, ann) = opening().await;
    let begin = async |write: bool| {
        let body = json!({ "reason": "ticket 7", "write": write });
        api.ask_as(Some(&ann.token), Method::POST, PATH, body).await
    };
    let (reading, writing) = (begin(false).await.expect(201), begin(true).await.expect(201));
    let path = format!("/api/admin/operators/{}", ann.id);
    let roles =
        async |roles: Value| api.ask(Method::PATCH, &path, &json!({ "roles": roles })).await.expect(200);
    let active = async || {
        let client = api.catalog.client().await.unwrap();
        let sql = "select coalesce(array_agg(id::text order by id), '{}') from admin_api_keys where status = 'active'";
        client.query_one(sql, &[]).await.unwrap().get::<_, Vec<String>>(0)
    };
    // A further role takes nothing away; that of support reads, and writes no more.
    roles(json!(["admin", "billing"])).await;
    assert_eq!(active().await.len(), 2);
    roles(json!(["support"])).await;
    assert_eq!(active().await, [reading.text("id")]);
    begin(true).await.expect_problem(403, "operator-permission-missing");
    roles(json!(["read-only"])).await;
    assert_eq!(active().await, [] as [String; 0]);
    let ended = api.audits(AuditAction::ImpersonationEnded).await;
    let ended: Vec<_> =
        ended.iter().map(|(id, _, told)| (id.as_str(), told["operator_id"].clone())).collect();
    let id = json!(ann.id);
    assert_eq!(ended, [(reading.text("id"), id.clone()), (writing.text("id"), id)]);
}

/// A log that takes the role away in the moment in which the customer is told.
struct Slow(tokio_postgres::Client);

#[async_trait]
impl CustomerLog for Slow {
    async fn write(&self, _note: &Note<'_>) -> Result<(), LogError> {
        let sql = "update admin_operators set roles = '{support}'";
        self.0.batch_execute(sql).await.map_err(|error| LogError::Refused(error.into()))
    }
}

#[tokio::test]
async fn who_loses_the_role_meanwhile_does_not_begin() {
    let (mut api, _log, ann) = opening().await;
    api.tells(Arc::new(Slow(api.database.connect().await)));
    let body = json!({ "reason": "ticket 7", "write": true });
    let refused = api.ask_as(Some(&ann.token), Method::POST, PATH, body).await;
    refused.expect_problem(403, "operator-permission-missing");
    assert_eq!(api.count("admin_api_keys").await, 0);
}

#[tokio::test]
async fn who_may_not_begin_any_more_ends_their_own_all_the_same_and_nobody_elses() {
    let (api, log, ann) = opening().await;
    let bob = api.operator("bob@example.org", &[Role::Admin]).await;
    let begin = async |token: &str| {
        let begun = api.ask_as(Some(token), Method::POST, PATH, json!({ "reason": "ticket 7" })).await;
        begun.expect(201).text("id").to_owned()
    };
    let (own, of_bob) = (begin(&ann.token).await, begin(&bob.token).await);
    // Taken with psql, so that nothing ends what she does.
    api.sql(&format!("update admin_operators set roles = '{{read-only}}' where id = '{}'", ann.id)).await;
    let end = async |token: &str, customer: &str, id: &str| {
        let path = format!("/api/admin/customers/{customer}/impersonations/{id}/end");
        api.ask_as(Some(token), Method::POST, &path, Value::Null).await
    };
    let begun = api.ask_as(Some(&ann.token), Method::POST, PATH, json!({ "reason": "ticket 8" })).await;
    begun.expect_problem(403, "operator-permission-missing");
    end(&ann.token, "acme", &of_bob).await.expect_problem(404, "not-found");
    // One answer for both: no right is asked for here, so it tells nobody who is a customer.
    let (known, unknown) = (end(&ann.token, "acme", &of_bob).await, end(&ann.token, "nobody", &own).await);
    assert_eq!((known.status, &known.body["detail"]), (unknown.status, &unknown.body["detail"]));
    assert_eq!(end(&ann.token, "acme", &own).await.expect(200).text("status"), "revoked");
    let ended = api.audits(AuditAction::ImpersonationEnded).await;
    assert_eq!(
        (ended.len(), ended[0].0.as_str(), &ended[0].2["operator_id"]),
        (1, own.as_str(), &json!(ann.id))
    );
    assert!(log.told.lock().unwrap().contains(&("impersonation_ended".to_owned(), own, ann.email)));
    // Nobody without a session of their own ends one: neither a token of hers nor that of the configuration.
    api.post(&format!("{PATH}/{of_bob}/end"), &Value::Null).await.expect_problem(403, "forbidden");
    assert_eq!(api.count("admin_api_keys where status = 'active'").await, 1);
}
