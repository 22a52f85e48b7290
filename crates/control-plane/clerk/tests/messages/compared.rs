//! The comparison with Clerk's Backend API.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clerk::{Backend, Reconcile};
use jobs::{Job as _, JobError, JobOutcome};
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::house::{House, context, member, organization, user};

/// An organization: its id, its name, and its members with their roles.
type Known<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// Clerk's Backend API, with what it knows and its own clock.
struct Api(MockServer, AtomicI64);

impl Api {
    /// Its clock is ours.
    async fn new() -> Self {
        Self::at(0).await
    }

    /// Its clock is ahead of ours by this many minutes.
    async fn at(minutes: i64) -> Self {
        let now = Utc::now() + TimeDelta::minutes(minutes);
        Self(MockServer::start().await, AtomicI64::new(now.timestamp()))
    }

    /// What time it is there, in seconds since the beginning of the tests' messages.
    fn seconds(&self) -> i64 {
        self.1.load(Ordering::Relaxed) - crate::house::BEGINNING / 1000
    }

    async fn answers(&self, at: &str, body: Value) {
        Mock::given(method("GET"))
            .and(path(at))
            .and(header("authorization", "Bearer sk_test_x"))
            .respond_with(ResponseTemplate::new(200).set_body_json(body).insert_header("date", self.date()))
            .mount(&self.0)
            .await;
    }

    fn date(&self) -> String {
        let now = DateTime::from_timestamp(self.1.load(Ordering::Relaxed), 0).unwrap();
        now.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// A minute later these organizations, each with these members and their roles.
    async fn knows(&self, organizations: &[Known<'_>]) {
        self.0.reset().await;
        self.1.fetch_add(60, Ordering::Relaxed);
        let mut listed = Vec::new();
        for (id, name, members) in organizations {
            let data = json!({ "id": id, "name": name, "slug": name.to_lowercase(), "updated_at": 1 });
            self.answers(&format!("/v1/organizations/{id}"), data.clone()).await;
            listed.push(data);
            let members: Vec<_> = members
                .iter()
                .map(|(user, role)| {
                    json!({ "role": role, "organization": { "id": id }, "public_user_data": { "user_id": user } })
                })
                .collect();
            self.answers(&format!("/v1/organizations/{id}/memberships"), json!({ "data": members })).await;
        }
        self.answers("/v1/organizations", json!({ "data": listed })).await;
        for (user, name) in [("user_1", "Ada"), ("user_2", "Bob")] {
            let email =
                json!([{ "id": "idn_1", "email_address": format!("{}@example.com", name.to_lowercase()) }]);
            let data = json!({ "id": user, "first_name": name, "email_addresses": email });
            self.answers(&format!("/v1/users/{user}"), data).await;
        }
    }

    fn comparison(&self, house: &House) -> Reconcile {
        let url = format!("{}/v1", self.0.uri()).parse().unwrap();
        let backend = Backend::new(url, "sk_test_x".to_owned().into()).unwrap();
        Reconcile::beside(&house.process, backend, Duration::from_secs(3600))
    }
}

async fn drift(house: &House) -> Vec<String> {
    house
        .value(
            "select coalesce(array_agg(entry ->> 'kind' order by number), '{}')
             from (select drift from admin_clerk_reconciliations order by started_at desc limit 1) last,
                  jsonb_array_elements(last.drift) with ordinality as entries (entry, number)",
        )
        .await
}

async fn members(house: &House) -> Vec<String> {
    house
        .value(
            "select coalesce(array_agg(clerk_user_id || ' ' || role order by 1), '{}')
             from admin_clerk_memberships where removed_at is null",
        )
        .await
}

#[tokio::test]
async fn what_the_webhook_missed_is_found_and_mended_and_then_nothing_is_found() {
    let house = House::new().await;
    let api = Api::new().await;
    // Missed: the whole of it.
    api.knows(&[("org_1", "Acme", &[("user_1", "org:admin")])]).await;
    let comparison = api.comparison(&house);
    comparison.run(json!({ "dry_run": true }), &context()).await.unwrap();
    assert_eq!(drift(&house).await, ["organization_missing", "customer_missing", "membership_missing"]);
    assert_eq!(house.value::<i64>("select count(*) from admin_customers").await, 0);
    comparison.run(Value::Null, &context()).await.unwrap();
    assert_eq!(
        house.value::<i64>("select count(*) from admin_customers where clerk_org_id = 'org_1'").await,
        1
    );
    assert_eq!(members(&house).await, ["user_1 org:admin"]);
    comparison.run(Value::Null, &context()).await.unwrap();
    assert_eq!(drift(&house).await, Vec::<String>::new());
    // Missed: a new name, a role, a new member, one who left.
    house.ready().await;
    api.knows(&[("org_1", "Acme Two", &[("user_2", "org:member")])]).await;
    comparison.run(Value::Null, &context()).await.unwrap();
    assert_eq!(drift(&house).await, ["organization_changed", "membership_missing", "membership_gone"]);
    assert_eq!(members(&house).await, ["user_2 org:member"]);
    assert_eq!(house.value::<String>("select company_name from admin_customers").await, "Acme Two");
    api.knows(&[("org_1", "Acme Two", &[("user_2", "org:admin")])]).await;
    comparison.run(Value::Null, &context()).await.unwrap();
    assert_eq!(drift(&house).await, ["role_changed"]);
    // Missed: the end.
    api.knows(&[]).await;
    comparison.run(Value::Null, &context()).await.unwrap();
    assert_eq!(drift(&house).await, ["organization_gone"]);
    let status = house.value::<String>("select subscription_status::text from admin_customers").await;
    assert_eq!(status, "suspended");
}

#[tokio::test]
async fn what_a_webhook_said_meanwhile_is_younger_and_an_older_message_changes_nothing_back() {
    let house = House::new().await;
    let api = Api::new().await;
    api.knows(&[("org_1", "Acme", &[("user_1", "org:admin")])]).await;
    api.comparison(&house).run(Value::Null, &context()).await.unwrap();
    // An old message comes late.
    house.tell("msg_1", &member("deleted", ("org_1", "user_1"), "org:admin", 0)).await;
    assert_eq!(members(&house).await, ["user_1 org:admin"]);
    // Somebody joins by webhook; the API's answer is of before.
    let later = api.seconds() + 60;
    house.tell("msg_2", &user("created", "user_2", "Bob", later)).await;
    house.tell("msg_3", &member("created", ("org_1", "user_2"), "org:member", later)).await;
    house.tell("msg_4", &organization("created", "org_2", "Globex", later)).await;
    api.comparison(&house).run(Value::Null, &context()).await.unwrap();
    assert_eq!(drift(&house).await, Vec::<String>::new());
    assert_eq!(members(&house).await, ["user_1 org:admin", "user_2 org:member"]);
}

#[tokio::test]
async fn another_instances_key_suspends_nobody() {
    let house = House::new().await;
    for number in 0..8 {
        let message = organization("created", &format!("org_{number}"), &format!("Acme {number}"), 0);
        house.tell(&format!("msg_{number}"), &message).await;
    }
    house.ready().await;
    let api = Api::new().await;
    api.knows(&[]).await;
    api.comparison(&house).run(Value::Null, &context()).await.unwrap();
    let suspended = "select count(*) from admin_customers where subscription_status = 'suspended'";
    assert_eq!(house.value::<i64>(suspended).await, 0);
    let error = house.value::<String>("select error from admin_clerk_reconciliations").await;
    assert!(error.starts_with("8 of 8 organizations aren't there any more"), "{error}");
}

#[tokio::test]
async fn an_api_that_refuses_or_is_busy_or_away_changes_nothing_and_says_why() {
    let house = House::new().await;
    house.tell("msg_1", &organization("created", "org_1", "Acme", 0)).await;
    house.ready().await;
    let api = Api::new().await;
    let comparison = api.comparison(&house);
    for (status, wanted) in [(401, "dead"), (500, "again"), (429, "later")] {
        api.0.reset().await;
        let answer = ResponseTemplate::new(status).insert_header("retry-after", "7");
        Mock::given(method("GET")).respond_with(answer).mount(&api.0).await;
        let outcome = match comparison.run(Value::Null, &context()).await {
            Err(JobError::Permanent(error)) => {
                assert!(error.contains("SIXTY_CLERK_SECRET_KEY") && !error.contains("sk_test"), "{error}");
                "dead"
            }
            Err(JobError::Retry(_)) => "again",
            Ok(JobOutcome::Later(pause)) if pause == Duration::from_secs(7) => "later",
            other => panic!("{other:?}"),
        };
        assert_eq!(outcome, wanted);
    }
    assert_eq!(
        house.value::<i64>("select count(*) from admin_clerk_reconciliations where error is not null").await,
        3
    );
    let suspended = "select count(*) from admin_customers where subscription_status = 'suspended'";
    assert_eq!(house.value::<i64>(suspended).await, 0);
}

/// Our clock is an hour ahead of Clerk's, or behind it. What is compared is Clerk's own time on both sides.
#[tokio::test]
async fn our_own_clock_says_nothing_of_what_is_older() {
    for minutes in [-60, 60] {
        let house = House::new().await;
        let api = Api::at(minutes).await;
        api.knows(&[("org_1", "Acme", &[("user_1", "org:admin")])]).await;
        let comparison = api.comparison(&house);
        comparison.run(Value::Null, &context()).await.unwrap();
        assert_eq!(members(&house).await, ["user_1 org:admin"], "{minutes}");
        // What a message tells of later is later, and what it tells of before is before.
        let now = api.seconds();
        house.tell("msg_1", &member("updated", ("org_1", "user_1"), "org:member", now + 2)).await;
        assert_eq!(members(&house).await, ["user_1 org:member"], "{minutes}");
        house.tell("msg_2", &organization("updated", "org_1", "Acme Two", now + 2)).await;
        house.tell("msg_3", &member("deleted", ("org_1", "user_1"), "org:member", now - 30)).await;
        assert_eq!(members(&house).await, ["user_1 org:member"], "{minutes}");
        // A comparison that began before a message holds less than it.
        comparison.run(Value::Null, &context()).await.unwrap();
        assert_eq!(drift(&house).await, Vec::<String>::new(), "{minutes}");
        let name = house.value::<String>("select company_name from admin_customers").await;
        assert_eq!(
            (name.as_str(), members(&house).await),
            ("Acme Two", vec!["user_1 org:member".to_owned()])
        );
        // A removal, and a later comparison, hold more.
        house.tell("msg_4", &member("deleted", ("org_1", "user_1"), "org:member", now + 3)).await;
        assert!(members(&house).await.is_empty(), "{minutes}");
        api.knows(&[("org_1", "Acme Three", &[("user_2", "org:member")])]).await;
        comparison.run(Value::Null, &context()).await.unwrap();
        assert_eq!(drift(&house).await, ["organization_changed", "membership_missing"], "{minutes}");
        // For people it was when our own clock says so.
        let recent = "select bool_and(started_at between now() - interval '5 minutes' and now()) from admin_clerk_reconciliations";
        assert!(house.value::<bool>(recent).await, "{minutes}");
    }
}

#[tokio::test]
async fn an_api_that_does_not_say_the_time_is_not_believed_and_named() {
    let house = House::new().await;
    let api = Api::new().await;
    let timeless =
        ResponseTemplate::new(200).set_body_json(json!({ "data": [] })).insert_header("date", "soon");
    Mock::given(method("GET")).respond_with(timeless).mount(&api.0).await;
    let error = match api.comparison(&house).run(Value::Null, &context()).await {
        Err(JobError::Permanent(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(error.contains("Date") && error.contains("SIXTY_CLERK_API_URL"), "{error}");
}
