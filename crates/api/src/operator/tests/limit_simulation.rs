//! What a limit would have refused, of the key's own requests only.

use chrono::{SecondsFormat, TimeDelta, Utc};
use domain::Plan;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;

const OLD: &str = "0198f7a0-0000-7000-8000-00000000000a";
const NEW: &str = "0198f7a0-0000-7000-8000-00000000000b";
const OTHER: &str = "0198f7a0-0000-7000-8000-00000000000c";
const FOREIGN: &str = "0198f7a0-0000-7000-8000-00000000000d";

fn path(customer: &str, key: &str, query: &str) -> String {
    format!("/api/admin/customers/{customer}/api-keys/{key}/limit-simulation?{query}")
}

#[tokio::test]
async fn a_limit_is_tried_on_what_was_sent_with_the_keys_of_one_quota() {
    let api = Api::new().await;
    for name in ["acme", "globex"] {
        api.customer(name, Plan::Starter).await;
    }
    api.sql(&format!(
        "update admin_customers set timezone = 'Europe/Berlin' where company_domain = 'acme';
         insert into admin_api_keys (id, customer_id, key_hash, key_prefix, name, rotated_from, quota_key_id)
         select key.id::uuid, customer.id, md5(key.id) || md5(key.id), 'sk_1', 'k', key.line::uuid, key.line::uuid
         from (values ('{OLD}', 'acme', null), ('{NEW}', 'acme', '{OLD}'), ('{OTHER}', 'acme', null),
                      ('{FOREIGN}', 'globex', null)) key (id, customer, line)
         join admin_customers customer on customer.company_domain = key.customer;
         insert into admin_api_usage (customer_id, api_key_id, endpoint, method, status_code, created_at)
         select key.customer_id, key.id, '/', 'GET', sent.status, sent.at::timestamptz
         from (values
             -- 22:30 in UTC is the day before in Berlin's.
             ('{OLD}', 200, '2026-11-04T22:30:00Z', 5), ('{OLD}', 200, '2026-11-04T23:30:00Z', 6),
             ('{NEW}', 429, '2026-11-05T12:00:00Z', 3), ('{NEW}', 404, '2026-11-05T12:00:01Z', 4),
             ('{NEW}', 401, '2026-11-05T12:00:02Z', 100), ('{NEW}', 403, '2026-11-05T12:00:02Z', 100),
             ('{OTHER}', 200, '2026-11-05T12:00:00Z', 100), ('{FOREIGN}', 200, '2026-11-05T12:00:00Z', 100)
         ) sent (key, status, at, times)
         join admin_api_keys key on key.id = sent.key::uuid cross join generate_series(1, sent.times)",
    ))
    .await;
    let range = "created_at[gte]=2026-11-04T12:00:00Z&created_at[lt]=2026-11-06T00:00:00Z";
    let tried = async |key: &str, limit: &str| -> Value {
        api.get(&path("acme", key, &format!("{limit}&{range}"))).await.expect(200).body
    };
    // The new key draws on the old one's quota: both tell the same.
    for key in [OLD, NEW] {
        let day = tried(key, "requests=10&period=day").await;
        assert_eq!((&day["requests"], &day["refused"]), (&json!(18), &json!(3)), "{day}");
        assert_eq!(day["time_zone"], "Europe/Berlin");
        assert!((day["refused_share"].as_f64().unwrap() - 3.0 / 18.0).abs() < 1e-9);
        assert_eq!(day["first_refused_at"], "2026-11-05T12:00:01Z");
        assert_eq!(
            day["busiest"],
            json!([{ "at": "2026-11-04T23:00:00Z", "requests": 13 }, { "at": "2026-11-03T23:00:00Z", "requests": 5 }])
        );
    }
    let minute = tried(NEW, "requests=5&period=minute").await;
    assert_eq!(
        (&minute["refused"], &minute["first_refused_at"]),
        (&json!(1 + 2), &json!("2026-11-04T23:30:00Z"))
    );
    let hour = tried(NEW, "requests=6&period=hour").await;
    assert_eq!(hour["refused"], 1);
    let month = tried(NEW, "requests=1&period=month").await;
    assert_eq!(month["refused"], 17);
    let generous = tried(NEW, "requests=2147483647&period=minute").await;
    assert_eq!(
        (&generous["refused"], &generous["first_refused_at"], &generous["refused_share"]),
        (&json!(0), &Value::Null, &json!(0.0))
    );
    // Nothing of the last week.
    let empty = "created_at[gte]=2026-11-10T00:00:00Z&created_at[lt]=2026-11-11T00:00:00Z";
    let none = api.get(&path("acme", OTHER, &format!("requests=1&period=day&{empty}"))).await.expect(200);
    assert_eq!((&none.body["requests"], &none.body["refused_share"]), (&json!(0), &json!(0.0)));
    // Another customer's key is nobody's here.
    api.get(&path("acme", FOREIGN, "requests=1&period=day")).await.expect(404);
    api.get(&path("globex", OLD, "requests=1&period=day")).await.expect(404);
    api.get(&path("nobody", OLD, "requests=1&period=day")).await.expect(404);
    api.get(&path("acme", &Uuid::nil().to_string(), "requests=1&period=day")).await.expect(404);
    api.get(&path("acme", "x", "requests=1&period=day")).await.expect(404);

    let long = (Utc::now() - TimeDelta::days(32)).to_rfc3339_opts(SecondsFormat::Secs, true);
    for (query, field) in [
        ("period=day".to_owned(), "requests"),
        ("requests=1".to_owned(), "period"),
        ("requests=0&period=day".to_owned(), "requests"),
        ("requests=2147483648&period=day".to_owned(), "requests"),
        ("requests=-1&period=day".to_owned(), "requests"),
        ("requests=1&period=week".to_owned(), "period"),
        (format!("requests=1&period=day&created_at[gte]={long}"), "created_at[gte]"),
        ("requests=1&period=day&limit=1".to_owned(), "limit"),
    ] {
        assert_eq!(api.get(&path("acme", OLD, &query)).await.wrong_fields(), [field], "{query}");
    }
    api.sql("insert into admin_api_usage_retired (month, requests) values ('2026-11-01', 1)").await;
    let retired = api.get(&path("acme", OLD, &format!("requests=1&period=day&{range}"))).await;
    assert_eq!(retired.wrong_fields(), ["created_at[gte]"]);
}
