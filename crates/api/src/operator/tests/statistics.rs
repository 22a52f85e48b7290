//! How many customers, modules and jobs there are: against rows of which each is known.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use domain::{Plan, Right, Rights};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;
use catalog::audit::Actor;
use domain::operator::Credential;

/// Customers past the catalog: when they came, and when they left.
async fn customers(api: &Api, now: DateTime<Utc>) {
    let row = |name: &str, days: i64, left: Option<i64>, lifecycle: &str, plan: &str, status: &str| {
        let at = |days: i64| (now - TimeDelta::days(days)).to_rfc3339();
        let left = left.map_or("null".to_owned(), |days| format!("'{}'", at(days)));
        format!(
            "insert into admin_customers (company_name, company_domain, created_at, deleted_at, lifecycle,
                 subscription_plan, subscription_status)
             values ('{name}', '{name}', '{}', {left}, '{lifecycle}', '{plan}', '{status}');",
            at(days)
        )
    };
    let rows = [
        row("old", 100, None, "ready", "pro", "active"),
        row("older", 50, None, "deleting", "pro", "active"),
        row("gone", 45, Some(40), "deleted", "pro", "active"),
        row("left", 90, Some(10), "deleted", "pro", "active"),
        row("short", 8, Some(3), "ready", "pro", "active"),
        row("new", 5, None, "ready", "starter", "trial"),
        row("newest", 0, None, "ready", "enterprise", "suspended"),
        row("begun", 1, None, "provisioning", "pro", "trial"),
    ];
    api.sql(&rows.concat()).await;
}

#[tokio::test]
async fn customers_are_counted_as_they_come_and_go() {
    let api = Api::new().await;
    let now = Utc::now();
    customers(&api, now).await;
    let until = (now + TimeDelta::seconds(5)).to_rfc3339_opts(SecondsFormat::Secs, true);
    let told =
        api.get(&format!("/api/admin/statistics/customers?created_at[lt]={until}")).await.expect(200).body;
    let growth = |of: &Value| (of["total"].as_i64(), of["created"].as_i64(), of["left"].as_i64());
    assert_eq!(growth(&told), (Some(4), Some(3), Some(2)), "{told}");
    assert_eq!(growth(&told["previous"]), (Some(3), Some(2), Some(1)), "{told}");
    assert_eq!(told["interval_seconds"], 86_400);
    let series = told["series"].as_array().unwrap();
    assert_eq!(series.len(), 31);
    assert_eq!(series.iter().map(|point| point["created"].as_i64().unwrap()).sum::<i64>(), 3);
    assert_eq!(series.iter().map(|point| point["left"].as_i64().unwrap()).sum::<i64>(), 2);
    let mut total = 3;
    for point in series {
        total += point["created"].as_i64().unwrap() - point["left"].as_i64().unwrap();
        assert_eq!(point["total"], total, "{point}");
    }
    assert_eq!(total, 4);
    // Only who is wholly there now; every value is told.
    assert_eq!(
        told["by_status"],
        json!([
            { "status": "active", "customers": 1 },
            { "status": "trial", "customers": 1 },
            { "status": "suspended", "customers": 1 },
            { "status": "canceled", "customers": 0 },
            { "status": "expired", "customers": 0 },
        ])
    );
    assert_eq!(
        told["by_plan"],
        json!([
            { "plan": "starter", "customers": 1 },
            { "plan": "pro", "customers": 1 },
            { "plan": "enterprise", "customers": 1 },
        ])
    );
    let hour = api.get("/api/admin/statistics/customers?created_at[gte]=2020-01-01T00:00:00Z").await;
    assert_eq!(hour.wrong_fields(), ["created_at[gte]"], "more points than anybody looks at");
    let backwards = "created_at[gte]=2026-01-02T00:00:00Z&created_at[lt]=2026-01-01T00:00:00Z";
    for route in ["customers", "modules"] {
        let refused = api.get(&format!("/api/admin/statistics/{route}?{backwards}")).await;
        assert_eq!(refused.wrong_fields(), ["created_at[lt]"]);
    }
}

#[tokio::test]
async fn modules_are_counted_as_the_gateway_decides() {
    let api = Api::new().await;
    api.customer("small", Plan::Starter).await;
    api.sql(
        "insert into admin_customers (company_name, company_domain, subscription_plan, created_at)
         select name, name, plan::plan_type, now() - interval '60 days'
         from (values ('middle', 'pro'), ('large', 'enterprise')) customers (name, plan);
         insert into admin_customer_modules (customer_id, module_id, plan_enabled, created_at, enabled_at)
         select customer.id, module.id, true, now() - interval '50 days', now() - interval '50 days'
         from admin_customers customer, admin_feature_modules module
         where company_domain = 'large' and module_key in ('ai_assistant', 'custom_fields')",
    )
    .await;
    let decide = async |name: &str, module: &str, body: Value| {
        let path = format!("/api/admin/customers/{name}/modules/{module}");
        api.ask(http::Method::PUT, &path, &body).await.expect(200);
    };
    let tomorrow = (Utc::now() + TimeDelta::days(1)).to_rfc3339();
    decide("small", "ai_assistant", json!({ "enabled": true, "expires_at": tomorrow })).await;
    decide("middle", "ai_assistant", json!({ "enabled": true })).await;
    decide("large", "ai_assistant", json!({ "enabled": false })).await;
    decide("large", "custom_fields", json!({ "enabled": false })).await;
    // What ran out leaves it to the plan; what isn't on sale nobody has; what was on and off before counts then.
    api.sql(
        "update admin_customer_modules set expires_at = now() - interval '1 hour'
         where customer_id = (select id from admin_customers where company_domain = 'large')
           and module_id = (select id from admin_feature_modules where module_key = 'custom_fields');
         update admin_feature_modules set is_active = false where module_key = 'bulk_operations'",
    )
    .await;
    let told = api.get("/api/admin/statistics/modules").await.expect(200).body;
    let data = told["data"].as_array().unwrap();
    assert_eq!(data.len(), domain::modules::ALL.len());
    let mut of_ai = None;
    for module in data {
        let key = module["module_key"].as_str().unwrap();
        let mut on = 0;
        for name in ["small", "middle", "large"] {
            let modules = api.get(&format!("/api/admin/customers/{name}/modules")).await.expect(200).body;
            let found = modules["data"].as_array().unwrap().iter().find(|found| found["module_key"] == key);
            on += i64::from(found.unwrap()["enabled"].as_bool().unwrap());
        }
        assert_eq!(module["customers"], on, "{key}");
        let list = api.get(&format!("/api/admin/customers?module={key}")).await.expect(200).body;
        assert_eq!(list["total"], on, "{key}");
        if key == "ai_assistant" {
            of_ai = Some((module["previous_customers"].as_i64(), module["overrides"].as_i64()));
        }
    }
    // Thirty days ago "small" wasn't there, "middle" had decided nothing, and "large" had it until just now.
    assert_eq!(of_ai, Some((Some(1), Some(3))));
    // The same at the end of a span that is over: a week ago it was as thirty days ago.
    let span = |from: i64, until: i64| {
        let at = |days: i64| (Utc::now() - TimeDelta::days(days)).to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("/api/admin/statistics/modules?created_at[gte]={}&created_at[lt]={}", at(from), at(until))
    };
    let ai = |told: &Value| {
        let found =
            told["data"].as_array().unwrap().iter().find(|module| module["module_key"] == "ai_assistant");
        let found = found.unwrap();
        ["customers", "previous_customers", "overrides"].map(|name| found[name].as_i64().unwrap())
    };
    let week = api.get(&span(30, 7)).await.expect(200).body;
    assert_eq!(ai(&week), [1, 1, 3], "{week}");
    assert!(week["from"].as_str() < week["until"].as_str());
    let long_ago = api.get(&span(90, 70)).await.expect(200).body;
    assert_eq!(ai(&long_ago), [0, 0, 3], "before anybody was there");
    let ahead = api.get(&span(30, -1)).await.expect(200).body;
    assert_eq!(ai(&ahead), [2, 1, 3], "what is still to come isn't known: it is as now");
    let core = &data[0];
    assert_eq!(
        (&core["customers"], &core["previous_customers"], &core["overrides"]),
        (&json!(3), &json!(2), &json!(0))
    );
}

#[tokio::test]
async fn work_is_counted_and_jobs_only_for_whoever_may_see_them() {
    let api = Api::new().await;
    let now = |mut told: Value| {
        told.as_object_mut().unwrap().retain(|name, _| ["operations", "jobs"].contains(&name.as_str()));
        told
    };
    let none = api.get("/api/admin/statistics/work").await.expect(200).body;
    assert_eq!(
        now(none),
        json!({
            "operations": { "queued": 0, "running": 0, "failed": 0, "dead": 0, "oldest_waiting_at": null },
            "jobs": { "queued": 0, "running": 0, "dead": 0, "oldest_waiting_at": null },
        })
    );
    api.sql(
        "insert into admin_operations (kind, customer_id, customer_slug, intent, status, run_after, finished_at)
         select 'customer_create', gen_random_uuid(), 'a', 'present', status::admin_operation_status,
                '2026-01-02T00:00:00Z', case when status <> 'queued' then now() end
         from unnest(array['queued', 'queued', 'failed', 'dead', 'succeeded', 'canceled']) status;
         insert into admin_jobs (kind, status, run_at, finished_at)
         values ('a', 'queued', '2026-01-01T00:00:00Z', null), ('a', 'queued', now() + interval '1 day', null),
                ('a', 'dead', now(), now()), ('a', 'succeeded', now(), now());",
    )
    .await;
    let told = api.get("/api/admin/statistics/work").await.expect(200).body;
    assert_eq!(
        now(told),
        json!({
            "operations":
                { "queued": 2, "running": 0, "failed": 1, "dead": 1, "oldest_waiting_at": "2026-01-02T00:00:00Z" },
            "jobs": { "queued": 2, "running": 0, "dead": 1, "oldest_waiting_at": "2026-01-01T00:00:00Z" },
        })
    );
    let rights = Rights::of(&[Right::CustomersRead]);
    let api = api.known_as(Actor::operator(Uuid::now_v7(), Credential::Session(Uuid::nil()), rights));
    let told = api.get("/api/admin/statistics/work").await.expect(200).body;
    assert_eq!(told["jobs"], Value::Null);
}
